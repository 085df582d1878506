/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Denylists as they are in the world, from a seed: 95 % single addresses and 5 % networks, most
 * of both in clusters, as hosting networks and botnets lie. What no public list holds (private,
 * loopback, documentation, benchmark and multicast addresses) is never in one.
 */
#ifndef WEIR_TESTS_LISTGEN_H
#define WEIR_TESTS_LISTGEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/prefix.h"

/* `count` entries, in random order, with the odd duplicate. The same seed makes the same list. */
void listgen_realistic(uint64_t seed, size_t count, struct weir_prefix *ret_prefixes);

/* `count` single addresses, evenly over all of them. */
void listgen_uniform(uint64_t seed, size_t count, struct weir_prefix *ret_prefixes);

#endif
