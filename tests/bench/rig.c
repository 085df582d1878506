/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate on a bench. See rig.h.
 */
#include "rig.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "bench.h"

enum { ALLOW_COUNT = 1000, CDN_COUNT = 15, RULES = 8 };
enum { CPUS_MAX = 1024 };

/* ---- the policy ---------------------------------------------------------------------------- */

static struct weir_list list_of(char *name, const struct weir_prefix *prefixes, size_t count)
{
	struct weir_list list = {.name = name, .path = name, .count = count};

	list.entries = calloc(count + 1, sizeof(*list.entries));
	if (!list.entries)
		bench_die("no memory for a list");
	for (size_t i = 0; i < count; i++)
		list.entries[i] = (struct weir_listed){prefixes[i], i + 1};
	return list;
}

/* Addresses that no denylist holds: `count` of 10.100.0.0/16. */
static struct weir_list private_list(char *name, size_t count)
{
	_cleanup_free_ struct weir_prefix *prefixes = calloc(count, sizeof(*prefixes));

	if (!prefixes)
		bench_die("no memory for a list");
	for (size_t i = 0; i < count; i++)
		prefixes[i] = (struct weir_prefix){0x0a640000 + i * 2, 32};
	return list_of(name, prefixes, count);
}

/* Management rules that match no frame of the benchmarks: what is measured is asking them. */
static void put_rules(struct weir_management rules[RULES])
{
	for (int i = 0; i < RULES; i++)
		rules[i] = (struct weir_management){.protocol = IPPROTO_TCP,
						    .from = {0xc0000200u + i, 32},
						    .to = {BENCH_MACHINE, 32},
						    .source_port_high = 65535,
						    .port_low = 22,
						    .port_high = 22};
}

/* The clock tick: what the coarse clock resolves (clock_getres(2)). */
static __u64 tick_ns(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return tick.tv_nsec;
}

static struct weir_generation *make_generation(const struct bench_list *list,
					       struct bench_rate rate)
{
	struct weir_ingress ingress[BENCH_INGRESS_COUNT];
	struct weir_backend backend = {{BENCH_BACKENDS, 16}, {}};
	struct weir_management rules[RULES];
	struct weir_list denylist = list_of("denylist", list->prefixes, list->count);
	__u32 machine = BENCH_MACHINE;
	struct weir_config config = {
		.path = "bench",
		.region = {.ingress = ingress, .ingress_count = BENCH_INGRESS_COUNT},
		.open_ports = {{80, WEIR_HTTP}, {443, WEIR_TLS}},
		.open_ports_count = 2,
		.cdn_ports = {{8080, WEIR_HTTP}, {8443, WEIR_TLS}},
		.cdn_ports_count = 2,
		.cdn = private_list("cdn", CDN_COUNT),
		.denylists = &denylist,
		.denylists_count = 1,
		.allowlist = private_list("allowlist", ALLOW_COUNT),
		.management = rules,
		.management_count = RULES,
		.backends = &backend,
		.backends_count = 1,
	};
	struct weir_generation *generation = NULL;
	struct weir_diags diags = {};

	put_rules(rules);
	for (int i = 0; i < BENCH_INGRESS_COUNT; i++)
		ingress[i] = (struct weir_ingress){.address = BENCH_INGRESS + i,
						   .bytes_per_s = rate.bytes_per_s,
						   .burst_bytes = rate.burst_bytes,
						   .origin = {"bench", 1}};
	if (weir_generation_build(&config, &machine, 1, NULL, 0, tick_ns(), &diags, &generation)) {
		weir_diags_print(&diags, stderr);
		bench_die("cannot build the policy");
	}
	/* Proofs are measured, not their meter. */
	generation->policy.proofs_per_tick = ~0U;
	free(config.cdn.entries);
	free(config.allowlist.entries);
	free(denylist.entries);
	return generation;
}

/* ---- the gate ------------------------------------------------------------------------------ */

