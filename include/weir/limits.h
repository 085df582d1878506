/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every named maximum that both sides share. What exceeds one is an error by name when files are
 * read, never a wrap and never a silent cut.
 */
#ifndef WEIR_LIMITS_H
#define WEIR_LIMITS_H

enum {
	WEIR_HALVES = 2,              /* generations in the maps: one active, one being written */
	WEIR_DESTINATIONS_MAX = 4096, /* addresses with a token bucket or a role */
	WEIR_SETS = 16384,          /* sets of the destination table; sparse, so that a seed fits */
	WEIR_WAYS = 4,              /* destinations in a set */
	WEIR_PORTS_MAX = 4,         /* open ports, and as many CDN ports */
	WEIR_RULES_MAX = 64,        /* management rules */
	WEIR_BACKENDS_MAX = 16,     /* backend prefixes */
	WEIR_CDN_RANGES_MAX = 1024, /* ranges of the CDN after merging */
	WEIR_ALLOW_RANGES_MAX = 65536, /* ranges of the allowlist after merging */
	WEIR_AREAS = 1 << 14,          /* areas of 64 /20 networks: the whole IPv4 space */
	WEIR_RANKS_AREAS = 16,         /* areas whose ranks are one entry of weir_ranks */
	WEIR_GROUPS = 1 << 18,         /* groups of 64 /24 networks: the whole IPv4 space */
	WEIR_CELLS = 1 << 20,          /* /20 networks: the whole IPv4 space */
	WEIR_PREFIXES_MAX = 10000000,  /* denylist entries of all lists together */
	WEIR_LIVE_MAX = 1 << 24,       /* what weir.yaml may ask for: a preallocated hash of 1 GB */
	WEIR_LIVE_DEFAULT = 131072,    /* live bans and releases unless weir.yaml says more */
	WEIR_REASON_SLOTS = 128, /* slots of struct weir_counts, so that it never changes size */
	WEIR_TRIAL_INTERFACES_MAX = 16, /* attached on trial at one time */
	WEIR_CAS_TRIES = 16,            /* attempts to charge a bucket that others charge too */
};

#endif
