/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the whole program costs a packet, net of an empty one, from random sources.
 *
 *   gate_net_vs_xdpfilter   the dearer of a packet that passes every stage and one from a denied
 *                           source, against the cheaper of a passed and a dropped packet of
 *                           xdp-filter's "all features, deny by default" program
 *   gate_reply_net_ns       a container's reply, by the rule of backends
 *   gate_proof_net_ns       an answer to a connection of this machine, found by a socket lookup
 *
 * With every feature on, 100,000 prefixes and 10,000 live bans. xdp-filter holds what it can: as
 * many addresses as its map takes, and two ports.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bench.h"
#include "benchmarks.h"
#include "random.h"
#include "rig.h"
#include "vary.h"

enum { PREFIXES = 100000, BANS = 10000, REPEAT = 1000000 };

/* Sets of sources. */
enum { GOOD, LISTED, BANNED, OTHER };

/* As much as the gate can be offered here: packets are to pass, at the cost of being charged. */
static const struct bench_rate ample = {100000000000ULL, 100000000000ULL};

static struct bench_rig make_rig(void)
{
	struct bench_list list, bans;
	struct bench_rig rig;
	__u32(*sources)[BENCH_VARY_SOURCES];

	bench_list_make(BENCH_REALISTIC, BENCH_LIST_SEED, PREFIXES, &list);
	bench_list_make(BENCH_REALISTIC, BENCH_BANS_SEED, BANS, &bans);
	rig = bench_rig_make(&list, ample, &bans);
	sources = rig.vary->bss->bench_sources;
	bench_sources_missing(&list, &bans, BENCH_VARY_SOURCES, sources[GOOD]);
	bench_sources_listed(&list, NULL, BENCH_VARY_SOURCES, sources[LISTED]);
	bench_sources_listed(&bans, &list, BENCH_VARY_SOURCES, sources[BANNED]);
	bench_list_done(&list);
	bench_list_done(&bans);
	return rig;
}

static double run_empty(const struct bench_rig *rig, struct bench_frame *frame, __u32 set)
{
	return bench_rig_run(rig, bpf_program__fd(rig->vary->progs.bench_empty), frame, set, REPEAT,
			     XDP_DROP);
}

/* ---- xdp-filter ---------------------------------------------------------------------------- */

/* Of its map values: xdp-tools 1.3.1, xdp-filter/common_kern_user.h. */
enum { FILTER_SOURCE = 1, FILTER_DESTINATION = 2, FILTER_TCP = 4 };
enum { CPUS_MAX = 1024 };

static void filter_put(const struct bpf_object *object, const char *map, const void *key,
		       __u64 flags)
{
	static __u64 values[CPUS_MAX];
	int fd = bpf_object__find_map_fd_by_name(object, map);

	for (size_t i = 0; i < CPUS_MAX; i++)
		values[i] = flags;
	if (bpf_map_update_elem(fd, key, values, BPF_ANY))
		bench_die("cannot fill xdp-filter's %s: %s", map, strerror(errno));
}

/* What `xdp-filter load --policy deny` and a command an address and port would leave. */
static void filter_fill(const struct bpf_object *object, const __u32 *addresses)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(object, "filter_ipv4");
	__u32 ports[] = {htons(80), htons(443)};

	for (__u32 i = 0; i < bpf_map__max_entries(map); i++)
		filter_put(object, "filter_ipv4", &addresses[i], FILTER_SOURCE);
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		filter_put(object, "filter_ports", &ports[i], FILTER_DESTINATION | FILTER_TCP);
}

/* It carries sections that libbpf does not know; nobody needs to hear of them. */
static int be_silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

/* Its maps are to go with this process, not to be shared through bpffs. */
static void filter_keep_private(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) bpf_map__set_pin_path(map, NULL);
}

static struct bpf_object *filter_load(const __u32 *addresses)
{
	const char *path = getenv("WEIR_XDPFILTER");
	libbpf_print_fn_t print = libbpf_set_print(be_silent);
	struct bpf_object *object = path ? bpf_object__open(path) : NULL;
	struct bpf_program *program = object ? bpf_object__next_program(object, NULL) : NULL;

	if (object)
		filter_keep_private(object);
	/* A tail call joins only programs that agree on frames of several buffers. */
	if (!program || bpf_program__set_flags(program, BPF_F_XDP_HAS_FRAGS) ||
	    bpf_object__load(object))
		bench_die("cannot load xdp-filter's program WEIR_XDPFILTER=%s", path ?: "");
	libbpf_set_print(print);
	filter_fill(object, addresses);
	return object;
}

static double run_filter(const struct bench_rig *rig, const struct bpf_object *object,
			 struct bench_frame *frame, __u32 action)
{
	const struct bpf_program *program = bpf_object__next_program(object, NULL);

	return bench_rig_run(rig, bpf_program__fd(program), frame, GOOD, REPEAT, action);
}

/* ---- the benchmarks ------------------------------------------------------------------------ */

