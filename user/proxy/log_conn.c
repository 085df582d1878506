/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A request or connection that is over -> its line: who asked what of whom, the bytes each way, the
 * time of each phase, and who ended it in which of them, for what reason.
 *
 *   head --whole--> connect --accepted--> send --all sent--> first_byte --answered--> transfer
 *
 * Phases add up to the total; one that was not reached is not in the line. A tunnel does not send
 * first: its first byte is waited for from the start.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proxy/log_line.h"
#include "proxy/page.h"
#include "proxy/proxy.h"
#include "proxy/put.h"
#include "proxy/rewrite.h"

/* Escaped in full, with all other fields, a note fits a line. */
_Static_assert(WEIR_LOG_ESCAPED_MAX *(WEIR_METHOD_MAX + WEIR_LOG_HOST_MAX + WEIR_LOG_TARGET_MAX +
				      WEIR_REQUEST_ID_MAX + sizeof(((struct weir_conn *)0)->app)) +
			       1024 <
		       WEIR_LOG_LINE_MAX,
	       "a line can outgrow its buffer");

static __u16 cut(size_t size, size_t max)
{
	return size < max ? size : max;
}

struct weir_log_note *weir_log_note_name(const struct weir_log *log, const char *name, size_t size)
{
	struct weir_log_note *note;

	if (log->settings.fd < 0)
		return NULL;
	size = cut(size, WEIR_LOG_HOST_MAX);
	note = malloc(sizeof(*note) + size);
	if (!note)
		return NULL;
	*note = (struct weir_log_note){.host_size = size};
	weir_put(note->bytes, name, size);
	return note;
}

struct weir_log_note *weir_log_note_request(const struct weir_log *log,
					    const struct weir_request *request, const char *head,
					    const char *id, size_t id_size)
{
	/* A request that was refused has got as far as Host, or not even there. */
	struct weir_span host = request->authority.size ? request->authority : request->host;
	const struct weir_log_note sizes = {
		.method_size = request->method.size,
		.host_size = cut(host.size, WEIR_LOG_HOST_MAX),
		.target_size = cut(request->target.size, WEIR_LOG_TARGET_MAX),
		.id_size = id_size,
		.target_whole_size = request->target.size,
	};
	struct weir_log_note *note;
	char *to;

	if (log->settings.fd < 0)
		return NULL;
	note = malloc(sizeof(*note) + sizes.method_size + sizes.host_size + sizes.target_size +
		      sizes.id_size);
	if (!note)
		return NULL;
	*note = sizes;
	to = weir_put(note->bytes, head + request->method.at, note->method_size);
	to = weir_put(to, head + host.at, note->host_size);
	to = weir_put(to, head + request->target.at, note->target_size);
	weir_put(to, id, note->id_size);
	return note;
}

static void put_note(struct weir_log_line *line, const struct weir_log_note *note)
{
	const char *method = note->bytes, *host = method + note->method_size;
	const char *target = host + note->host_size, *id = target + note->target_size;

	if (note->id_size)
		weir_log_line_text(line, WEIR_LOG_TEXT("id"), id, note->id_size);
	if (note->host_size)
		weir_log_line_text(line, WEIR_LOG_TEXT("host"), host, note->host_size);
	if (note->method_size)
		weir_log_line_text(line, WEIR_LOG_TEXT("method"), method, note->method_size);
	if (note->target_size)
		weir_log_line_text(line, WEIR_LOG_TEXT("target"), target, note->target_size);
	if (note->target_size < note->target_whole_size)
		weir_log_line_number(line, WEIR_LOG_NUMBER("target_bytes"),
				     note->target_whole_size);
}

enum { PHASES = 5 };

static const struct {
	const char *name;
	struct weir_log_key key;
} phases[PHASES] = {
	{"head", WEIR_LOG_KEY("head_us", "")},
	{"connect", WEIR_LOG_KEY("connect_us", "")},
	{"send", WEIR_LOG_KEY("send_us", "")},
	{"first_byte", WEIR_LOG_KEY("first_byte_us", "")},
	{"transfer", WEIR_LOG_KEY("transfer_us", "")},
};

