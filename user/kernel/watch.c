/* SPDX-License-Identifier: GPL-2.0-only */
/* Filter -> weir_watch; the ring -> frames; per-CPU rings of samples -> one array. */
#include "kernel/watch.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/lock.h"

#define RENEWED_FOR_NS 5000000000ULL
#define BURST_S        0.1 /* of a second's frames at once */

struct weir_capture {
	const struct weir_maps *maps;
	struct ring_buffer *ring;
	int lock_fd;
	struct weir_watch_frame_counts before;
	weir_capture_frame *callback; /* of the poll under way */
	void *argument;
	int verdict;
};

static void begin(const struct weir_maps *maps, __u32 watcher)
{
	__atomic_or_fetch(&weir_maps_control(maps)->watchers, watcher, __ATOMIC_SEQ_CST);
}

/* ---- frames ---------------------------------------------------------------------------- */

/* After the one who asked last has had enough, the rest waits for the next poll in vain. */
static int hand_over(void *argument, void *data, size_t size)
{
	struct weir_capture *capture = argument;

	if (!capture->callback || capture->verdict || size < sizeof(struct weir_watch_frame))
		return 0;
	capture->verdict = capture->callback(capture->argument, data);
	return 0;
}

static int read_counts(const struct weir_maps *maps, struct weir_watch_frame_counts *ret_counts)
{
	struct weir_watch_frame_counts sum = {};
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct weir_watch_frame_counts *values = NULL;
	__u32 key = 0;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(maps->fds[WEIR_MAP_FRAME_COUNT], &key, values))
		return -errno;
	for (int i = 0; i < cpus; i++) {
		sum.taken += values[i].taken;
		sum.beyond_rate += values[i].beyond_rate;
		sum.ring_full += values[i].ring_full;
	}
	*ret_counts = sum;
	return 0;
}

static void renew_frames(const struct weir_maps *maps)
{
	__atomic_store_n(&weir_maps_watch(maps)->frames_until_ns, weir_now_ns() + RENEWED_FOR_NS,
			 __ATOMIC_SEQ_CST);
	begin(maps, WEIR_WATCH_FRAMES);
}

/* Nobody reads it meanwhile: the watchers' bit is off, and the lock is ours. */
static void write_filter(const struct weir_maps *maps, const struct weir_capture_filter *filter)
{
	struct weir_watch *watch = weir_maps_watch(maps);

	watch->reasons = filter->reasons;
	watch->source = htonl(filter->source.address);
	watch->source_mask = htonl(weir_prefix_mask(filter->source.length));
	watch->destination = htonl(filter->destination.address);
	watch->destination_mask = htonl(weir_prefix_mask(filter->destination.length));
	watch->interval_ns = filter->frames_per_s ? 1000000000ULL / filter->frames_per_s : 0;
	watch->burst_ns = (__u64)(BURST_S * 1e9);
	watch->arrival_ns = 0;
}

int weir_capture_start(const struct weir_paths *paths, const struct weir_maps *maps,
		       const struct weir_capture_filter *filter, struct weir_diags *diags,
		       struct weir_capture **ret_capture)
{
	_cleanup_(weir_capture_stop) struct weir_capture *capture = calloc(1, sizeof(*capture));
	int r;

	if (!capture)
		return weir_fail(diags, -ENOMEM, "out of memory");
	capture->lock_fd = -1;
	r = weir_lock_take(paths, WEIR_LOCK_CAPTURE, "capture", 0, diags, &capture->lock_fd);
	if (r)
		return r;
	capture->maps = maps;
	capture->ring = ring_buffer__new(maps->fds[WEIR_MAP_FRAMES], hand_over, capture, NULL);
	if (!capture->ring)
		return weir_fail(diags, -errno, "cannot read the ring of frames: %s",
				 strerror(errno));
	ring_buffer__consume(capture->ring); /* what a capture before this one left */
	r = read_counts(maps, &capture->before);
	if (r)
		return weir_fail(diags, r, "cannot read the counts of frames: %s", strerror(-r));
	write_filter(maps, filter);
	renew_frames(maps);
	*ret_capture = take_pointer(capture);
	return 0;
}

