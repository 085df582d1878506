/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads the skeleton as it is, maps its maps, and writes generations into them by the contract of
 * weir/policy.h and nothing else: a second reading of the contract beside user/kernel's.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/cleanup.h"
#include "fixture.h"
#include "gate.skel.h"
#include "kernel/conntrack.h"

struct gate {
	struct weir_gate *real, *twin; /* the twin is loaded when it is first asked */
	int cpus;
	bool has_conntrack;
	__u32 blocks_max;
	struct weir_counts *scratch; /* one a CPU */

	/* the maps' memory */
	struct weir_control *control;
	struct weir_policy *policy;
	struct weir_set *dests;
	struct weir_rate *rates;
	struct weir_range *cdn, *allow;
	struct weir_area *areas;
	__u32 *ranks;
	struct weir_cell *cells;
	struct weir_block *blocks;
	__u64 *live_bits;
	struct weir_live_lengths *live_lengths;
	struct weir_bucket *buckets;
};

/* ---- loading ----------------------------------------------------------------------------- */

static void *memory_of(struct bpf_map *map)
{
	size_t bytes = (size_t)bpf_map__value_size(map) * bpf_map__max_entries(map);
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	cr_assert_neq(memory, MAP_FAILED, "mmap of %s: %s", bpf_map__name(map), strerror(errno));
	return memory;
}

static struct weir_gate *open_program(struct gate *gate, bool is_twin)
{
	struct weir_gate *program = weir_gate__open();

	cr_assert_not_null(program, "open: %s", strerror(errno));
	program->rodata->weir_twin = is_twin;
	program->rodata->weir_has_conntrack = gate->has_conntrack;
	bpf_map__set_max_entries(program->maps.weir_blocks, WEIR_HALVES * gate->blocks_max);
	return program;
}

/* The twin judges by the maps of the real one. */
static void share_maps(struct weir_gate *from, struct weir_gate *to)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, to->obj)
	{
		struct bpf_map *real = bpf_object__find_map_by_name(from->obj, bpf_map__name(map));

		if (map != to->maps.rodata)
			cr_assert_eq(bpf_map__reuse_fd(map, bpf_map__fd(real)), 0);
	}
}

static void map_maps(struct gate *gate)
{
	struct weir_gate *real = gate->real;

	gate->control = memory_of(real->maps.weir_control);
	gate->policy = memory_of(real->maps.weir_policy);
	gate->dests = memory_of(real->maps.weir_dests);
	gate->rates = memory_of(real->maps.weir_rates);
	gate->cdn = memory_of(real->maps.weir_cdn);
	gate->allow = memory_of(real->maps.weir_allow);
	gate->areas = memory_of(real->maps.weir_areas);
	gate->ranks = memory_of(real->maps.weir_ranks);
	gate->cells = memory_of(real->maps.weir_cells);
	gate->blocks = memory_of(real->maps.weir_blocks);
	gate->live_bits = memory_of(real->maps.weir_live_bits);
	gate->live_lengths = memory_of(real->maps.weir_live_lens);
	gate->buckets = memory_of(real->maps.weir_buckets);
}

struct gate *gate_start(__u32 blocks_max)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	cr_assert_not_null(gate);
	cr_assert_eq(unshare(CLONE_NEWNET), 0, "a network namespace needs root: %s",
		     strerror(errno));
	gate->blocks_max = blocks_max;
	gate->has_conntrack = weir_has_conntrack_lookup();
	gate->cpus = libbpf_num_possible_cpus();
	gate->scratch = calloc(gate->cpus, sizeof(*gate->scratch));

	gate->real = open_program(gate, false);
	cr_assert_eq(weir_gate__load(gate->real), 0, "load: %s", strerror(errno));
	map_maps(gate);
	gate->control->layout = WEIR_LAYOUT;
	return gate;
}

/* ---- policy ------------------------------------------------------------------------------ */

static __u32 active_half(const struct gate *gate)
{
	return gate->control->word & WEIR_CONTROL_HALF;
}

/* The live bits of the areas stay: they are the bans', not the generation's. */
static void write_base(struct gate *gate, __u32 half, const struct weir_rank *rank)
{
	struct weir_area *areas = gate->areas + (size_t)half * WEIR_AREAS;
	struct weir_cell *cells = gate->cells + (size_t)half * WEIR_CELLS;
	__u32 first = half * gate->blocks_max;

	cr_assert_leq(rank->blocks_count, gate->blocks_max);
	for (size_t i = 0; i < WEIR_AREAS; i++)
		areas[i].listed = rank->areas[i].listed;
	memcpy(gate->ranks + (size_t)half * WEIR_AREAS, rank->ranks,
	       WEIR_AREAS * sizeof(*rank->ranks));
	for (size_t i = 0; i < rank->cells_count; i++) {
		cells[i] = rank->cells[i];
		cells[i].rank += first;
	}
	memcpy(gate->blocks + first, rank->blocks, rank->blocks_count * sizeof(*rank->blocks));
}

