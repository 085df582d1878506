/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Input for parsers flush against a page that must not be touched: reading one byte past the end
 * is a crash, under any build. For files, a folder that the test owns.
 */
#ifndef WEIR_TESTS_GUARD_H
#define WEIR_TESTS_GUARD_H

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	char *map;
	size_t map_size;
	char *bytes; /* the copy; its last byte is the last of the page */
};

static inline struct guard guard_of(const void *bytes, size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page + page;
	struct guard guard = {.map_size = room};

	guard.map = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert(guard.map != MAP_FAILED);
	assert(!mprotect(guard.map + room - page, page, PROT_NONE));
	guard.bytes = guard.map + room - page - size;
	memcpy(guard.bytes, bytes, size);
	return guard;
}

static inline void guard_done(struct guard *guard)
{
	munmap(guard->map, guard->map_size);
}

#define _cleanup_guard_ __attribute__((cleanup(guard_done)))

#endif
