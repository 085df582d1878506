/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU entries -> sums. The kernel gives a value for each POSSIBLE CPU, which may be many more
 * than are online; a buffer by the online ones would be overrun.
 */
#include "kernel/counts.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/generation.h"

/* Add up the entry `key`: `words` u64 a CPU into `sum`. */
static int read_sum(int fd, __u32 key, size_t words, __u64 *sum)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ __u64 *values = NULL;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus * words, sizeof(*values));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &key, values))
		return -errno;
	memset(sum, 0, words * sizeof(*sum));
	for (size_t i = 0; i < cpus * words; i++)
		sum[i % words] += values[i];
	return 0;
}

/* The bucket of a slot, by the rate of the half in force. */
static struct weir_bucket_state read_bucket(const struct weir_maps *maps, __u16 slot)
{
	const struct weir_rate *rate = weir_maps_rates(maps, weir_maps_half(maps)) + slot;
	const struct weir_bucket *bucket = weir_maps_buckets(maps) + slot;
	__u64 arrival_units = __atomic_load_n(&bucket->arrival_units, __ATOMIC_RELAXED);

	return weir_bucket_state_at(rate, arrival_units, weir_now_ns() * WEIR_UNITS_PER_NS);
}

static int read_destinations(const struct weir_maps *maps, const struct weir_slot *slots,
			     size_t count, struct weir_counts_report *report)
{
	for (size_t i = 0; i < count; i++) {
		struct weir_destination_row *row = &report->destinations[report->count];
		int r;

		if (!(slots[i].roles & WEIR_ROLE_INGRESS))
			continue;
		r = read_sum(maps->fds[WEIR_MAP_DST_COUNTS], slots[i].slot,
			     sizeof(row->counts) / sizeof(__u64), (__u64 *)&row->counts);
		if (r)
			return r;
		row->address = ntohl(slots[i].address);
		row->bucket = read_bucket(maps, slots[i].slot);
		report->count++;
	}
	return 0;
}

static int by_address(const void *a, const void *b)
{
	__u32 x = ((const struct weir_destination_row *)a)->address;
	__u32 y = ((const struct weir_destination_row *)b)->address;

	return (x > y) - (x < y);
}

static int read_all(const struct weir_maps *maps, struct weir_counts_report *report)
{
	_cleanup_free_ struct weir_slot *slots = NULL;
	struct weir_generation live;
	size_t count = 0;
	int r = read_sum(maps->fds[WEIR_MAP_COUNTS], 0, sizeof(report->reasons) / sizeof(__u64),
			 (__u64 *)&report->reasons);

	if (!r && weir_generation_view(maps, weir_maps_half(maps), &live))
		r = weir_generation_slots(&live, &slots, &count);
	report->destinations = calloc(count ?: 1, sizeof(*report->destinations));
	if (r || !report->destinations)
		return r ?: -ENOMEM;
	r = read_destinations(maps, slots, count, report);
	if (report->count)
		qsort(report->destinations, report->count, sizeof(*report->destinations),
		      by_address);
	return r;
}

int weir_counts_read(const struct weir_maps *maps, struct weir_diags *diags,
		     struct weir_counts_report *ret_report)
{
	struct weir_counts_report report = {};
	int r = read_all(maps, &report);

	if (r) {
		weir_counts_report_done(&report);
		return weir_fail(diags, r, "cannot read the counters: %s", strerror(-r));
	}
	*ret_report = report;
	return 0;
}
