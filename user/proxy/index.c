/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash index and the keyed hash behind it: where in the caller's array is this name?
 *
 * SipHash (Aumasson, Bernstein, 2012) with 1 and 3 rounds: names come from strangers, who must not
 * be able to choose such as collide. Slots are at most half full, so that a walk is short. Built
 * once; all workers read it without a lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/index.h"

struct sip {
	__u64 a, b, c, d;
};

static inline __u64 rotate(__u64 word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void round_once(struct sip *s)
{
	s->a += s->b, s->b = rotate(s->b, 13), s->b ^= s->a, s->a = rotate(s->a, 32);
	s->c += s->d, s->d = rotate(s->d, 16), s->d ^= s->c;
	s->a += s->d, s->d = rotate(s->d, 21), s->d ^= s->a;
	s->c += s->b, s->b = rotate(s->b, 17), s->b ^= s->c, s->c = rotate(s->c, 32);
}

static inline void absorb(struct sip *s, __u64 word)
{
	s->d ^= word;
	round_once(s);
	s->a ^= word;
}

__u64 weir_hash(const struct weir_hash_key *key, const void *data, size_t size)
{
	struct sip s = {
		key->words[0] ^ 0x736f6d6570736575ULL, key->words[1] ^ 0x646f72616e646f6dULL,
		key->words[0] ^ 0x6c7967656e657261ULL, key->words[1] ^ 0x7465646279746573ULL};
	const char *bytes = data;
	__u64 word, last = (__u64)size << 56;
	size_t i = 0;

	for (; i + 8 <= size; i += 8) {
		memcpy(&word, bytes + i, 8);
		absorb(&s, word);
	}
	for (size_t shift = 0; i < size; i++, shift += 8)
		last |= (__u64)(__u8)bytes[i] << shift;
	absorb(&s, last);
	s.c ^= 0xff;
	for (int rounds = 0; rounds < 3; rounds++)
		round_once(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

int weir_index_init(struct weir_index *index, size_t count)
{
	size_t slots = 16;

	while (slots < count * 2)
		slots *= 2;
	index->slots = calloc(slots, sizeof(*index->slots));
	index->mask = slots - 1;
	return index->slots ? 0 : -ENOMEM;
}

void weir_index_done(struct weir_index *index)
{
	free(index->slots);
	index->slots = NULL;
}

void weir_index_add(struct weir_index *index, __u64 hash, __u32 item)
{
	__u64 at = hash;

	while ((__u32)index->slots[at & index->mask])
		at++;
	index->slots[at & index->mask] = (hash >> 32 << 32) | (item + 1);
}
