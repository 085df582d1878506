/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One generation of the policy: the configuration in, every map's half out.
 *
 * The builder owns what it has made until all of it is there; on any failure it frees it all.
 * What the reader of the files has checked line by line is not checked again; what only shows
 * when the files are put together (limits, one address stated with two rates) is an error here.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/ranges.h"
#include "plan/destinations.h"
#include "plan/policy.h"

static void generation_freep(struct weir_generation **generation)
{
	weir_generation_free(generation);
}

void weir_generation_free(struct weir_generation **generation)
{
	if (!*generation)
		return;
	free((*generation)->sets);
	free((*generation)->rates);
	free((*generation)->cdn);
	free((*generation)->allow);
	weir_rank_done(&(*generation)->rank);
	free(*generation);
	*generation = NULL;
}

/* ---- lists ------------------------------------------------------------------------------- */

static size_t append_ranges(const struct weir_list *list, struct weir_range *to)
{
	for (size_t i = 0; i < list->count; i++)
		to[i] = (struct weir_range){list->entries[i].prefix.address,
					    weir_prefix_last(list->entries[i].prefix)};
	return list->count;
}

/* The merged ranges of `lists`. The caller frees them. */
static int ranges_of(const struct weir_list *lists, size_t lists_count,
		     struct weir_range **ret_ranges, size_t *ret_count)
{
	struct weir_range *ranges;
	size_t count = 0;

	for (size_t i = 0; i < lists_count; i++)
		count += lists[i].count;
	ranges = malloc((count + 1) * sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;

	count = 0;
	for (size_t i = 0; i < lists_count; i++)
		count += append_ranges(&lists[i], ranges + count);
	*ret_count = weir_ranges_merge(ranges, count);
	*ret_ranges = ranges;
	return 0;
}

static int list_ranges(const struct weir_list *list, const char *what, size_t max,
		       struct weir_diags *diags, struct weir_range **ret_ranges, __u32 *ret_count)
{
	_cleanup_free_ struct weir_range *ranges = NULL;
	size_t count;
	int r;

	r = ranges_of(list, 1, &ranges, &count);
	if (r)
		return r;
	if (count > max)
		return weir_no_space(diags, list->path, what, count, max);
	*ret_ranges = take_pointer(ranges);
	*ret_count = count;
	return 0;
}

static int build_denylist(const struct weir_config *config, struct weir_diags *diags,
			  struct weir_generation *generation)
{
	_cleanup_free_ struct weir_range *denied = NULL;
	struct weir_policy *policy = &generation->policy;
	size_t entries = 0, count;
	int r;

	for (size_t i = 0; i < config->denylists_count; i++)
		entries += config->denylists[i].count;
	if (entries > WEIR_PREFIXES_MAX)
		return weir_no_space(diags, config->path, "denylist entries of all lists", entries,
				     WEIR_PREFIXES_MAX);

	r = ranges_of(config->denylists, config->denylists_count, &denied, &count);
	if (r)
		return r;
	r = weir_rank_build(denied, count, generation->allow, policy->allow_ranges_count,
			    &generation->rank);
	if (r)
		return r;
	policy->blocks_count = generation->rank.blocks_count;
	policy->denied_addresses = generation->rank.denied_addresses;
	return 0;
}

static int build_lists(const struct weir_config *config, struct weir_diags *diags,
		       struct weir_generation *generation)
{
	struct weir_policy *policy = &generation->policy;
	int r;

	r = list_ranges(&config->cdn, "ranges of the CDN", WEIR_CDN_RANGES_MAX, diags,
			&generation->cdn, &policy->cdn_ranges_count);
	if (r)
		return r;
	r = list_ranges(&config->allowlist, "ranges of the allowlist", WEIR_ALLOW_RANGES_MAX, diags,
			&generation->allow, &policy->allow_ranges_count);
	if (r)
		return r;
	return build_denylist(config, diags, generation);
}

/* ---- destinations ------------------------------------------------------------------------ */

static int make_rate(const struct weir_ingress *ingress, __u64 tick_ns, struct weir_diags *diags,
		     struct weir_rate *ret_rate)
{
	const struct weir_origin *origin = &ingress->origin;
	int r = weir_rate_make(ingress->bytes_per_s, ingress->burst_bytes, tick_ns, ret_rate);

