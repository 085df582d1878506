/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash index: keyed hash -> numbers of items that the caller keeps in an array of its own.
 *
 * Open addressing, at most half full, 8 bytes a slot: a part of the hash and the item's number. The
 * caller compares the items that a walk yields; nearly always there is one.
 */
#ifndef WEIR_PROXY_INDEX_H
#define WEIR_PROXY_INDEX_H

#include <linux/types.h>
#include <stddef.h>

struct weir_index {
	__u64 *slots; /* upper half: of the hash; lower half: the item's number plus 1, 0 free */
	__u64 mask;
};

struct weir_hash_key {
	__u64 words[2];
};

/* SipHash-1-3 of `size` bytes: who does not know the key cannot choose names that collide. */
__u64 weir_hash(const struct weir_hash_key *key, const void *data, size_t size);

/* Room for `count` items. Returns 0 or -ENOMEM. */
int weir_index_init(struct weir_index *index, size_t count);
void weir_index_done(struct weir_index *index);

/* At most as many as there is room for. */
void weir_index_add(struct weir_index *index, __u64 hash, __u32 item);

/*
 * Walk the items that may have this hash: start with *cursor = hash. Returns an item's number,
 * or -1 after the last.
 */
static inline long weir_index_next(const struct weir_index *index, __u64 hash, __u64 *cursor)
{
	for (;;) {
		__u64 slot = index->slots[(*cursor)++ & index->mask];

		if (!(__u32)slot)
			return -1;
		if (slot >> 32 == hash >> 32)
			return (long)(__u32)slot - 1;
	}
}

#endif
