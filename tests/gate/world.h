/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random policies, and random frames that are likely to touch them: addresses at the ends of
 * prefixes and just beyond, ports that are open somewhere, headers that are almost right.
 */
#ifndef WEIR_TESTS_WORLD_H
#define WEIR_TESTS_WORLD_H

#include "frames.h"
#include "oracle.h"
#include "random.h"

enum {
	WORLD_ADDRESSES = 24, /* that may be a destination; others are nobody's */
	WORLD_DENIED = 200,
	WORLD_ALLOWED = 20,
	WORLD_CDN = 20,
	WORLD_RULES = 6,
	WORLD_BACKENDS = 3,
	WORLD_LIVE = 12,
	WORLD_DRAINED = 4,
};

struct world {
	__u32 addresses[WORLD_ADDRESSES];
	struct weir_ingress ingress[WORLD_ADDRESSES];
	struct weir_egress egress[WORLD_ADDRESSES];
	__u32 machine[WORLD_ADDRESSES];
	size_t machine_count;
	struct weir_listed denied[2][WORLD_DENIED], allowed[WORLD_ALLOWED], cdn[WORLD_CDN];
	struct weir_list denylists[2];
	struct weir_management management[WORLD_RULES];
	struct weir_backend backends[WORLD_BACKENDS];
	struct weir_config config;
	struct oracle_live live[WORLD_LIVE];
	__u32 drained[WORLD_DRAINED];
	struct oracle oracle; /* reads all of the above */
};

/*
 * A new policy. Destinations come from `fixed` first, where the sockets of the test are, and
 * `sockets` are what proves. Nothing in it is freed; it points into itself and must not be moved.
 */
void world_make(struct random *random, const __u32 *fixed, size_t fixed_count,
		const struct oracle_socket *sockets, size_t sockets_count, struct world *ret_world);

void world_frame(struct random *random, const struct world *world, struct frame *ret_frame);

#endif
