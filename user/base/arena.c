/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blocks in a list, pieces cut from the front one:
 *
 *   arena -> [ used |  free ] -> [ used | ] -> [ used | ]
 *
 * A piece larger than a block gets one of its own. What is left of a full block is not used.
 */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 256 * 1024, ALIGN_BYTES = _Alignof(max_align_t) };

struct weir_arena_block {
	struct weir_arena_block *next;
	size_t used, room;
	_Alignas(max_align_t) char bytes[];
};

void *weir_arena_take(struct weir_arena *arena, size_t size)
{
	struct weir_arena_block *block = arena->blocks;
	size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
	size_t at = block ? (block->used + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES : 0;

	if (!block || at > block->room || block->room - at < size) {
		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		*block = (struct weir_arena_block){.next = arena->blocks, .room = room};
		arena->blocks = block;
		at = 0;
	}
	block->used = at + size;
	return block->bytes + at;
}

char *weir_arena_copy_text(struct weir_arena *arena, const char *text, size_t size)
{
	char *copy = weir_arena_take(arena, size + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

void weir_arena_done(struct weir_arena *arena)
{
	while (arena->blocks) {
		struct weir_arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
}
