/* SPDX-License-Identifier: GPL-2.0-only */
/* The log's lines, its rings and its thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proxy/page.h"
#include "proxy/proxy.h"

/* How long the writer sleeps when there is nothing to write: no worker has to wake it. */
#define IDLE_NS 20000000L

static void write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0)
			data += n, size -= n;
	}
}

static bool drain(struct weir_log *log, struct weir_log_ring *ring)
{
	__u64 to = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);
	__u64 lost = __atomic_exchange_n(&ring->lost, 0, __ATOMIC_RELAXED);
	__u64 from = ring->read;
	__u32 at = from % WEIR_LOG_RING;
	__u32 first = to - from < WEIR_LOG_RING - at ? to - from : WEIR_LOG_RING - at;

	if (lost)
		dprintf(log->fd, "log lost=%llu\n", lost);
	if (from == to)
		return false;
	write_all(log->fd, ring->data + at, first);
	write_all(log->fd, ring->data, to - from - first);
	__atomic_store_n(&ring->read, to, __ATOMIC_RELEASE);
	return true;
}

static void *log_main(void *argument)
{
	static const struct timespec idle = {.tv_nsec = IDLE_NS};
	struct weir_log *log = argument;

	for (;;) {
		bool stops = __atomic_load_n(&log->stops, __ATOMIC_ACQUIRE), has_written = false;

		for (unsigned int i = 0; i < log->rings_count; i++)
			has_written |= drain(log, &log->rings[i]);
		if (stops)
			return NULL;
		if (!has_written)
			nanosleep(&idle, NULL);
	}
}

int weir_log_init(struct weir_log *log, int fd, unsigned int workers)
{
	int r;

	*log = (struct weir_log){.fd = fd, .rings_count = workers};
	if (fd < 0)
		return 0;
	log->rings = aligned_alloc(64, workers * sizeof(*log->rings));
	if (!log->rings)
		return -ENOMEM;
	for (unsigned int i = 0; i < workers; i++)
		log->rings[i].written = log->rings[i].lost = log->rings[i].read = 0;
	r = pthread_create(&log->thread, NULL, log_main, log);
	log->has_thread = r == 0;
	return -r;
}

void weir_log_done(struct weir_log *log)
{
	__atomic_store_n(&log->stops, true, __ATOMIC_RELEASE);
	if (log->has_thread)
		pthread_join(log->thread, NULL);
	log->has_thread = false;
	free(log->rings);
	log->rings = NULL;
}

static void put(struct weir_log_ring *ring, const char *line, __u32 size)
{
	__u64 read = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
	__u32 at = ring->written % WEIR_LOG_RING;
	__u32 first = size < WEIR_LOG_RING - at ? size : WEIR_LOG_RING - at;

	if (ring->written + size - read > WEIR_LOG_RING) {
		__atomic_add_fetch(&ring->lost, 1, __ATOMIC_RELAXED);
		return;
	}
	memcpy(ring->data + at, line, first);
	memcpy(ring->data, line + first, size - first);
	__atomic_store_n(&ring->written, ring->written + size, __ATOMIC_RELEASE);
}

/* Returns the end of what was written; stops short of `end` by whole bytes of the input. */
static char *escape(char *to, const char *end, const char *from, size_t size)
{
	for (size_t i = 0; i < size && end - to > 4; i++) {
		__u8 c = from[i];

		if (c > 0x20 && c < 0x7f && c != '"' && c != '\\')
			*to++ = c;
		else
			to += sprintf(to, "\\x%02x", c);
	}
	return to;
}

char *weir_log_note_name(const struct weir_log *log, const char *name, size_t size)
{
	char note[WEIR_LOG_NOTE_MAX], *to = note;

	if (log->fd < 0)
		return NULL;
	to += sprintf(to, "host=");
	to = escape(to, note + sizeof(note), name, size);
	return strndup(note, to - note);
}

char *weir_log_note_request(const struct weir_log *log, const struct weir_request *request,
			    const char *head)
{
	char note[WEIR_LOG_NOTE_MAX], *to = note;
	const char *end = note + sizeof(note) - 16;

	if (log->fd < 0)
		return NULL;
	to += sprintf(to, "host=");
	to = escape(to, end - 256, head + request->authority.at, request->authority.size);
	to += sprintf(to, " request=\"");
	to = escape(to, end, head + request->method.at, request->method.size);
	*to++ = ' ';
	to = escape(to, end, head + request->target.at, request->target.size);
	*to++ = '"';
	return strndup(note, to - note);
}

static int put_time(char *to, size_t size, __u64 wall_ms)
{
	time_t seconds = wall_ms / 1000;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return snprintf(to, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03lluZ", tm.tm_year + 1900,
			tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			wall_ms % 1000);
}

static int put_address(char *to, size_t size, const char *name, __be32 address, __be16 port)
{
	const __u8 *a = (const __u8 *)&address;

	return snprintf(to, size, " %s=%u.%u.%u.%u:%u", name, a[0], a[1], a[2], a[3], ntohs(port));
}

void weir_log_conn(struct weir_log *log, struct weir_conn *conn)
{
	_cleanup_free_ char *note = take_pointer(conn->note);
	const struct weir_worker *worker = conn->worker;
	char line[WEIR_LOG_LINE_MAX];
	const size_t size = sizeof(line);
	int at;

	if (log->fd < 0)
		return;
	at = put_time(line, size, worker->wall_ms);
	at += snprintf(line + at, size - at, " %s", conn->protocol == WEIR_TLS ? "tls" : "http");
	at += put_address(line + at, size - at, "client", conn->peer_address, conn->peer_port);
	if (note)
		at += snprintf(line + at, size - at, " %s", note);
	if (conn->container_port) {
		at += snprintf(line + at, size - at, " app=%s", conn->app);
		at += put_address(line + at, size - at, "container", conn->container_address,
				  conn->container_port);
	}
	at += snprintf(line + at, size - at, " status=%u up=%llu down=%llu ms=%llu ending=%s\n",
		       conn->status, conn->up.moved_bytes, conn->down.moved_bytes,
		       (worker->now_ns - conn->started_ns) / 1000000,
		       weir_ending_slug(conn->ending));
	put(&log->rings[worker->number], line, at);
	conn->container_port = 0;
}
