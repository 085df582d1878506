/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a request or connection of the proxy ended: the proxy's list of reasons, in the shape of the
 * gate's (reasons.h) and append-only like it.
 *
 *   X(IDENTIFIER, STATUS, ALERT, slug, "one sentence")
 *
 * STATUS is the HTTP status that the client is sent, or that the log shows (499); 0: none. ALERT is the
 * TLS alert sent where the connection is TLS and nothing has reached a container yet (RFC 8446,
 * section 6); 0: none. The slug stands in the log, in X-Weir-Error and on the error page.
 */
#ifndef WEIR_ENDINGS_H
#define WEIR_ENDINGS_H

/* clang-format off */
#define WEIR_ENDING_LIST(X)                                                                         \
	X(COMPLETE, 0, 0, complete, "served whole")                                                 \
	X(CLIENT_CLOSED, 499, 0, client_closed, "the client closed before the end")                 \
	X(CLIENT_RESET, 499, 0, client_reset, "the client reset the connection")                    \
	X(CONTAINER_CLOSED, 502, 80, container_closed, "the container closed before its response was whole") \
	X(CONTAINER_RESET, 502, 80, container_reset, "the container reset the connection")              \
	X(CONTAINER_REFUSED, 502, 80, container_refused, "the container refused the connection")        \
	X(CONNECT_TIMEOUT, 504, 80, connect_timeout, "the container did not accept the connection in time") \
	X(FIRST_BYTE_TIMEOUT, 504, 0, first_byte_timeout, "the container did not answer in time")   \
	X(HEADER_TIMEOUT, 408, 0, header_timeout, "the request's header section was not whole in time") \
	X(HELLO_TIMEOUT, 0, 0, hello_timeout, "the ClientHello was not whole in time")              \
	X(IDLE_TIMEOUT, 0, 0, idle_timeout, "neither side moved a byte for too long")               \
	X(KEEPALIVE_TIMEOUT, 0, 0, keepalive_timeout, "no further request came on the connection")  \
	X(NO_CONTAINER, 503, 80, no_container, "the app has no container for this protocol")        \
	X(ALL_QUARANTINED, 502, 80, all_quarantined, "every container of the app is quarantined")   \
	X(UNKNOWN_HOST, 404, 112, unknown_host, "no app has this host name")                        \
	X(NO_NAME, 404, 112, no_name, "the client names no host, and there is no default route")    \
	X(MISDIRECTED, 421, 0, misdirected, "the target's scheme is not served on this port")       \
	X(DRAINING, 503, 80, draining, "the proxy is shutting down")                                \
	X(OUT_OF_MEMORY, 503, 80, out_of_memory, "the proxy is out of memory")                      \
	X(OUT_OF_DESCRIPTORS, 503, 80, out_of_descriptors, "the proxy is out of file descriptors")  \
	X(TOO_MANY_CONNECTIONS, 503, 80, too_many_connections, "the proxy holds as many connections as it may") \
	X(NOT_TLS, 0, 0, not_tls, "the first byte is no TLS handshake record")                      \
	X(HELLO_MALFORMED, 0, 50, hello_malformed, "the ClientHello is malformed")                  \
	X(HELLO_TOO_LONG, 0, 50, hello_too_long, "the ClientHello is longer than 64 kB")            \
	X(HELLO_DUPLICATE_NAME, 0, 47, hello_duplicate_name, "the ClientHello names more than one host") \
	X(HELLO_NAME, 0, 47, hello_name, "the server name is empty, an address or no host name")    \
	X(REQUEST_LINE, 400, 0, request_line, "the request line is malformed")                      \
	X(HTTP_VERSION, 505, 0, http_version, "the HTTP version is neither 1.0 nor 1.1")            \
	X(TARGET_TOO_LONG, 414, 0, target_too_long, "the request target is longer than 8192 bytes") \
	X(TARGET, 400, 0, target, "the request target has none of the forms that its method may have") \
	X(TARGET_HOST, 400, 0, target_host, "the request target and Host name different hosts")     \
	X(LINE_ENDING, 400, 0, line_ending, "a line does not end in CR LF, or has a CR within")     \
	X(HEADER, 400, 0, header, "a header line is malformed")                                     \
	X(HEADER_TOO_LONG, 431, 0, header_too_long, "a header is longer than 8192 bytes")           \
	X(HEADERS_TOO_LONG, 431, 0, headers_too_long, "the header section is longer than 32768 bytes") \
	X(HOST_MISSING, 400, 0, host_missing, "an HTTP/1.1 request without Host")                   \
	X(HOST_DUPLICATE, 400, 0, host_duplicate, "more than one Host")                             \
	X(HOST, 400, 0, host, "Host is no host name")                                               \
	X(CONTENT_LENGTH, 400, 0, content_length, "Content-Length is not one plain decimal number") \
	X(CONTENT_LENGTH_DUPLICATE, 400, 0, content_length_duplicate, "more than one Content-Length") \
	X(LENGTH_CONFLICT, 400, 0, length_conflict, "both Content-Length and Transfer-Encoding")    \
	X(TRANSFER_ENCODING, 400, 0, transfer_encoding, "Transfer-Encoding is not exactly chunked") \
	X(TRANSFER_CODING, 501, 0, transfer_coding, "a transfer coding other than chunked")         \
	X(CONNECTION_OPTION, 400, 0, connection_option, "Connection names a header that frames or routes, or more than 16") \
	X(METHOD, 405, 0, method, "CONNECT is not served")                                          \
	X(EXPECTATION, 417, 0, expectation, "an expectation other than 100-continue")               \
	X(BODY_TOO_LARGE, 413, 0, body_too_large, "the request body is larger than 75 MiB")         \
	X(CHUNK, 400, 0, chunk, "the chunked body is malformed")                                    \
	X(TRAILER, 400, 0, trailer, "the trailer section is malformed, too long or frames the message") \
	X(RESPONSE_HEAD, 502, 0, response_head, "the container's response head is malformed")       \
	X(RESPONSE_TOO_LONG, 502, 0, response_too_long, "the container's response head is too long") \
	X(RESPONSE_LENGTH, 502, 0, response_length, "the container's response has contradictory lengths") \
	X(RESPONSE_CHUNK, 502, 0, response_chunk, "the container's chunked response is malformed")  \
	X(RESPONSE_SWITCH, 502, 0, response_switch, "the container switched protocols unasked")     \
	X(UPGRADED, 101, 0, upgraded, "switched protocols, then both sides closed")                 \
	X(DRAIN_DEADLINE, 0, 0, drain_deadline, "cut off: the shutdown's time was up")              \
	X(CLIENT_CONNECTIONS, 429, 80, client_connections, "the client's address has as many connections as it may") \
	X(CONTAINERS_FULL, 503, 80, containers_full, "every container of the app has as many connections as it may") \
	X(PROXY_HEADER, 400, 0, proxy_header, "the front end's PROXY header is missing or malformed") \
	X(PROXY_HEADER_ADDRESS, 400, 0, proxy_header_address, "the PROXY header names a client without an IPv4 address")
/* clang-format on */

enum weir_ending {
	WEIR_END_NONE = 0,
#define X(id, status, alert, slug, text) WEIR_END_##id,
	WEIR_ENDING_LIST(X)
#undef X
		WEIR_ENDINGS_END, /* one past the last */
};

#endif
