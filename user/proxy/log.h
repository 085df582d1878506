/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log: a line for every request and tunnel, written by a thread of its own.
 *
 * Each worker puts its lines into a ring of its own; a full ring loses lines, which are counted and
 * reported, because a worker never waits for the log.
 */
#ifndef WEIR_PROXY_LOG_H
#define WEIR_PROXY_LOG_H

#include <linux/types.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct weir_conn;
struct weir_request;

enum {
	WEIR_LOG_RING = 1 << 20, /* bytes a worker */
	WEIR_LOG_LINE_MAX = 2048,
	WEIR_LOG_NOTE_MAX = 1024, /* of host and target, escaped */
};

/* One writer, one reader. Positions grow without end; their place is modulo the size. */
struct weir_log_ring {
	__u64 written __attribute__((aligned(64)));
	__u64 lost;
	__u64 read __attribute__((aligned(64)));
	char data[WEIR_LOG_RING] __attribute__((aligned(64)));
};

struct weir_log {
	int fd; /* -1: no log */
	pthread_t thread;
	bool has_thread;
	bool stops;
	struct weir_log_ring *rings;
	unsigned int rings_count;
};

/* Start the writer. Returns 0 or a negative errno. */
int weir_log_init(struct weir_log *log, int fd, unsigned int workers);

/* Write out what is there and stop. */
void weir_log_done(struct weir_log *log);

/*
 * What the log will say about a request or a server name, taken while it is at hand: every byte
 * that is not printable ASCII, `"` and `\` as \xNN. NULL without a log. The caller's to free.
 */
char *weir_log_note_request(const struct weir_log *log, const struct weir_request *request,
			    const char *head);
char *weir_log_note_name(const struct weir_log *log, const char *name, size_t size);

/* The line of a connection's request, or of the connection; frees the note. */
void weir_log_conn(struct weir_log *log, struct weir_conn *conn);

#endif