/* The phases that were reached, each up to the next one or to now. Returns the last. */
static const char *put_times(struct weir_log_line *line, const struct weir_conn *conn)
{
	const struct weir_times *times = &conn->times;
	bool sends = !conn->is_tunnel || times->sent_ns;
	const __u64 from_ns[] = {
		times->started_ns,
		conn->container_port ? times->head_ns : 0,
		sends ? times->connected_ns : 0,
		sends ? times->sent_ns : times->connected_ns,
		times->answered_ns,
	};
	__u64 total_us = (conn->worker->now_ns - times->started_ns) / 1000, before_us = 0;
	int last = 0;

	for (int i = 1; i < PHASES; i++) {
		__u64 until_us = (from_ns[i] - times->started_ns) / 1000;

		if (!from_ns[i])
			continue;
		weir_log_line_number(line, &phases[last].key, until_us - before_us);
		before_us = until_us;
		last = i;
	}
	weir_log_line_number(line, &phases[last].key, total_us - before_us);
	weir_log_line_number(line, WEIR_LOG_NUMBER("total_us"), total_us);
	return phases[last].name;
}

/* A message that was whole was ended by nobody, a tunnel by who closed first. */
static const char *ended_by(const struct weir_conn *conn)
{
	switch ((enum weir_ending)conn->ending) {
	case WEIR_END_COMPLETE:
	case WEIR_END_UPGRADED:
		return !conn->is_tunnel            ? "none"
		       : conn->client_closed_first ? "client"
						   : "container";
	case WEIR_END_CLIENT_CLOSED:
	case WEIR_END_CLIENT_RESET:
		return "client";
	case WEIR_END_CONTAINER_CLOSED:
	case WEIR_END_CONTAINER_RESET:
	case WEIR_END_CONTAINER_REFUSED:
		return "container";
	default:
		return "proxy";
	}
}

static void put_conn(struct weir_log_line *line, const struct weir_conn *conn)
{
	const char *phase;

	weir_log_line_head(line, conn->worker->wall_ms,
			   conn->protocol == WEIR_TLS ? "tls" : "http");
	weir_log_line_address(line, WEIR_LOG_TEXT("client"), conn->client_address,
			      conn->client_port);
	if (conn->note)
		put_note(line, conn->note);
	if (conn->container_port) {
		weir_log_line_text(line, WEIR_LOG_TEXT("app"), conn->app, strlen(conn->app));
		weir_log_line_address(line, WEIR_LOG_TEXT("container"), conn->container_address,
				      conn->container_port);
	}
	if (conn->status)
		weir_log_line_number(line, WEIR_LOG_NUMBER("status"), conn->status);
	weir_log_line_number(line, WEIR_LOG_NUMBER("up_bytes"), conn->up.moved_bytes);
	weir_log_line_number(line, WEIR_LOG_NUMBER("down_bytes"), conn->down.moved_bytes);
	phase = put_times(line, conn);
	weir_log_line_word(line, WEIR_LOG_TEXT("by"), ended_by(conn));
	weir_log_line_word(line, WEIR_LOG_TEXT("phase"), phase);
	weir_log_line_word(line, WEIR_LOG_TEXT("ending"), weir_ending_slug(conn->ending));
}

void weir_log_conn(struct weir_log *log, struct weir_conn *conn)
{
	const struct weir_worker *worker = conn->worker;
	char buffer[WEIR_LOG_LINE_MAX];
	struct weir_log_line line;

	if (log->settings.fd < 0)
		return;
	weir_log_line_begin(&line, log->settings.is_json, buffer);
	put_conn(&line, conn);
	weir_log_put(log, worker->number, worker->wall_ms, buffer, weir_log_line_end(&line));
	freep(&conn->note);
	conn->note = NULL;
	conn->container_port = 0;
}
