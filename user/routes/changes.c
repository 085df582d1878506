/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of live changes: what is in effect after this request?
 *
 * Both are merged by key, the latest of each counting, and what reverts is left out: so a set in
 * effect is sorted, has each key once, and can be searched by halves. Each set owns copies of its
 * texts.
 */
#include "routes/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"

void weir_changes_done(struct weir_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->items[i].key);
		free(changes->items[i].value);
	}
	free(changes->items);
	*changes = (struct weir_changes){};
}

int weir_changes_add(struct weir_changes *changes, const struct weir_change *change)
{
	_cleanup_free_ char *key = strdup(change->key);
	_cleanup_free_ char *value = strdup(change->value ?: "");
	struct weir_change *item = key && value ? weir_array_add(&changes->items, &changes->count)
						: NULL;

	if (!item)
		return -ENOMEM;
	*item = *change;
	item->key = take_pointer(key);
	item->value = take_pointer(value);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct weir_change *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->key, y->key);
}

/* By key, then by when it was said: qsort(3) is not stable. */
static int compare_pointers(const void *a, const void *b)
{
	const struct weir_change *const *x = a, *const *y = b;
	int order = compare(*x, *y);

	return order ?: (*x > *y) - (*x < *y);
}

/* Does it change anything for as long as it is the latest? */
static bool has_effect(const struct weir_change *change)
{
	return change->sign == WEIR_CHANGE_HOLDS ||
	       (change->sign == WEIR_CHANGE_GONE && change->kind == WEIR_CHANGE_ROUTE);
}

/* The request's items by key, the latest of each; the pointers are into `request`. */
static int sort_request(const struct weir_changes *request, const struct weir_change ***ret_latest,
			size_t *ret_count)
{
	const struct weir_change **sorted = calloc(request->count ?: 1, sizeof(void *));
	size_t kept = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < request->count; i++)
		sorted[i] = &request->items[i];
	qsort(sorted, request->count, sizeof(void *), compare_pointers);
	for (size_t i = 0; i < request->count; i++)
		if (i + 1 == request->count || compare(sorted[i], sorted[i + 1]) != 0)
			sorted[kept++] = sorted[i];
	*ret_latest = sorted;
	*ret_count = kept;
	return 0;
}

int weir_changes_merge(const struct weir_changes *before, const struct weir_changes *request,
		       struct weir_changes *ret_after)
{
	_cleanup_changes_ struct weir_changes after = {};
	_cleanup_free_ const struct weir_change **latest = NULL;
	size_t count, i = 0, j = 0;
	int r = sort_request(request, &latest, &count);

	while (!r && (i < before->count || j < count)) {
		const struct weir_change *old = i < before->count ? &before->items[i] : NULL;
		const struct weir_change *new = j < count ? latest[j] : NULL;
		int order = !old ? 1 : !new ? -1 : compare(old, new);

		i += order <= 0;
		j += order >= 0;
		if (order < 0 || has_effect(new))
			r = weir_changes_add(&after, order < 0 ? old : new);
	}
	if (r)
		return r;
	*ret_after = after;
	after = (struct weir_changes){};
	return 0;
}

const struct weir_change *weir_changes_find(const struct weir_changes *changes,
					    enum weir_change_kind kind, const char *key)
{
	const struct weir_change wanted = {.kind = kind, .key = (char *)key};

	return changes->count
		       ? bsearch(&wanted, changes->items, changes->count, sizeof(wanted), compare)
		       : NULL;
}

const struct weir_change *weir_changes_of(const struct weir_changes *changes,
					  enum weir_change_kind kind, size_t *ret_count)
{
	size_t first = 0, count = 0;

	while (first < changes->count && changes->items[first].kind < kind)
		first++;
	while (first + count < changes->count && changes->items[first + count].kind == kind)
		count++;
	*ret_count = count;
	return changes->items + first;
}
