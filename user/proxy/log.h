/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log: a line for every request and tunnel, written by a thread of its own.
 *
 *   worker --line--> [ ring ] --writev--> file or standard output
 *
 * Each worker puts its lines into a ring of its own, because a worker never waits for the log. What a
 * full ring, a failed write or the bound on lines costs is counted, and said in the log itself.
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
	WEIR_LOG_LINE_MAX = 8192,
	/* What is kept of each; a target that was cut is logged with its whole size. */
	WEIR_LOG_HOST_MAX = 255,
	WEIR_LOG_TARGET_MAX = 512,
};

struct weir_log_settings {
	int fd; /* -1: no log. The caller's, and open until the proxy has stopped */
	bool is_json;
	__u32 lines_max; /* a second, all workers together; 0: no bound */
};

/* One writer, one reader. Positions grow without end; their place is modulo the size. */
struct weir_log_ring {
	__u64 written __attribute__((aligned(64)));
	__u64 lost;   /* lines, ever */
	__u64 second; /* the bound is counted in */
	__u32 lines;  /* put in this second */
	__u64 read __attribute__((aligned(64)));
	__u64 said; /* of `lost` */
	char data[WEIR_LOG_RING] __attribute__((aligned(64)));
};

struct weir_log {
	struct weir_log_settings settings;
	pthread_t thread;
	bool has_thread;
	bool stops, gives_up;
	bool is_torn; /* the file ends within a line; the thread's own */
	int next_fd;  /* a reopened file that the thread has not taken yet, or -1 */
	struct weir_log_ring *rings;
	unsigned int rings_count;
};

/* Start the thread. Returns 0 or a negative errno. */
int weir_log_init(struct weir_log *log, const struct weir_log_settings *settings,
		  unsigned int workers);

/* Write out what is there, for two seconds at most, and stop. */
void weir_log_done(struct weir_log *log);

/* Go on in another file, taken over; lines put before this may still go to the old one. */
void weir_log_reopen(struct weir_log *log, int fd);

/* Of a request or hello, taken while it is at hand: as it came, and cut to the sizes above. */
struct weir_log_note {
	__u16 method_size, host_size, target_size, id_size;
	__u32 target_whole_size;
	char bytes[]; /* method, host, target, id */
};

/* NULL without a log or memory. The caller's to free. */
struct weir_log_note *weir_log_note_request(const struct weir_log *log,
					    const struct weir_request *request, const char *head,
					    const char *id, size_t id_size);
struct weir_log_note *weir_log_note_name(const struct weir_log *log, const char *name, size_t size);

/* Put a line of so many bytes into a worker's ring, or count it as lost. For that worker alone. */
void weir_log_put(struct weir_log *log, unsigned int worker, __u64 wall_ms, const char *line,
		  __u32 size);

/* The line of a connection's request, or of the connection; frees the note. */
void weir_log_conn(struct weir_log *log, struct weir_conn *conn);

#endif
