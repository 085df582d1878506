/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool of buffers of one worker: where do bytes wait while they are on their way?
 *
 * Buffers of the usual size are kept when they come back, up to a number; larger ones are freed. What
 * is lent is bounded in all, so that clients cannot take the machine's memory. No lock: one worker.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proxy/buffers.h"

struct weir_buffer *weir_buffers_borrow(struct weir_buffers *buffers, __u32 size)
{
	struct weir_buffer *buffer = NULL;

	if (size < WEIR_BUFFER_SIZE)
		size = WEIR_BUFFER_SIZE;
	if (buffers->lent_bytes + size > WEIR_BUFFERS_MAX)
		return NULL;
	if (size == WEIR_BUFFER_SIZE && buffers->free) {
		buffer = buffers->free;
		buffers->free = buffer->next;
		buffers->free_count--;
	} else {
		buffer = malloc(sizeof(*buffer) + size);
	}
	if (!buffer)
		return NULL;
	buffers->lent_bytes += size;
	buffer->next = NULL;
	buffer->size = size;
	buffer->start = buffer->judged = buffer->end = 0;
	return buffer;
}

void weir_buffers_return(struct weir_buffers *buffers, struct weir_buffer **buffer)
{
	struct weir_buffer *old = take_pointer(*buffer);

	if (!old)
		return;
	buffers->lent_bytes -= old->size;
	if (old->size != WEIR_BUFFER_SIZE || buffers->free_count >= WEIR_BUFFERS_KEPT) {
		free(old);
		return;
	}
	old->next = buffers->free;
	buffers->free = old;
	buffers->free_count++;
}

int weir_buffers_grow(struct weir_buffers *buffers, struct weir_buffer **buffer, __u32 size)
{
	struct weir_buffer *old = *buffer, *new;

	if (old->size >= size)
		return 0;
	new = weir_buffers_borrow(buffers, size);
	if (!new)
		return -ENOMEM;
	memcpy(new->data, old->data, old->end);
	new->start = old->start, new->judged = old->judged, new->end = old->end;
	weir_buffers_return(buffers, buffer);
	*buffer = new;
	return 0;
}

int weir_buffers_make_room(struct weir_buffers *buffers, struct weir_buffer **buffer, __u32 room)
{
	if (*buffer)
		return weir_buffers_grow(buffers, buffer, (*buffer)->end + room);
	*buffer = weir_buffers_borrow(buffers, room);
	return *buffer ? 0 : -ENOMEM;
}

void weir_buffers_done(struct weir_buffers *buffers)
{
	while (buffers->free) {
		struct weir_buffer *buffer = buffers->free;

		buffers->free = buffer->next;
		free(buffer);
	}
	buffers->free_count = 0;
}

void weir_buffer_compact(struct weir_buffer *buffer)
{
	if (!buffer->start)
		return;
	memmove(buffer->data, buffer->data + buffer->start, buffer->end - buffer->start);
	buffer->judged -= buffer->start;
	buffer->end -= buffer->start;
	buffer->start = 0;
}
