/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS in SNIFF: read the ClientHello, route by its name, then pass every byte on as it came.
 *
 *   up.in --weir_hello_feed--> name, ALPN --route--> tunnel
 *
 * Nothing is taken off: what has been read goes to the container first. A hello that is refused is
 * answered with an alert; what is no TLS, or never comes whole, with nothing.
 */
#include "proxy/proxy.h"

static enum weir_sniff feed(struct weir_conn *conn)
{
	struct weir_buffer *in = conn->up.in;
	/* `judged` marks what the parser has had: it wants each byte once. */
	enum weir_sniff sniff = weir_hello_feed(&conn->sniffing->hello, in->data + in->judged,
						in->end - in->judged, NULL);

	in->judged = in->end;
	return sniff;
}

static void route(struct weir_conn *conn)
{
	const struct weir_hello *hello = &conn->sniffing->hello;

	conn->note = weir_log_note_name(&conn->worker->proxy->log, hello->name, hello->name_size);
	conn->times.head_ns = conn->worker->now_ns;
	conn->is_tunnel = true;
	weir_flow_start(&conn->up, WEIR_FRAMED_CLOSE, 0);
	weir_flow_start(&conn->down, WEIR_FRAMED_CLOSE, 0);
	weir_conn_route(conn, hello->name, hello->name_size);
}

void weir_tls_sniff(struct weir_conn *conn)
{
	enum weir_flow_result result = WEIR_FLOW_DONE;

	/* Bytes that came along with a PROXY header. */
	bool has_bytes = conn->up.in && conn->up.in->judged < conn->up.in->end;

	if (!conn->sniffing) {
		if (!weir_conn_sniffing(conn)) {
			weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
			return;
		}
		weir_hello_init(&conn->sniffing->hello);
	}
	while (has_bytes ||
	       (result = weir_flow_read(&conn->up, &conn->worker->pools)) == WEIR_FLOW_DONE) {
		has_bytes = false;
		switch (feed(conn)) {
		case WEIR_MORE:
			continue;
		case WEIR_DONE:
			route(conn);
			return;
		case WEIR_BAD:
			weir_conn_refuse(conn, conn->sniffing->hello.ending);
			return;
		}
	}
	if (result == WEIR_FLOW_NO_MEMORY)
		weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
	else if (result != WEIR_FLOW_WAITS)
		weir_conn_close(conn, weir_conn_up_ending(conn, result));
}