struct bench_rig bench_rig_make(const struct bench_list *list, struct bench_rate rate,
				const struct bench_list *bans)
{
	struct bench_rig rig = {.gate = weir_gate__open(), .vary = vary_bpf__open_and_load()};
	struct weir_generation *generation = make_generation(list, rate);

	if (!rig.gate || !rig.vary)
		bench_die("cannot open the programs: %s", strerror(errno));
	rig.gate->rodata->weir_tick_ns = tick_ns();
	rig.maps = bench_maps_of(rig.gate->obj);
	bench_maps_size(&rig.maps, generation->rank.blocks_count, bans ? bans->count : 1);
	if (weir_gate__load(rig.gate))
		bench_die("cannot load the gate: %s", strerror(errno));
	bench_maps_put(&rig.maps, generation);
	if (bans)
		bench_maps_ban(&rig.maps, bans);
	weir_generation_free(&generation);
	return rig;
}

void bench_rig_done(struct bench_rig *rig)
{
	weir_gate__destroy(rig->gate);
	vary_bpf__destroy(rig->vary);
}

struct bench_frame bench_frame_make(__u32 destination, __u16 source_port, __u16 port, __u32 bytes)
{
	struct bench_frame frame = {.size = bytes};

	memset(frame.ethernet.h_dest, 2, ETH_ALEN);
	memset(frame.ethernet.h_source, 4, ETH_ALEN);
	frame.ethernet.h_proto = htons(ETH_P_IP);
	frame.ip.version = 4;
	frame.ip.ihl = 5;
	frame.ip.ttl = 64;
	frame.ip.tot_len = htons(bytes - sizeof(frame.ethernet));
	frame.ip.protocol = IPPROTO_TCP;
	frame.ip.daddr = htonl(destination);
	frame.tcp.source = htons(source_port);
	frame.tcp.dest = htons(port);
	frame.tcp.doff = 5;
	frame.tcp.ack = 1;
	return frame;
}

struct weir_count bench_rig_counted(const struct bench_rig *rig, enum weir_reason reason)
{
	static struct weir_counts counts[CPUS_MAX];
	struct weir_count sum = {};
	int cpus = libbpf_num_possible_cpus();
	__u32 key = 0;

	if (cpus < 1 || cpus > CPUS_MAX ||
	    bpf_map__lookup_elem(rig->gate->maps.weir_counts, &key, sizeof(key), counts,
				 cpus * sizeof(counts[0]), 0))
		bench_die("cannot read the counters");
	for (int i = 0; i < cpus; i++) {
		const struct weir_count *count = (const struct weir_count *)&counts[i] + reason;

		sum.packets += count->packets;
		sum.bytes += count->bytes;
	}
	return sum;
}

void bench_rig_aim(const struct bench_rig *rig, int program_fd)
{
	__u32 key = 0;

	if (bpf_map_update_elem(bpf_map__fd(rig->vary->maps.bench_target), &key, &program_fd,
				BPF_ANY))
		bench_die("cannot choose the program: %s", strerror(errno));
}

double bench_rig_run(const struct bench_rig *rig, int program_fd, struct bench_frame *frame,
		     __u32 set, __u32 repeat, __u32 action)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->bytes, .data_size_in = frame->size,
		    .repeat = repeat);
	__u64 took_ns;

	bench_rig_aim(rig, program_fd);
	rig->vary->bss->bench_set = set;
	bench_hold_cpu();
	took_ns = bench_thread_ns();
	if (bpf_prog_test_run_opts(bpf_program__fd(rig->vary->progs.bench_vary), &run))
		bench_die("cannot run a program: %s", strerror(errno));
	took_ns = bench_thread_ns() - took_ns;
	bench_yield_cpu();
	if (run.retval != action)
		bench_die("a program answers %u, not %u", run.retval, action);
	return (double)took_ns / repeat;
}

double bench_rig_judge(const struct bench_rig *rig, struct bench_frame *frame, __u32 set,
		       __u32 repeat, enum weir_reason reason)
{
	__u64 before = bench_rig_counted(rig, reason).packets, grown;
	double took_ns = bench_rig_run(rig, bpf_program__fd(rig->gate->progs.weir_gate), frame, set,
				       repeat, weir_reason_passes(reason) ? XDP_PASS : XDP_DROP);

	grown = bench_rig_counted(rig, reason).packets - before;
	if (grown != repeat)
		bench_die("%llu of %u packets were counted under reason %u", grown, repeat, reason);
	return took_ns;
}
