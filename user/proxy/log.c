/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log's rings and its thread: how do lines get out without a worker ever waiting?
 *
 * A worker copies a line into its own ring, or counts it as lost; the thread writes what all rings
 * hold, many lines a call, and says in the log itself how many are missing. Positions only grow: the
 * worker alone moves `written`, the thread alone `read`.
 */
#include "proxy/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "proxy/log_line.h"

/*
 * How long the thread sleeps between two rounds, so that no worker has to wake it and each write is
 * of many lines. A worker would need 50 MB of lines a second to fill its ring meanwhile.
 */
#define ROUND_NS 20000000L

/* How long a reader that takes nothing can hold up the end; how often it is looked whether it came. */
enum { STOP_MS = 2000, LOOK_MS = 5 };

static __u64 count_lines(const struct iovec *part)
{
	const char *at = part->iov_base, *end = at + part->iov_len;
	__u64 lines = 0;

	while (at < end && (at = memchr(at, '\n', end - at)))
		at++, lines++;
	return lines;
}

/* The last of the first `size` bytes. */
static char last_byte(const struct iovec *parts, size_t size)
{
	const struct iovec *part = size > parts[0].iov_len ? &parts[1] : &parts[0];

	return ((const char *)part->iov_base)[size - 1 - (part == parts ? 0 : parts[0].iov_len)];
}

/* Returns how many lines could not be written. */
static __u64 write_all(struct weir_log *log, struct iovec *parts)
{
	/* What a full disk left of a line must not spoil the next one. */
	if (log->is_torn && write(log->settings.fd, "\n", 1) != 1)
		return count_lines(&parts[0]) + count_lines(&parts[1]);
	log->is_torn = false;
	while (parts[0].iov_len + parts[1].iov_len) {
		ssize_t n = writev(log->settings.fd, parts, 2);

		if (n < 0 && errno == EINTR && !__atomic_load_n(&log->gives_up, __ATOMIC_RELAXED))
			continue;
		if (n < 0)
			return count_lines(&parts[0]) + count_lines(&parts[1]);
		log->is_torn = n && last_byte(parts, n) != '\n';
		for (int i = 0; i < 2; i++) {
			size_t taken = (size_t)n < parts[i].iov_len ? (size_t)n : parts[i].iov_len;

			parts[i].iov_base = (char *)parts[i].iov_base + taken;
			parts[i].iov_len -= taken;
			n -= taken;
		}
	}
	return 0;
}

/* Say how many lines are missing here. */
static void say_lost(struct weir_log *log, struct weir_log_ring *ring, __u64 lost)
{
	char buffer[256];
	struct weir_log_line line;
	struct iovec parts[2] = {{.iov_base = buffer}};

	weir_log_line_begin(&line, log->settings.is_json, buffer);
	weir_log_line_head(&line, weir_realtime_ns() / 1000000, "log");
	weir_log_line_number(&line, WEIR_LOG_NUMBER("lost_lines"), lost - ring->said);
	parts[0].iov_len = weir_log_line_end(&line);
	if (!write_all(log, parts))
		ring->said = lost;
}

/* Returns true when there was so much that the next round should come at once. */
static bool drain(struct weir_log *log, struct weir_log_ring *ring)
{
	__u64 to = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);
	__u64 lost = __atomic_load_n(&ring->lost, __ATOMIC_RELAXED);
	__u32 at = ring->read % WEIR_LOG_RING, size = to - ring->read;
	__u32 first = size < WEIR_LOG_RING - at ? size : WEIR_LOG_RING - at;
	struct iovec parts[2] = {{ring->data + at, first}, {ring->data, size - first}};

	if (lost != ring->said)
		say_lost(log, ring, lost);
	if (!size)
		return false;
	__atomic_add_fetch(&ring->lost, write_all(log, parts), __ATOMIC_RELAXED);
	__atomic_store_n(&ring->read, to, __ATOMIC_RELEASE);
	return size > WEIR_LOG_RING / 2;
}

static void take_next_file(struct weir_log *log)
{
	int fd = __atomic_exchange_n(&log->next_fd, -1, __ATOMIC_ACQ_REL);

	if (fd < 0)
		return;
	dup3(fd, log->settings.fd, O_CLOEXEC);
	close(fd);
	log->is_torn = false;
}