void gate_apply(struct gate *gate, const struct weir_generation *generation)
{
	__u32 half = !active_half(gate);
	const struct weir_policy *policy = &generation->policy;

	gate->policy[half] = *policy;
	gate->policy[half].blocks_first = half * gate->blocks_max;
	memcpy(gate->dests + half * WEIR_SETS, generation->sets, WEIR_SETS * sizeof(*gate->dests));
	memcpy(gate->rates + half * WEIR_DESTINATIONS_MAX, generation->rates,
	       WEIR_DESTINATIONS_MAX * sizeof(*gate->rates));
	memcpy(gate->cdn + half * WEIR_CDN_RANGES_MAX, generation->cdn,
	       policy->cdn_ranges_count * sizeof(*gate->cdn));
	memcpy(gate->allow + half * WEIR_ALLOW_RANGES_MAX, generation->allow,
	       policy->allow_ranges_count * sizeof(*gate->allow));
	write_base(gate, half, &generation->rank);
	__atomic_store_n(&gate->control->word, half, __ATOMIC_SEQ_CST);
}

void gate_apply_config(struct gate *gate, const struct weir_config *config, const __u32 *machine,
		       size_t machine_count)
{
	_cleanup_diags_ struct weir_diags diags = {};
	_cleanup_free_ struct weir_slot *taken = NULL;
	struct weir_generation live = {.sets = gate->dests + active_half(gate) * WEIR_SETS};
	struct weir_generation *generation = NULL;
	size_t taken_count;
	int r;

	cr_assert_eq(weir_generation_slots(&live, &taken, &taken_count), 0);
	r = weir_generation_build(config, machine, machine_count, taken, taken_count,
				  gate->real->rodata->weir_tick_ns, &diags, &generation);
	if (r)
		weir_diags_print(&diags, stderr);
	cr_assert_eq(r, 0, "build: %s", strerror(-r));
	gate_apply(gate, generation);
	weir_generation_free(&generation);
}

/* ---- running ----------------------------------------------------------------------------- */

static int run_times(struct weir_gate *program, const void *frame, size_t size, int times)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = size,
		    .repeat = times);
	int r = bpf_prog_test_run_opts(bpf_program__fd(program->progs.weir_gate), &options);

	cr_assert_eq(r, 0, "run of %zu bytes: %s", size, strerror(errno));
	return options.retval;
}

static int run(struct weir_gate *program, const void *frame, size_t size)
{
	return run_times(program, frame, size, 1);
}

void gate_flood(struct gate *gate, const void *frame, size_t size, int times)
{
	run_times(gate->real, frame, size, times);
}

static void add_counts(const struct weir_count *from, struct weir_count *to, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		to[i].packets += from[i].packets;
		to[i].bytes += from[i].bytes;
	}
}

void gate_listen(struct gate *gate, __u32 key, int fd)
{
	__u64 value = fd;

	cr_assert_eq(bpf_map_update_elem(bpf_map__fd(gate->real->maps.weir_listeners), &key, &value,
					 BPF_ANY),
		     0);
}

void gate_counts(struct gate *gate, struct weir_counts *ret_counts)
{
	__u32 key = 0;

	memset(ret_counts, 0, sizeof(*ret_counts));
	cr_assert_eq(
		bpf_map_lookup_elem(bpf_map__fd(gate->real->maps.weir_counts), &key, gate->scratch),
		0);
	for (int cpu = 0; cpu < gate->cpus; cpu++)
		add_counts((struct weir_count *)&gate->scratch[cpu],
			   (struct weir_count *)ret_counts, WEIR_REASON_SLOTS);
}

/* The one counter that grew, and that by one. */
static unsigned int counted(const struct weir_counts *before, const struct weir_counts *after,
			    __u64 *ret_bytes)
{
	const struct weir_count *old = (const struct weir_count *)before;
	const struct weir_count *new = (const struct weir_count *)after;
	unsigned int reason = 0;

	for (unsigned int i = 0; i < WEIR_REASON_SLOTS; i++) {
		if (new[i].packets == old[i].packets &&new[i].bytes == old[i].bytes)
			continue;
		if (reason || new[i].packets != old[i].packets + 1)
			return 0;
		reason = i;
		*ret_bytes = new[i].bytes - old[i].bytes;
	}
	return reason;
}

int gate_action(struct gate *gate, const void *frame, size_t size)
{
	return run(gate->real, frame, size);
}

struct verdict gate_run(struct gate *gate, const void *frame, size_t size)
{
	struct weir_counts before, after;
	struct verdict verdict = {};

