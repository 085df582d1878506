/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists and sources. See lists.h.
 */
#include "lists.h"

#include <arpa/inet.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/ranges.h"
#include "bench.h"
#include "config/config.h"
#include "config/parse.h"
#include "listgen.h"
#include "random.h"

enum { SOURCE_SEED = 7919 };

static void build_rank(struct bench_list *list)
{
	_cleanup_free_ struct weir_range *ranges = calloc(list->count + 1, sizeof(*ranges));
	size_t count;

	if (!ranges)
		bench_die("no memory for %zu prefixes", list->count);
	for (size_t i = 0; i < list->count; i++)
		ranges[i] = (struct weir_range){list->prefixes[i].address,
						weir_prefix_last(list->prefixes[i])};
	count = weir_ranges_merge(ranges, list->count);
	if (weir_rank_build(ranges, count, NULL, 0, &list->rank))
		bench_die("no memory for the bitmap of %zu prefixes", list->count);
}

void bench_list_make(enum bench_shape shape, __u64 seed, size_t count, struct bench_list *ret_list)
{
	struct bench_list list = {.count = count};

	list.prefixes = calloc(count, sizeof(*list.prefixes));
	if (!list.prefixes)
		bench_die("no memory for %zu prefixes", count);
	if (shape == BENCH_UNIFORM)
		listgen_uniform(seed, count, list.prefixes);
	else
		listgen_realistic(seed, count, list.prefixes);
	build_rank(&list);
	*ret_list = list;
}

static void add_file(struct bench_list *list, const char *path)
{
	_cleanup_file_ struct weir_file text = {};
	struct weir_diags diags = {};
	struct weir_list file = {};

	if (weir_file_read_text(path, WEIR_LIST_BYTES_MAX, &diags, &text) ||
	    weir_list_parse(path, path, text.bytes, text.size, &diags, &file)) {
		weir_diags_print(&diags, stderr);
		bench_die("cannot read %s", path);
	}
	for (size_t i = 0; i < file.count; i++) {
		struct weir_prefix *prefix = weir_array_add(&list->prefixes, &list->count);

		if (!prefix)
			bench_die("no memory for %s", path);
		*prefix = file.entries[i].prefix;
	}
	weir_list_done(&file);
	weir_diags_done(&diags);
}

bool bench_list_load(const char *folder, struct bench_list *ret_list)
{
	_cleanup_free_ char *pattern = NULL;
	struct bench_list list = {};
	glob_t found;

	if (asprintf(&pattern, "%s/*.txt", folder) < 0 || glob(pattern, 0, NULL, &found))
		return false;
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_file(&list, found.gl_pathv[i]);
	globfree(&found);
	build_rank(&list);
	*ret_list = list;
	return true;
}

void bench_list_done(struct bench_list *list)
{
	free(list->prefixes);
	weir_rank_done(&list->rank);
}

/* Could a packet come from it, as the gate's parser sees it? */
static bool is_possible_source(__u32 address)
{
	__u32 first = address >> 24;

	return first && first != 127 && first < 224;
}

static bool is_held(const struct bench_list *list, __u32 address)
{
	return list && weir_rank_has(&list->rank, address);
}

void bench_sources_missing(const struct bench_list *list, const struct bench_list *but_not,
			   size_t count, __u32 *ret_sources)
{
	struct random random = {SOURCE_SEED};

	for (size_t i = 0; i < count;) {
		__u32 address = random_u32(&random);

		if (is_possible_source(address) && !is_held(list, address) &&
		    !is_held(but_not, address))
			ret_sources[i++] = htonl(address);
	}
}

void bench_sources_listed(const struct bench_list *list, const struct bench_list *but_not,
			  size_t count, __u32 *ret_sources)
{
	struct random random = {SOURCE_SEED};

	for (size_t i = 0; i < count;) {
		struct weir_prefix prefix = list->prefixes[random_below(&random, list->count)];
		__u32 host = random_u32(&random) & ~weir_prefix_mask(prefix.length);
		__u32 address = prefix.address | host;

		if (is_possible_source(address) && !is_held(but_not, address))
			ret_sources[i++] = htonl(address);
	}
}
