/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Denylists against what they must not cover: the addresses of the region and of the machine,
 * the CDN's ranges, the sources of management rules. Public lists do contain such things, and a
 * gate that obeys them locks its operator out.
 *
 *   entry          |----------------|       covers      -> an error, by name
 *   protected            |----|
 *
 *   entry                 |--|              lies inside -> one warning a list
 *   protected        |-------------|
 *
 * What the allowlist covers is safe and left out. An entry is tested with one bit of its /16
 * before anything is searched, so that ten million entries cost some milliseconds.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/ranges.h"
#include "config/loader.h"

/* Errors of one list before the rest are only counted. */
enum { COVERS_SHOWN = 8 };

struct protected_item {
	struct weir_prefix prefix;
	const char *what;
	struct weir_origin origin; /* path NULL: not from a file */
};

/* Merged, once all are in. */
struct ranges {
	struct weir_range *items;
	size_t count;
};

struct cover {
	struct protected_item *items; /* sorted by address, of one address the widest first */
	size_t count;
	struct ranges wide;        /* those of them that are more than one address */
	struct ranges allowed;     /* the allowlist */
	__u64 touched[65536 / 64]; /* the /16 networks that hold some of an item */
};

static void cover_done(struct cover *cover)
{
	free(cover->items);
	free(cover->wide.items);
	free(cover->allowed.items);
}

/* ---- ranges ---------------------------------------------------------------------------- */

static int range_add(struct ranges *ranges, struct weir_prefix prefix)
{
	struct weir_range *range = weir_array_add(&ranges->items, &ranges->count);

	if (!range)
		return -ENOMEM;
	*range = (struct weir_range){prefix.address, weir_prefix_last(prefix)};
	return 0;
}

static void ranges_merge(struct ranges *ranges)
{
	ranges->count = weir_ranges_merge(ranges->items, ranges->count);
}