	if (r)
		weir_diags_error(diags, origin->path, origin->line, 0,
				 "the rate is %llu bytes/s to %llu bytes/s, the burst %llu bytes "
				 "or more and at most what the rate fills in two years",
				 WEIR_RATE_MIN_BYTES_PER_S, WEIR_RATE_MAX_BYTES_PER_S,
				 WEIR_BURST_MIN_BYTES);
	return r ? -EINVAL : 0;
}

static int compare_wanted(const void *a, const void *b)
{
	__u32 left = ((const struct weir_wanted *)a)->address;
	__u32 right = ((const struct weir_wanted *)b)->address;

	return left < right ? -1 : left > right;
}

/* Make one entry of all those of one address, OR-ing the roles. -EINVAL: two rates for one. */
static int merge_wanted(struct weir_wanted *wanted, size_t *count, struct weir_diags *diags,
			const char *path)
{
	size_t kept = 0;
	int r = 0;

	qsort(wanted, *count, sizeof(*wanted), compare_wanted);
	for (size_t i = 0; i < *count; i++) {
		struct weir_wanted *last = kept ? &wanted[kept - 1] : NULL;
		char address[WEIR_PREFIX_TEXT_MAX];

		if (!last || last->address != wanted[i].address) {
			wanted[kept++] = wanted[i];
			continue;
		}
		if (last->rate.factor && wanted[i].rate.factor &&
		    memcmp(&last->rate, &wanted[i].rate, sizeof(last->rate)) != 0)
			r = weir_diags_error(diags, path, 0, 0, "%s is stated with two rates",
					     weir_address_format(last->address, address));
		if (!last->rate.factor)
			last->rate = wanted[i].rate;
		last->roles |= wanted[i].roles;
	}
	*count = kept;
	return r;
}

/* Every address that the policy names, once. `ret_wanted` has room for all that is stated. */
static int collect_wanted(const struct weir_config *config, const __u32 *machine,
			  size_t machine_count, __u64 tick_ns, struct weir_diags *diags,
			  struct weir_wanted *ret_wanted, size_t *ret_count)
{
	const struct weir_region *region = &config->region;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < region->ingress_count; i++) {
		struct weir_wanted *wanted = &ret_wanted[count++];

		wanted->address = region->ingress[i].address;
		wanted->roles = WEIR_ROLE_INGRESS;
		r = make_rate(&region->ingress[i], tick_ns, diags, &wanted->rate) ?: r;
	}
	for (size_t i = 0; i < region->egress_count; i++)
		ret_wanted[count++] = (struct weir_wanted){.address = region->egress[i].address,
							   .roles = WEIR_ROLE_EGRESS};
	for (size_t i = 0; i < machine_count; i++)
		ret_wanted[count++] = (struct weir_wanted){.address = machine[i],
							   .roles = WEIR_ROLE_MACHINE};

	r = merge_wanted(ret_wanted, &count, diags, region->path) ?: r;
	if (count && !ret_wanted[0].address)
		r = weir_diags_error(diags, region->path, 0, 0, "0.0.0.0 is no destination");
	*ret_count = count;
	return r;
}

static int build_destinations(const struct weir_config *config, const __u32 *machine,
			      size_t machine_count, const struct weir_slot *taken,
			      size_t taken_count, __u64 tick_ns, struct weir_diags *diags,
			      struct weir_generation *generation)
{
	const struct weir_region *region = &config->region;
	size_t count = region->ingress_count + region->egress_count + machine_count;
	_cleanup_free_ struct weir_wanted *wanted = calloc(count + 1, sizeof(*wanted));
	int r;

	if (!wanted)
		return -ENOMEM;
	r = collect_wanted(config, machine, machine_count, tick_ns, diags, wanted, &count);
	if (r)
		return r;
	if (count > WEIR_DESTINATIONS_MAX)
		return weir_no_space(diags, region->path, "addresses of the region and the machine",
				     count, WEIR_DESTINATIONS_MAX);

	r = weir_slots_assign(wanted, count, taken, taken_count);
	if (r == -ENOSPC)
		weir_no_space(diags, region->path,
			      "addresses beside those of the policy in force (apply in two steps)",
			      count, WEIR_DESTINATIONS_MAX - taken_count);
	if (r)
		return r;

	r = weir_sets_fill(wanted, count, generation->sets, &generation->policy.seed);
	if (r) {
		weir_diags_error(diags, region->path, 0, 0,
				 "these %zu addresses find no place in the table of destinations",
				 count);
		return r;
	}
	for (size_t i = 0; i < count; i++)
		generation->rates[wanted[i].slot] = wanted[i].rate;
	generation->policy.destinations_count = count;
	return 0;
}

/* ---- all of it --------------------------------------------------------------------------- */

int weir_generation_build(const struct weir_config *config, const __u32 *machine,
			  size_t machine_count, const struct weir_slot *taken, size_t taken_count,
			  __u64 tick_ns, struct weir_diags *diags,
			  struct weir_generation **ret_generation)
{
	_cleanup_(generation_freep) struct weir_generation *generation = NULL;
	int r;

	generation = calloc(1, sizeof(*generation));
	if (!generation)
		return -ENOMEM;
	generation->sets = calloc(WEIR_SETS, sizeof(*generation->sets));
	generation->rates = calloc(WEIR_DESTINATIONS_MAX, sizeof(*generation->rates));
	if (!generation->sets || !generation->rates)
		return -ENOMEM;

	r = weir_policy_fill(config, tick_ns, diags, &generation->policy);
	if (r)
		return r;
	r = build_destinations(config, machine, machine_count, taken, taken_count, tick_ns, diags,
			       generation);
	if (r)
		return r;
	r = build_lists(config, diags, generation);
	if (r)
		return r;
	*ret_generation = take_pointer(generation);
	return 0;
}
