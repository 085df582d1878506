/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PROXY protocol, both sides: a front end's header -> the client's address; the client's
 * address -> the header for a container that asks for one.
 *
 * Who sends a header is configured and never guessed: a front end that should send one and
 * does not would hand its clients the pen, and from anybody else the header is bytes like any others.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy/proxy.h"
#include "proxy/put.h"
#include "sniff/preface.h"

enum {
	TLV_ALPN = 0x01,      /* PP2_TYPE_ALPN */
	TLV_AUTHORITY = 0x02, /* PP2_TYPE_AUTHORITY */
	/* Header, addresses and both values with their heads. */
	HEADER_MAX = 16 + 12 + 3 + WEIR_NAME_MAX + 3 + 2 + WEIR_HELLO_ALPN_MAX,
};

/* ---- from a front end ------------------------------------------------------------------ */

/* Take the header off the bytes. Returns true when the connection goes on. */
static bool take(struct weir_conn *conn, const struct weir_preface *preface)
{
	struct weir_buffer *in = conn->up.in;

	conn->awaits_preface = false;
	in->start = in->judged = in->start + preface->size;
	if (in->start == in->end)
		weir_buffers_return(&conn->worker->pools.buffers, &conn->up.in);
	if (!preface->has_client)
		return true;
	conn->client_address = preface->client_address;
	conn->client_port = preface->client_port;
	conn->local_address = preface->server_address;
	conn->local_port = preface->server_port;
	return weir_conn_admit(conn);
}

bool weir_preface_sniff(struct weir_conn *conn)
{
	enum weir_flow_result result;

	while ((result = weir_flow_read(&conn->up, &conn->worker->pools)) == WEIR_FLOW_DONE) {
		const struct weir_buffer *in = conn->up.in;
		struct weir_preface preface;

		switch (weir_preface_feed(&preface, in->data + in->start, in->end - in->start)) {
		case WEIR_MORE:
			continue;
		case WEIR_DONE:
			return take(conn, &preface);
		case WEIR_BAD:
			weir_conn_refuse(conn, preface.ending);
			return false;
		}
	}
	if (result == WEIR_FLOW_NO_MEMORY)
		weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
	else if (result != WEIR_FLOW_WAITS)
		/* Without a byte it was a look whether somebody listens. */
		weir_conn_close(conn,
				conn->up.in ? weir_conn_up_ending(conn, result) : WEIR_END_NONE);
	return false;
}

/* ---- to a container -------------------------------------------------------------------- */

static size_t write_line(const struct weir_conn *conn, char *to)
{
	char client[INET_ADDRSTRLEN], server[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &conn->client_address, client, sizeof(client));
	inet_ntop(AF_INET, &conn->local_address, server, sizeof(server));
	return sprintf(to, "PROXY TCP4 %s %s %u %u\r\n", client, server, ntohs(conn->client_port),
		       ntohs(conn->local_port));
}

static char *put_u16(char *to, __u16 value)
{
	*to++ = (char)(value >> 8);
	*to++ = (char)value;
	return to;
}

/* What the hello says, so that who reads the header need not read the hello. */
static char *put_hello(char *to, const struct weir_hello *hello)
{
	if (hello->alpn_size) {
		/* As in the extension: the list's length, then its entries. */
		*to++ = TLV_ALPN;
		to = put_u16(to, hello->alpn_size + 2);
		to = put_u16(to, hello->alpn_size);
		to = weir_put(to, hello->alpn, hello->alpn_size);
	}
	if (hello->name_size) {
		*to++ = TLV_AUTHORITY;
		to = put_u16(to, hello->name_size);
		to = weir_put(to, hello->name, hello->name_size);
	}
	return to;
}

static size_t write_binary(const struct weir_conn *conn, char *start)
{
	static const char head[14] = "\r\n\r\n\0\r\nQUIT\n\x21\x11"; /* PROXY, TCP over IPv4 */
	char *length = weir_put(start, head, sizeof(head)), *to = length + 2;

	to = weir_put(to, &conn->client_address, 4);
	to = weir_put(to, &conn->local_address, 4);
	to = weir_put(to, &conn->client_port, 2);
	to = weir_put(to, &conn->local_port, 2);
	if (conn->protocol == WEIR_TLS)
		to = put_hello(to, &conn->sniffing->hello);
	put_u16(length, to - length - 2);
	return to - start;
}

int weir_preface_put(struct weir_conn *conn, enum weir_preface_version version)
{
	struct weir_buffer *head;
	char header[HEADER_MAX];
	size_t size;

	weir_conn_learn_local(conn);
	size = version == WEIR_PREFACE_V1 ? write_line(conn, header) : write_binary(conn, header);
	if (weir_buffers_make_room(&conn->worker->pools.buffers, &conn->up.head, size))
		return -ENOMEM;
	head = conn->up.head;
	memmove(head->data + size, head->data, head->end);
	memcpy(head->data, header, size);
	head->end += size;
	head->judged = head->end;
	return 0;
}