/* Does one of the ranges hold the whole prefix? */
static bool ranges_have(const struct ranges *ranges, struct weir_prefix prefix)
{
	__u32 last = weir_prefix_last(prefix);
	size_t low = 0, high = ranges->count;

	/* The first range that ends at the prefix's end or behind it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->items[middle].high < last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ranges->count && ranges->items[low].low <= prefix.address;
}

/* ---- what is protected ----------------------------------------------------------------- */

static int protect(struct cover *cover, struct weir_prefix prefix, const char *what,
		   struct weir_origin origin)
{
	struct protected_item *item;
	int r = 0;

	if (ranges_have(&cover->allowed, prefix))
		return 0;
	item = weir_array_add(&cover->items, &cover->count);
	if (!item)
		return -ENOMEM;
	*item = (struct protected_item){prefix, what, origin};
	if (prefix.length < 32)
		r = range_add(&cover->wide, prefix);
	return r;
}

static struct weir_prefix one(__u32 address)
{
	return (struct weir_prefix){address, 32};
}

static int protect_region(struct cover *cover, const struct weir_region *region)
{
	int r = 0;

	for (size_t i = 0; i < region->ingress_count && !r; i++)
		r = protect(cover, one(region->ingress[i].address), "the ingress address",
			    region->ingress[i].origin);
	for (size_t i = 0; i < region->egress_count && !r; i++)
		r = protect(cover, one(region->egress[i].address), "the egress address",
			    region->egress[i].origin);
	return r;
}

static int protect_sources(struct cover *cover, const struct weir_config *config)
{
	int r = 0;

	for (size_t i = 0; i < config->cdn.count && !r; i++)
		r = protect(cover, config->cdn.entries[i].prefix, "the CDN's range",
			    (struct weir_origin){config->cdn.path, config->cdn.entries[i].line});
	/* A rule for everyone, as DHCP's, protects nobody in particular. */
	for (size_t i = 0; i < config->management_count && !r; i++)
		if (config->management[i].from.length)
			r = protect(cover, config->management[i].from, "the management source",
				    config->management[i].origin);
	return r;
}

static int protected_compare(const void *a, const void *b)
{
	const struct protected_item *x = a, *y = b;

	return (x->prefix.address > y->prefix.address) - (x->prefix.address < y->prefix.address)
		       ?: x->prefix.length - y->prefix.length;
}

/* Of wide items once they are merged: any number of them is marked as fast as one of all addresses. */
static void touch(struct cover *cover)
{
	for (size_t i = 0; i < cover->count; i++) {
		__u32 network = cover->items[i].prefix.address >> 16;

		cover->touched[network / 64] |= 1ULL << network % 64;
	}
	for (size_t i = 0; i < cover->wide.count; i++)
		for (__u32 network = cover->wide.items[i].low >> 16;
		     network <= cover->wide.items[i].high >> 16; network++)
			cover->touched[network / 64] |= 1ULL << network % 64;
}

static int cover_build(struct cover *cover, const struct weir_config *config, const __u32 *machine,
		       size_t machine_count)
{
	int r = 0;

	for (size_t i = 0; i < config->allowlist.count && !r; i++)
		r = range_add(&cover->allowed, config->allowlist.entries[i].prefix);
	ranges_merge(&cover->allowed);
	if (!r)
		r = protect_region(cover, &config->region);
	if (!r)
		r = protect_sources(cover, config);
	for (size_t i = 0; i < machine_count && !r; i++)
		r = protect(cover, one(machine[i]), "the machine's address",
			    (struct weir_origin){0});
	ranges_merge(&cover->wide);
	if (cover->count)
		qsort(cover->items, cover->count, sizeof(*cover->items), protected_compare);
	touch(cover);
	return r;
}

/* ---- one list -------------------------------------------------------------------------- */

struct findings {
	struct weir_diags *diags;
	const struct weir_list *list;
	bool is_forced;
	size_t covers, inside;
	const struct weir_listed *inside_first;
};

static void covers_report(const struct findings *findings, const struct weir_listed *entry,
			  const struct protected_item *item)
{
	char listed[WEIR_PREFIX_TEXT_MAX], safe[WEIR_PREFIX_TEXT_MAX], where[300] = "", text[512];

	if (item->origin.path && item->origin.line)
		snprintf(where, sizeof(where), " (%s:%u)", item->origin.path, item->origin.line);
	snprintf(text, sizeof(text), "%s covers %s %s%s, and the allowlist does not release it",
		 weir_prefix_format(entry->prefix, listed), item->what,
		 weir_prefix_format(item->prefix, safe), where);
	if (findings->is_forced)
		weir_diags_warning(findings->diags, findings->list->path, entry->line, 0, "%s",
				   text);
	else
		weir_diags_error(findings->diags, findings->list->path, entry->line, 0, "%s", text);
}

static bool is_touched(const struct cover *cover, struct weir_prefix prefix)
{
	__u32 network = prefix.address >> 16;

	return prefix.length < 16 || cover->touched[network / 64] >> network % 64 & 1;
}

/* The first item that is at the address and no wider than that, or behind it. */
static size_t item_find(const struct cover *cover, __u32 address, __u8 length)
{
	const struct protected_item wanted = {.prefix = {address, length}};
	size_t low = 0, high = cover->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (protected_compare(&cover->items[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Prefixes that begin within the entry, and are no wider where both begin at one address, end within it. */
static void entry_check(const struct cover *cover, const struct weir_listed *entry,
			struct findings *findings)
{
	__u32 last = weir_prefix_last(entry->prefix);
	size_t first = item_find(cover, entry->prefix.address, entry->prefix.length);
	size_t end = last == ~0U ? cover->count : item_find(cover, last + 1, 0);

	for (size_t i = first; i < end && findings->covers + i - first < COVERS_SHOWN; i++)
		covers_report(findings, entry, &cover->items[i]);
	findings->covers += end - first;
	if (first == end && ranges_have(&cover->wide, entry->prefix) &&
	    !ranges_have(&cover->allowed, entry->prefix) && !findings->inside++)
		findings->inside_first = entry;
}

static bool is_void(const struct cover *cover, const struct weir_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!ranges_have(&cover->allowed, list->entries[i].prefix))
			return false;
	return true;
}

static void list_check(const struct cover *cover, struct findings *findings)
{
	const struct weir_list *list = findings->list;
	char text[WEIR_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < list->count; i++)
		if (is_touched(cover, list->entries[i].prefix))
			entry_check(cover, &list->entries[i], findings);
	if (list->count && is_void(cover, list))
		weir_diags_warning(
			findings->diags, list->path, 0, 0,
			"the allowlist releases every entry of it: it holds nobody back");
	if (findings->covers > COVERS_SHOWN)
		weir_diags_warning(findings->diags, list->path, 0, 0,
				   "and %zu more like these in this list",
				   findings->covers - COVERS_SHOWN);
	if (findings->inside)
		weir_diags_warning(findings->diags, list->path, findings->inside_first->line, 0,
				   "%s lies inside the CDN's ranges or a management source; "
				   "entries in all that do: %zu",
				   weir_prefix_format(findings->inside_first->prefix, text),
				   findings->inside);
}

int weir_config_check_cover(const struct weir_config *config, const __u32 *machine,
			    size_t machine_count, bool is_forced, struct weir_diags *diags)
{
	_cleanup_(cover_done) struct cover cover = {0};
	int r = cover_build(&cover, config, machine, machine_count), failed = 0;

	if (r)
		return weir_no_memory(diags, config->path);
	for (size_t i = 0; i < config->denylists_count; i++) {
		struct findings findings = {diags, &config->denylists[i], is_forced, 0, 0, NULL};

		list_check(&cover, &findings);
		if (findings.covers && !is_forced)
			failed = -EINVAL;
	}
	return failed;
}
