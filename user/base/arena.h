/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for many small pieces that live and die together: a million host names cost a few
 * hundred allocations and one free. Pieces cannot be freed or moved one by one.
 */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include <stddef.h>

struct weir_arena_block;

struct weir_arena {
	struct weir_arena_block *blocks; /* the one in use first */
};

/* `size` bytes of undefined content, aligned for any object; NULL when memory ran out. */
void *weir_arena_take(struct weir_arena *arena, size_t size);

/* A terminated copy of `size` bytes, or NULL. */
char *weir_arena_copy_text(struct weir_arena *arena, const char *text, size_t size);

void weir_arena_done(struct weir_arena *arena);

#endif