static void *log_main(void *argument)
{
	static const struct timespec pause = {.tv_nsec = ROUND_NS};
	struct weir_log *log = argument;
	sigset_t wake;

	sigemptyset(&wake);
	sigaddset(&wake, SIGURG);
	pthread_sigmask(SIG_UNBLOCK, &wake, NULL);
	for (;;) {
		bool stops = __atomic_load_n(&log->stops, __ATOMIC_ACQUIRE), is_behind = false;

		take_next_file(log);
		for (unsigned int i = 0; i < log->rings_count; i++)
			is_behind |= drain(log, &log->rings[i]);
		if (stops)
			return NULL;
		if (!is_behind)
			nanosleep(&pause, NULL);
	}
}

int weir_log_init(struct weir_log *log, const struct weir_log_settings *settings,
		  unsigned int workers)
{
	int r;

	*log = (struct weir_log){.settings = *settings, .next_fd = -1, .rings_count = workers};
	if (settings->fd < 0)
		return 0;
	log->rings = aligned_alloc(64, workers * sizeof(*log->rings));
	if (!log->rings)
		return -ENOMEM;
	/* The data is not touched before it is used. */
	for (unsigned int i = 0; i < workers; i++)
		memset(&log->rings[i], 0, offsetof(struct weir_log_ring, data));
	r = pthread_create(&log->thread, NULL, log_main, log);
	log->has_thread = r == 0;
	return -r;
}

/* By looking: pthread_timedjoin_np(3) goes by the wall clock, which may step meanwhile. */
static bool ends_within(struct weir_log *log, int ms)
{
	static const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};

	for (; ms > 0; ms -= LOOK_MS) {
		if (!pthread_tryjoin_np(log->thread, NULL))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static void wake_up(int number)
{
	(void)number;
}

/*
 * Standard output may be a pipe that nobody reads: its write(2) ends with EINTR. Not by
 * pthread_cancel(3), for which the C library loads another one: the sandbox refuses that, and the
 * process aborts.
 */
static void give_up(struct weir_log *log)
{
	const struct sigaction action = {.sa_handler = wake_up};

	sigaction(SIGURG, &action, NULL);
	__atomic_store_n(&log->gives_up, true, __ATOMIC_RELAXED);
	do
		pthread_kill(log->thread, SIGURG);
	while (!ends_within(log, LOOK_MS));
}

void weir_log_done(struct weir_log *log)
{
	__atomic_store_n(&log->stops, true, __ATOMIC_RELEASE);
	if (log->has_thread && !ends_within(log, STOP_MS))
		give_up(log);
	if (log->has_thread)
		take_next_file(log);
	log->has_thread = false;
	free(log->rings);
	log->rings = NULL;
}

void weir_log_reopen(struct weir_log *log, int fd)
{
	int untaken = log->has_thread ? __atomic_exchange_n(&log->next_fd, fd, __ATOMIC_ACQ_REL)
				      : fd;

	if (untaken >= 0)
		close(untaken);
}

/* Within the worker's share of the bound? */
static bool may_put(const struct weir_log *log, struct weir_log_ring *ring, __u64 wall_ms)
{
	if (!log->settings.lines_max)
		return true;
	if (ring->second != wall_ms / 1000) {
		ring->second = wall_ms / 1000;
		ring->lines = 0;
	}
	/* Rounded up, as shares of connections are: a bound below the number of workers is not 0. */
	return ring->lines++ < (log->settings.lines_max - 1) / log->rings_count + 1;
}

void weir_log_put(struct weir_log *log, unsigned int worker, __u64 wall_ms, const char *line,
		  __u32 size)
{
	struct weir_log_ring *ring = &log->rings[worker];
	__u64 read = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
	__u32 at = ring->written % WEIR_LOG_RING;
	__u32 first = size < WEIR_LOG_RING - at ? size : WEIR_LOG_RING - at;

	if (ring->written + size - read > WEIR_LOG_RING || !may_put(log, ring, wall_ms)) {
		__atomic_add_fetch(&ring->lost, 1, __ATOMIC_RELAXED);
		return;
	}
	memcpy(ring->data + at, line, first);
	memcpy(ring->data, line + first, size - first);
	__atomic_store_n(&ring->written, ring->written + size, __ATOMIC_RELEASE);
}
