/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live changes of routes, and their journal's text: one line a change, the latest of a key counts.
 *
 *   CRC32 SIGN MORE KIND AT WHO KEY VALUE
 *   1c291ca3 + . route 1700000000.000000000 alice shop.example app=shop http 10.0.1.5:8080
 *   5f0a11d2 - . route 1700000001.000000000 alice www.example
 *   90cc4b07 + & drain 1700000002.000000000 alice 10.0.1.5:8080
 *   0be77a51 + . rate  1700000002.000000000 alice shop 5000000 100000000
 *
 * SIGN: + holds, - a route is taken out whatever the files say, = the files decide again. MORE is &
 * when the next line belongs to the same request: a request whose last line is missing never
 * happened. Pure.
 */
#ifndef WEIR_ROUTES_CHANGES_H
#define WEIR_ROUTES_CHANGES_H

#include <linux/types.h>

#include "base/journal_line.h"
#include "config/config.h"

enum weir_change_kind { WEIR_CHANGE_ROUTE, WEIR_CHANGE_DRAIN, WEIR_CHANGE_RATE };

enum weir_change_sign {
	WEIR_CHANGE_HOLDS = '+',
	WEIR_CHANGE_GONE = '-', /* routes alone */
	WEIR_CHANGE_REVERTS = '=',
};

struct weir_change {
	enum weir_change_kind kind;
	enum weir_change_sign sign;
	char *key;   /* host, `default`; ADDRESS:PORT; app or ADDRESS:PORT */
	char *value; /* what a routes file has behind HOST; ""; `BYTES_PER_S BURST_BYTES` */
	__u64 at_ns; /* CLOCK_REALTIME */
	char who[WEIR_WHO_MAX];
};

/* In effect: sorted by kind and key, one each, none that reverts. As a request: in any order. */
struct weir_changes {
	struct weir_change *items;
	size_t count;
};

void weir_changes_done(struct weir_changes *changes);

#define _cleanup_changes_ __attribute__((cleanup(weir_changes_done)))

/* Add a copy of `change`. Returns 0 or -ENOMEM. */
int weir_changes_add(struct weir_changes *changes, const struct weir_change *change);

/* What is in effect after `request`, whose items count in order. Returns 0 or -ENOMEM. */
int weir_changes_merge(const struct weir_changes *before, const struct weir_changes *request,
		       struct weir_changes *ret_after);

/* The change of this key, or NULL. `changes` are in effect. */
const struct weir_change *weir_changes_find(const struct weir_changes *changes,
					    enum weir_change_kind kind, const char *key);

/* Are there any of this kind? Where do they begin, and how many are there? */
const struct weir_change *weir_changes_of(const struct weir_changes *changes,
					  enum weir_change_kind kind, size_t *ret_count);

/* One request as journal lines; free(3) them. NULL when memory runs out. */
char *weir_changes_format(const struct weir_changes *request, size_t *ret_size);

/* Likewise each change as a request of its own: what a journal is that was written anew. */
char *weir_changes_format_all(const struct weir_changes *changes, size_t *ret_size);

struct weir_changes_read {
	struct weir_changes changes; /* in effect */
	size_t lines;                /* whole ones */
	size_t damaged_lines;        /* skipped */
	size_t whole_bytes;          /* up to the end of the last complete request */
};

/* Read a journal. Returns 0 or -ENOMEM. */
int weir_changes_parse(const char *bytes, size_t size, struct weir_changes_read *ret_read);

/* ---- values ---------------------------------------------------------------------------- */

enum { WEIR_CONTAINER_TEXT_MAX = 24 };

/* `a.b.c.d:port`. Returns `to`. */
char *weir_container_format(struct weir_container container,
			    char to[static WEIR_CONTAINER_TEXT_MAX]);

/* What a routes file has behind the route's host; free(3) it. NULL when memory runs out. */
char *weir_route_value(const struct weir_route *route);

/* The two numbers of a rate. Returns 0 or -EINVAL. */
int weir_rate_value_parse(const char *value, __u64 *ret_bytes_per_s, __u64 *ret_burst_bytes);

#endif
