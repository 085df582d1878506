/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How diff.c compares sets and words what it finds. Private to user/plan.
 */
#ifndef WEIR_PLAN_DIFF_H
#define WEIR_PLAN_DIFF_H

#include "plan/plan.h"

/* Room for the words of one thing: two of them and an arrow fit into a change's text. */
enum { WEIR_WORDS_MAX = 78 };

/* An address, its roles and its rate: `203.0.113.5 ingress 20MB/s burst 1.6GB`. */
void weir_words_destination(const struct weir_slot *slot, const struct weir_rate *rate,
			    char to[static WEIR_WORDS_MAX]);
void weir_words_port(__u32 port, bool is_tls, char to[static WEIR_WORDS_MAX]);
/* A rule is longer: `to` has `size` bytes. */
void weir_words_rule(const struct weir_rule *rule, char *to, size_t size);
void weir_words_masked(const struct weir_masked *masked, char to[static WEIR_PREFIX_TEXT_MAX]);

/* How many addresses `wanted` has and `live` has not, and the reverse. Both sorted and merged. */
struct weir_moved weir_moved_ranges(const struct weir_range *live, size_t live_count,
				    const struct weir_range *wanted, size_t wanted_count);
/* The same for two denylists; NULL is an empty one. */
struct weir_moved weir_moved_rank(const struct weir_rank *live, const struct weir_rank *wanted);

#endif
