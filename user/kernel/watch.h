/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that the gate shows (weir/watch.h): frames to one capture at a time, sampled sources to
 * anybody. What is asked for lasts a few seconds unless it is renewed, so that a process that is
 * killed leaves nothing behind that costs a packet.
 */
#ifndef WEIR_KERNEL_WATCH_H
#define WEIR_KERNEL_WATCH_H

#include "base/prefix.h"
#include "kernel/maps.h"
#include "kernel/paths.h"

struct weir_capture_filter {
	__u64 reasons;                          /* bit n: reason n */
	struct weir_prefix source, destination; /* length 0: any */
	__u32 frames_per_s;                     /* 0: no limit */
};

struct weir_capture;

/*
 * Ask for frames. The maps must stay open as long as the capture. -EBUSY with a diagnostic while
 * another capture runs; or another negative errno with a diagnostic.
 */
int weir_capture_start(const struct weir_paths *paths, const struct weir_maps *maps,
		       const struct weir_capture_filter *filter, struct weir_diags *diags,
		       struct weir_capture **ret_capture);

/* Not 0: enough, weir_capture_poll returns it. */
typedef int weir_capture_frame(void *argument, const struct weir_watch_frame *frame);

/*
 * Wait for frames for at most `timeout_ms`, hand over those that came, and renew. To be called at
 * least once a second. Returns 0, what `callback` returned, or a negative errno.
 */
int weir_capture_poll(struct weir_capture *capture, int timeout_ms, weir_capture_frame *callback,
		      void *argument);

/* What became of the wanted frames since the start. */
int weir_capture_counts(const struct weir_capture *capture,
			struct weir_watch_frame_counts *ret_counts);

/* Ask no more. Nulls the pointer, accepts NULL. */
void weir_capture_stop(struct weir_capture **capture);

/* ---- samples --------------------------------------------------------------------------- */

struct weir_samples_cursor {
	__u64 *taken; /* by outcome and CPU: what had been taken when it was last read */
};

void weir_samples_cursor_done(struct weir_samples_cursor *cursor);

/*
 * Ask for samples for the next few seconds, of about `one_in` packets of each outcome (as keys of
 * weir_samples), at least 1.
 */
void weir_samples_ask(const struct weir_maps *maps, const __u32 one_in[WEIR_WATCH_OUTCOMES]);

/*
 * The samples taken since the cursor was last given, as far as they are still there. The first
 * time none. free(3) them. Returns 0 or a negative errno.
 */
int weir_samples_read(const struct weir_maps *maps, struct weir_samples_cursor *cursor,
		      struct weir_watch_sample **ret_samples, size_t *ret_count);

#endif