static void print_net(const char *what, const struct bench_series *took,
		      const struct bench_series *empty)
{
	printf("%-48s %7.1f ns\n", what, bench_median_net(took, empty));
}

void bench_program(void)
{
	struct bench_series empty, passed, denied, banned, filter_passed, filter_dropped;
	struct bench_frame open = bench_frame_make(BENCH_INGRESS, 40000, 80, BENCH_FRAME_BYTES);
	struct bench_frame closed = bench_frame_make(BENCH_INGRESS, 40000, 81, BENCH_FRAME_BYTES);
	struct bench_rig rig = make_rig();
	struct bpf_object *filter = filter_load(rig.vary->bss->bench_sources[LISTED]);

	for (int i = 0; i < BENCH_ROUNDS; i++) {
		empty.at[i] = run_empty(&rig, &open, GOOD);
		passed.at[i] = bench_rig_judge(&rig, &open, GOOD, REPEAT, WEIR_PASS_INGRESS);
		denied.at[i] = bench_rig_judge(&rig, &open, LISTED, REPEAT, WEIR_DROP_DENIED);
		banned.at[i] = bench_rig_judge(&rig, &open, BANNED, REPEAT, WEIR_DROP_BANNED);
		filter_passed.at[i] = run_filter(&rig, filter, &open, XDP_PASS);
		filter_dropped.at[i] = run_filter(&rig, filter, &closed, XDP_DROP);
	}
	printf("whole program, random sources, ns net of an empty program (%.1f)\n",
	       bench_median(&empty));
	print_net("passes every stage, charged and counted", &passed, &empty);
	print_net("from a source of the 100,000 prefixes", &denied, &empty);
	print_net("from a source of the 10,000 live bans", &banned, &empty);
	print_net("xdp-filter, all features: passed by its port", &filter_passed, &empty);
	print_net("xdp-filter, all features: dropped", &filter_dropped, &empty);
	bench_result("gate_banned_net_ns", bench_median_net(&banned, &empty), "ns");
	bench_result("gate_net_vs_xdpfilter",
		     bench_median_ratio(bench_dearer(&passed, &denied), &empty,
					bench_cheaper(&filter_passed, &filter_dropped), &empty),
		     "ratio");
	bpf_object__close(filter);
	bench_rig_done(&rig);
}

/* A connection from this machine to itself, both ends on loopback. Port numbers, host order. */
static void connect_to_self(__u16 *ret_near_port, __u16 *ret_far_port)
{
	struct sockaddr_in near = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(BENCH_MACHINE)};
	struct sockaddr_in far = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(BENCH_PEER)};
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(near);

	if (bind(server, (struct sockaddr *)&far, size) || listen(server, 1) ||
	    bind(client, (struct sockaddr *)&near, size) ||
	    getsockname(server, (struct sockaddr *)&far, &size) ||
	    connect(client, (struct sockaddr *)&far, size) ||
	    getsockname(client, (struct sockaddr *)&near, &size))
		bench_die("cannot connect 10.99.0.1 to 10.99.0.2, which must be local: %s",
			  strerror(errno));
	/* Both stay open until the program ends: the benchmark looks the client up. */
	*ret_near_port = ntohs(near.sin_port);
	*ret_far_port = ntohs(far.sin_port);
}

/* Containers' addresses, any of the backend prefix. */
static void put_containers(__u32 sources[BENCH_VARY_SOURCES])
{
	struct random random = {BENCH_LIST_SEED};

	for (size_t i = 0; i < BENCH_VARY_SOURCES; i++)
		sources[i] = htonl(BENCH_BACKENDS | random_below(&random, 1 << 16));
}

void bench_reply(void)
{
	struct bench_series empty, reply, proof;
	struct bench_frame answer, contained;
	struct bench_rig rig = make_rig();
	__u16 near_port, far_port;

	connect_to_self(&near_port, &far_port);
	put_containers(rig.vary->bss->bench_sources[OTHER]);
	for (size_t i = 0; i < BENCH_VARY_SOURCES; i++)
		rig.vary->bss->bench_sources[GOOD][i] = htonl(BENCH_PEER);
	contained = bench_frame_make(BENCH_MACHINE, 8080, 40000, BENCH_FRAME_BYTES);
	answer = bench_frame_make(BENCH_MACHINE, far_port, near_port, BENCH_FRAME_BYTES);
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		empty.at[i] = run_empty(&rig, &contained, OTHER);
		reply.at[i] = bench_rig_judge(&rig, &contained, OTHER, REPEAT, WEIR_PASS_BACKEND);
		proof.at[i] = bench_rig_judge(&rig, &answer, GOOD, REPEAT, WEIR_PASS_RETURN_TCP);
	}
	bench_result("gate_reply_net_ns", bench_median_net(&reply, &empty), "ns");
	bench_result("gate_proof_net_ns", bench_median_net(&proof, &empty), "ns");
	bench_rig_done(&rig);
}