int weir_capture_poll(struct weir_capture *capture, int timeout_ms, weir_capture_frame *callback,
		      void *argument)
{
	int r;

	renew_frames(capture->maps);
	capture->callback = callback;
	capture->argument = argument;
	capture->verdict = 0;
	r = ring_buffer__poll(capture->ring, timeout_ms);
	capture->callback = NULL;
	if (r == -EINTR)
		r = 0;
	return r < 0 ? r : capture->verdict;
}

int weir_capture_counts(const struct weir_capture *capture,
			struct weir_watch_frame_counts *ret_counts)
{
	struct weir_watch_frame_counts now;
	int r = read_counts(capture->maps, &now);

	if (r)
		return r;
	ret_counts->taken = now.taken - capture->before.taken;
	ret_counts->beyond_rate = now.beyond_rate - capture->before.beyond_rate;
	ret_counts->ring_full = now.ring_full - capture->before.ring_full;
	return 0;
}

void weir_capture_stop(struct weir_capture **capture)
{
	struct weir_capture *old = take_pointer(*capture);

	if (!old)
		return;
	if (old->maps)
		__atomic_and_fetch(&weir_maps_control(old->maps)->watchers, ~WEIR_WATCH_FRAMES,
				   __ATOMIC_SEQ_CST);
	ring_buffer__free(old->ring);
	closep(&old->lock_fd);
	free(old);
}

/* ---- samples --------------------------------------------------------------------------- */

void weir_samples_cursor_done(struct weir_samples_cursor *cursor)
{
	free(cursor->taken);
	*cursor = (struct weir_samples_cursor){};
}

void weir_samples_ask(const struct weir_maps *maps, const __u32 one_in[WEIR_WATCH_OUTCOMES])
{
	struct weir_watch *watch = weir_maps_watch(maps);

	for (__u32 i = 0; i < WEIR_WATCH_OUTCOMES; i++)
		__atomic_store_n(&watch->thresholds[i], ~0U / (one_in[i] ?: 1), __ATOMIC_RELAXED);
	__atomic_store_n(&watch->samples_until_ns, weir_now_ns() + RENEWED_FOR_NS,
			 __ATOMIC_SEQ_CST);
	begin(maps, WEIR_WATCH_SAMPLES);
}

/* What is new in one CPU's ring. The gate may write over the oldest meanwhile: then it is newer. */
static int take_new(const struct weir_watch_samples *cpu, __u64 *taken_before,
		    struct weir_watch_sample **samples, size_t *count)
{
	__u64 fresh = cpu->taken - *taken_before;

	if (fresh > WEIR_WATCH_SAMPLES_MAX)
		fresh = WEIR_WATCH_SAMPLES_MAX;
	for (__u64 i = cpu->taken - fresh; i < cpu->taken; i++) {
		struct weir_watch_sample *sample = weir_array_add(samples, count);

		if (!sample)
			return -ENOMEM;
		*sample = cpu->ring[i % WEIR_WATCH_SAMPLES_MAX];
	}
	*taken_before = cpu->taken;
	return 0;
}

int weir_samples_read(const struct weir_maps *maps, struct weir_samples_cursor *cursor,
		      struct weir_watch_sample **ret_samples, size_t *ret_count)
{
	int cpus = libbpf_num_possible_cpus(), r = 0;
	_cleanup_free_ struct weir_watch_samples *values = NULL;
	_cleanup_free_ struct weir_watch_sample *samples = NULL;
	bool is_first = !cursor->taken;
	size_t count = 0;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, sizeof(*values));
	if (is_first)
		cursor->taken = calloc((size_t)cpus * WEIR_WATCH_OUTCOMES, sizeof(__u64));
	if (!values || !cursor->taken)
		return -ENOMEM;
	for (__u32 outcome = 0; !r && outcome < WEIR_WATCH_OUTCOMES; outcome++) {
		if (bpf_map_lookup_elem(maps->fds[WEIR_MAP_SAMPLES], &outcome, values))
			return -errno;
		for (int i = 0; !r && i < cpus; i++)
			r = take_new(&values[i], &cursor->taken[outcome * cpus + i], &samples,
				     &count);
	}
	if (r)
		return r;
	*ret_count = is_first ? 0 : count;
	*ret_samples = take_pointer(samples);
	return 0;
}