	gate_counts(gate, &before);
	verdict.action = run(gate->real, frame, size);
	gate_counts(gate, &after);
	verdict.reason = counted(&before, &after, &verdict.bytes);
	return verdict;
}

unsigned int gate_ask_twin(struct gate *gate, const void *frame, size_t size)
{
	if (!gate->twin) {
		gate->twin = open_program(gate, true);
		share_maps(gate->real, gate->twin);
		cr_assert_eq(weir_gate__load(gate->twin), 0, "load: %s", strerror(errno));
	}
	return run(gate->twin, frame, size);
}

/* ---- what tests touch -------------------------------------------------------------------- */

static __u16 slot_of(struct gate *gate, __u32 address)
{
	__u32 half = active_half(gate);
	const struct weir_destination *found = weir_sets_find(
		gate->dests + half * WEIR_SETS, gate->policy[half].seed, htonl(address));

	cr_assert_not_null(found);
	return found->slot;
}

struct weir_destination_counts gate_destination_counts(struct gate *gate, __u32 address)
{
	_cleanup_free_ struct weir_destination_counts *each = calloc(gate->cpus, sizeof(*each));
	struct weir_destination_counts sum = {};
	__u32 slot = slot_of(gate, address);

	cr_assert_eq(
		bpf_map_lookup_elem(bpf_map__fd(gate->real->maps.weir_dst_counts), &slot, each), 0);
	for (int cpu = 0; cpu < gate->cpus; cpu++)
		add_counts(&each[cpu].passed, &sum.passed, 2);
	return sum;
}

int gate_program_fd(const struct gate *gate)
{
	return bpf_program__fd(gate->real->progs.weir_gate);
}

struct weir_bucket *gate_bucket(struct gate *gate, __u32 address)
{
	return &gate->buckets[slot_of(gate, address)];
}

struct weir_rate *gate_rate(struct gate *gate, __u32 address)
{
	return &gate->rates[active_half(gate) * WEIR_DESTINATIONS_MAX + slot_of(gate, address)];
}

struct weir_control *gate_control(struct gate *gate)
{
	return gate->control;
}

struct weir_policy *gate_policy(struct gate *gate)
{
	return &gate->policy[active_half(gate)];
}

struct weir_cell *gate_cell(struct gate *gate, __u32 address)
{
	size_t area = (size_t)active_half(gate) * WEIR_AREAS + weir_area_of(address);

	return gate->cells + (size_t)active_half(gate) * WEIR_CELLS + gate->ranks[area] +
	       weir_cell_of(gate->areas[area].listed, address);
}

static void set_live_bits(struct gate *gate, __u32 kind, struct weir_prefix prefix)
{
	__u32 last = weir_prefix_last(prefix) >> 8;

	for (__u32 network = prefix.address >> 8; network <= last; network++) {
		struct weir_live_lengths *lengths = &gate->live_lengths[network >> 10];

		*(kind == WEIR_LIVE_BAN ? &lengths->bans : &lengths->releases) |= 1ULL
										  << prefix.length;
		gate->live_bits[weir_group_of(network << 8)] |= weir_network_bit(network << 8);
		for (int half = 0; half < WEIR_HALVES; half++)
			gate->areas[half * WEIR_AREAS + weir_area_of(network << 8)].live |=
				weir_area_bit(network << 8);
	}
}

void gate_live_add(struct gate *gate, __u32 kind, struct weir_prefix prefix, __u64 until_ns)
{
	struct weir_live_key key = {
		.kind = kind, .length = prefix.length, .prefix = htonl(prefix.address)};
	struct weir_live_entry entry = {.until_ns = until_ns};

	cr_assert_eq(
		bpf_map_update_elem(bpf_map__fd(gate->real->maps.weir_live), &key, &entry, BPF_ANY),
		0);
	set_live_bits(gate, kind, prefix);
}

void gate_live_del(struct gate *gate, __u32 kind, struct weir_prefix prefix)
{
	struct weir_live_key key = {
		.kind = kind, .length = prefix.length, .prefix = htonl(prefix.address)};

	cr_assert_eq(bpf_map_delete_elem(bpf_map__fd(gate->real->maps.weir_live), &key), 0);
}

void gate_live_flush(struct gate *gate)
{
	int fd = bpf_map__fd(gate->real->maps.weir_live);
	struct weir_live_key key;

	while (bpf_map_get_next_key(fd, NULL, &key) == 0)
		cr_assert_eq(bpf_map_delete_elem(fd, &key), 0);
	memset(gate->live_lengths, 0, WEIR_AREAS * sizeof(*gate->live_lengths));
}

__u64 gate_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

int gate_map_fd(struct gate *gate, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(gate->real->obj, name);

	cr_assert_geq(fd, 0, "no map %s", name);
	return fd;
}
