/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A random world twice: as the oracle reads it, and in the maps of the real program, with the sockets
 * that prove something open in the namespace of the test.
 */
#ifndef WEIR_TESTS_MATCH_H
#define WEIR_TESTS_MATCH_H

#include "fixture.h"
#include "world.h"

enum { MATCH_BLOCKS = 4096, MATCH_SOCKETS_MAX = 8, MATCH_LISTENERS_MAX = 8 };

struct match {
	struct gate *gate;
	struct random random;
	struct oracle_socket sockets[MATCH_SOCKETS_MAX];
	size_t sockets_count;
	/* Those that prove nothing, without a far end; near 0: any address. The oracle need not know. */
	struct oracle_socket listeners[MATCH_LISTENERS_MAX];
	size_t listeners_count;
	struct world world;
};

/* Open the sockets, in the namespace that the last gate_start has made. */
void match_open_sockets(struct match *match);

/* A new world, applied: policy, live bans, buckets. Lookups are not metered. */
void match_make_world(struct match *match);

/* Every bucket as the world has it: empty or full. */
void match_drain(struct match *match);

#endif
