/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parsers of this folder on bytes in memory: the loaders read a file and call these, tests
 * and fuzzers call them with what they like. None does I/O, none keeps a pointer into `bytes`.
 *
 * Each adds every error of the input to `diags` under the name `path`, and returns 0, -EINVAL
 * or -ENOMEM (which is in `diags` too). On failure its output is untouched.
 */
#ifndef WEIR_CONFIG_PARSE_H
#define WEIR_CONFIG_PARSE_H

#include "base/diag.h"
#include "base/file.h"
#include "base/text.h"
#include "config/config.h"

enum {
	WEIR_LIST_BYTES_MAX = 1 << 30,   /* 10 million lines with a long comment each */
	WEIR_REGION_BYTES_MAX = 1 << 20, /* some 4096 lines */
	WEIR_ROUTES_BYTES_MAX = 1 << 30,
	WEIR_YAML_BYTES_MAX = 1 << 20,
	WEIR_ID_MAX = 63, /* of a region, a list or an app, in bytes */
};

int weir_list_parse(const char *name, const char *path, const char *bytes, size_t size,
		    struct weir_diags *diags, struct weir_list *ret_list);

int weir_region_parse(const char *path, const char *bytes, size_t size, __u64 default_bytes_per_s,
		      __u64 default_burst_bytes, struct weir_diags *diags,
		      struct weir_region *ret_region);

/* One file's routes, behind those that `routes` has. Sort with weir_routes_finish. */
int weir_routes_parse(const char *path, const char *bytes, size_t size, struct weir_diags *diags,
		      struct weir_routes *routes);

/* Sort what was parsed; a host named twice is an error that names the first. */
int weir_routes_finish(struct weir_routes *routes, struct weir_diags *diags);

/* `ADDRESS:PORT` and nothing else. Returns 0, or -EINVAL and why, as words behind the text. */
int weir_container_parse(const char *text, size_t size, struct weir_container *ret_container,
			 const char **ret_why);

/* Letters, digits, `.`, `_` and `-`, up to WEIR_ID_MAX: 0, or -EINVAL and a diagnostic. */
int weir_name_check(const char *path, unsigned int line, struct weir_token name,
		    struct weir_diags *diags);

/* Out of memory, as a diagnostic. Returns -ENOMEM. */
int weir_no_memory(struct weir_diags *diags, const char *path);

/*
 * A rate and burst that a bucket can hold: more than 0 bytes per second, a burst of a frame or
 * more, and one that is full again within the bucket's clock. 0, or -EINVAL and a diagnostic.
 */
int weir_limit_check(const char *path, unsigned int line, unsigned int column, __u64 bytes_per_s,
		     __u64 burst_bytes, struct weir_diags *diags);

#endif
