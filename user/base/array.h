/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arrays that grow: a pointer and a count, nothing else to keep in step.
 *
 *   struct weir_prefix *prefix = weir_array_add(&items, &count);
 *   if (!prefix)
 *           return -ENOMEM;
 *
 * The room is a power of two that follows from the count, so that an array which only ever grew
 * through weir_array_add costs O(1) a piece. The owner frees `items` with free().
 */
#ifndef WEIR_BASE_ARRAY_H
#define WEIR_BASE_ARRAY_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { WEIR_ARRAY_ROOM_MIN = 8 };

/* Room for one more zeroed item at the end of `items`, or NULL with nothing changed. */
static inline void *weir_array_grow(void **items, size_t *count, size_t item_size)
{
	size_t n = *count;
	char *item;

	if (n == 0 || (n >= WEIR_ARRAY_ROOM_MIN && (n & (n - 1)) == 0)) {
		size_t room = n ? n * 2 : WEIR_ARRAY_ROOM_MIN;
		void *grown = reallocarray(*items, room, item_size);

		if (!grown)
			return NULL;
		*items = grown;
	}
	item = (char *)*items + n * item_size;
	memset(item, 0, item_size);
	*count = n + 1;
	return item;
}

/* `items` is the address of a pointer, `count` of its count. The new item, zeroed, or NULL. */
#define weir_array_add(items, count)                                                               \
	((__typeof__(*(items)))weir_array_grow((void **)(items), count, sizeof(**(items))))

#endif
