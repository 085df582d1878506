/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers, borrowed while bytes are on their way and given back at once.
 *
 *   data |....sent....|== may go ==|.. not judged yet ..|      free      |
 *        0          start        judged                end             size
 *
 * One pool a worker, last in first out, so that the busy buffer is the one in the cache.
 */
#ifndef WEIR_PROXY_BUFFERS_H
#define WEIR_PROXY_BUFFERS_H

#include <linux/types.h>

enum {
	WEIR_BUFFER_SIZE = 16384,   /* the usual one; others are made to measure */
	WEIR_BUFFERS_KEPT = 64,     /* free ones kept for the next borrower */
	WEIR_BUFFERS_MAX = 1 << 28, /* bytes lent in all, by one worker */
	/* Beyond this, none for what clients ask: the rest is for what is under way. */
	WEIR_BUFFERS_HEADS_MAX = WEIR_BUFFERS_MAX / 4 * 3,
};

struct weir_buffer {
	struct weir_buffer *next;
	__u32 size;
	__u32 start, judged, end;
	char data[];
};

struct weir_buffers {
	struct weir_buffer *free;
	__u32 free_count;
	__u64 lent_bytes;
};

/* An empty buffer of at least `size` bytes, or NULL when memory or the pool's share is used up. */
struct weir_buffer *weir_buffers_borrow(struct weir_buffers *buffers, __u32 size);

/* Give one back. Nulls the pointer, accepts NULL. */
void weir_buffers_return(struct weir_buffers *buffers, struct weir_buffer **buffer);

/*
 * Move the content into a buffer of at least `size` bytes. Returns 0 or -ENOMEM, and then
 * *buffer is as before.
 */
int weir_buffers_grow(struct weir_buffers *buffers, struct weir_buffer **buffer, __u32 size);

/*
 * Have room for `room` bytes behind what *buffer holds: borrow one where there is none, else grow it.
 * Returns as weir_buffers_grow.
 */
int weir_buffers_make_room(struct weir_buffers *buffers, struct weir_buffer **buffer, __u32 room);

/* Free the kept ones. */
void weir_buffers_done(struct weir_buffers *buffers);

/* Move what is left to the front, so that all free room is at the end. */
void weir_buffer_compact(struct weir_buffer *buffer);

#endif
