/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries <-> weir_live and what leads packets to it. A hash map is walked in batches; the
 * kernel's position in it, a bucket number, is what weir_control.sweep keeps between commands.
 */
#include "kernel/overlay.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>

#include "base/cleanup.h"

enum { BATCH = 4096, SWEEP = 512 };

struct batch {
	struct weir_live_key keys[BATCH];
	struct weir_live_entry entries[BATCH];
};

static struct weir_live_key key_of(__u32 kind, struct weir_prefix prefix)
{
	return (struct weir_live_key){kind, prefix.length, htonl(prefix.address)};
}

/* A range of `count` bits from `first` of one word. */
static __u64 word_bits(__u32 first, __u32 count)
{
	return (count == 64 ? ~0ULL : (1ULL << count) - 1) << first;
}

/* Every /24 that the prefix touches, and its /20 in both halves: whichever is or comes in force. */
static void set_live_bits(const struct weir_maps *maps, struct weir_prefix prefix)
{
	__u32 network = prefix.address >> 8, last = weir_prefix_last(prefix) >> 8;

	while (network <= last) {
		__u32 group = network / 64, first = network % 64;
		__u32 count = last - network + 1 < 64 - first ? last - network + 1 : 64 - first;
		__u64 bits = word_bits(first, count);

		__atomic_fetch_or(&weir_maps_live_bits(maps)[group], bits, __ATOMIC_SEQ_CST);
		for (__u32 half = 0; half < WEIR_HALVES; half++)
			__atomic_fetch_or(&weir_maps_areas(maps, half)[group / 16].live,
					  weir_area_bits(group, bits), __ATOMIC_SEQ_CST);
		network += count;
	}
}

static void set_lengths(const struct weir_maps *maps, __u32 kind, struct weir_prefix prefix)
{
	__u32 area = weir_area_of(prefix.address), last = weir_area_of(weir_prefix_last(prefix));

	for (; area <= last; area++)
		__atomic_fetch_or(weir_maps_live_lengths(maps, area, kind), 1ULL << prefix.length,
				  __ATOMIC_SEQ_CST);
}

int weir_overlay_put(const struct weir_maps *maps, const struct weir_overlay_entry *entry)
{
	struct weir_live_key key = key_of(entry->kind, entry->prefix);
	struct weir_live_entry value = {entry->until_ns};

	if (bpf_map_update_elem(maps->fds[WEIR_MAP_LIVE], &key, &value, BPF_ANY))
		return -errno;
	set_lengths(maps, entry->kind, entry->prefix);
	set_live_bits(maps, entry->prefix);
	return 0;
}

int weir_overlay_remove(const struct weir_maps *maps, __u32 kind, struct weir_prefix prefix)
{
	struct weir_live_key key = key_of(kind, prefix);

	return bpf_map_delete_elem(maps->fds[WEIR_MAP_LIVE], &key) ? -errno : 0;
}

static bool has_expired(const struct weir_live_entry *entry, __u64 now_ns)
{
	return entry->until_ns && entry->until_ns <= now_ns;
}

int weir_overlay_get(const struct weir_maps *maps, __u32 kind, struct weir_prefix prefix,
		     __u64 *ret_until_ns)
{
	struct weir_live_key key = key_of(kind, prefix);
	struct weir_live_entry entry;

	if (bpf_map_lookup_elem(maps->fds[WEIR_MAP_LIVE], &key, &entry))
		return -errno;
	if (has_expired(&entry, weir_now_ns()))
		return -ENOENT;
	*ret_until_ns = entry.until_ns;
	return 0;
}

/* Sort one batch: expired entries go, the others are visited. */
static int visit_batch(const struct weir_maps *maps, const struct batch *batch, __u32 count,
		       int (*visit)(void *, const struct weir_overlay_entry *), void *context)
{
	__u64 now_ns = weir_now_ns();
	int r = 0;

	for (__u32 i = 0; !r && i < count; i++) {
		const struct weir_live_key *key = &batch->keys[i];
		struct weir_overlay_entry entry = {
			.kind = key->kind,
			.prefix = {ntohl(key->prefix), key->length},
			.until_ns = batch->entries[i].until_ns,
		};

		if (has_expired(&batch->entries[i], now_ns))
			bpf_map_delete_elem(maps->fds[WEIR_MAP_LIVE], key);
		else if (visit)
			r = visit(context, &entry);
	}
	return r;
}

/*
 * Walk on from bucket *position, at most `count` entries; *ret_count of them were seen. Returns
 * 0, 1 at the end of the table, or a negative errno.
 */
static int walk(const struct weir_maps *maps, struct batch *batch, __u32 *position, __u32 count,
		__u32 *ret_count)
{
	__u32 next = 0, got = count;
	int r = bpf_map_lookup_batch(maps->fds[WEIR_MAP_LIVE], *position ? position : NULL, &next,
				     batch->keys, batch->entries, &got, NULL);

	if (r && errno != ENOENT)
		return -errno;
	*ret_count = got;
	*position = r ? 0 : next;
	return r ? 1 : 0;
}

int weir_overlay_visit(const struct weir_maps *maps,
		       int (*visit)(void *context, const struct weir_overlay_entry *entry),
		       void *context)
{
	_cleanup_free_ struct batch *batch = malloc(sizeof(*batch));
	__u32 position = 0, count;
	int is_end = 0, r = 0;

	if (!batch)
		return -ENOMEM;
	while (!r && !is_end) {
		is_end = walk(maps, batch, &position, BATCH, &count);
		if (is_end < 0)
			return is_end;
		r = visit_batch(maps, batch, count, visit, context);
	}
	return r;
}

void weir_overlay_sweep(const struct weir_maps *maps)
{
	_cleanup_free_ struct batch *batch = malloc(sizeof(*batch));
	struct weir_control *control = weir_maps_control(maps);
	__u32 position = control->sweep, count;

	if (!batch || walk(maps, batch, &position, SWEEP, &count) < 0)
		position = 0;
	else
		visit_batch(maps, batch, count, NULL, NULL);
	control->sweep = position;
}
