/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sends frames from a million sources, and as a command, one kind of flood:
 *
 *   storm INTERFACE ADDRESS PORT SOURCES syn|ack|fragment SECONDS PACKETS_PER_S
 *
 * SOURCES is a prefix, walked through in an order that visits each address once before any again.
 * With PACKETS_PER_S 0 as fast as it goes. Prints `FRAMES NANOSECONDS`.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/cleanup.h"
#include "base/prefix.h"
#include "bench.h"
#include "benchmarks.h"
#include "flood.h"
#include "flood.skel.h"
#include "sender.h"

enum { SECONDS_MAX = 60, IP_MORE_FRAGMENTS = 0x2000 };

#define NS_PER_S 1000000000ULL

static __u32 sum_words(const void *bytes, size_t size)
{
	__u32 sum = 0;
	__u16 word;

	for (size_t i = 0; i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, (const char *)bytes + i, sizeof(word));
		sum += word;
	}
	return sum;
}

struct bench_sender bench_sender_make(const struct bench_frame *frame)
{
	struct bench_sender sender = {.object = flood_bpf__open_and_load(), .frame = *frame};
	size_t segment = ntohs(frame->ip.tot_len) - sizeof(frame->ip);

	if (!sender.object)
		bench_die("cannot load the sender: %s", strerror(errno));
	sender.sources = sender.object->bss->bench_sources;
	sender.object->bss->bench_ip_sum = sum_words(&frame->ip, sizeof(frame->ip));
	/* RFC 9293, section 3.1: over the addresses, the protocol, the length and the segment. */
	sender.object->bss->bench_tcp_sum = sum_words(&frame->ip.daddr, sizeof(frame->ip.daddr)) +
					    htons(IPPROTO_TCP) + htons(segment) +
					    sum_words(&frame->tcp, segment);
	return sender;
}

void bench_sender_done(struct bench_sender *sender)
{
	flood_bpf__destroy(sender->object);
	sender->object = NULL;
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* To begin and to end a run takes the kernel tens of ms: one run, which a signal ends, this one or SIGTERM. */
static void arm(__u64 duration_ns)
{
	struct itimerval timer = {
		.it_value = {duration_ns / NS_PER_S, duration_ns % NS_PER_S / 1000}};
	struct sigaction action = {.sa_handler = on_alarm};

	if (sigaction(SIGALRM, &action, NULL) || sigaction(SIGTERM, &action, NULL) ||
	    setitimer(ITIMER_REAL, &timer, NULL))
		bench_die("no timer: %s", strerror(errno));
}

__u64 bench_sender_run(struct bench_sender *sender, const char *interface, __u64 packets_per_s,
		       __u64 duration_ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = sender->frame.bytes,
		    .data_size_in = sender->frame.size, .repeat = INT_MAX,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	struct flood_bpf__bss *shared = sender->object->bss;
	__u64 before = shared->bench_sent;

	shared->bench_interface = if_nametoindex(interface);
	shared->bench_period_ns = packets_per_s ? NS_PER_S / packets_per_s : 0;
	arm(duration_ns);
	if (!bpf_prog_test_run_opts(bpf_program__fd(sender->object->progs.bench_send), &run) ||
	    errno != EINTR)
		bench_die("cannot send: %s", strerror(errno));
	return shared->bench_sent - before;
}

__u64 bench_taken_packets(const char *interface)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/thread-self/net/dev", "re");
	char line[512], name[IFNAMSIZ + 1];
	unsigned long long packets;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " %16[^:]: %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu", name,
			   &packets) == 2 &&
		    !strcmp(name, interface))
			return packets;
	bench_die("no interface %s here", interface);
}

/* ---- the command ----------------------------------------------------------------------------- */

static struct weir_prefix take_prefix(const char *text)
{
	struct weir_prefix prefix;
	const char *why;

	if (weir_prefix_parse(text, strlen(text), &prefix, NULL, &why))
		bench_die("%s: %s", text, why);
	return prefix;
}

static __u64 take_number(const char *text, __u64 max)
{
	char *end;
	__u64 number = strtoull(text, &end, 10);

	if (end == text || *end || number > max)
		bench_die("not a number up to %llu: %s", (unsigned long long)max, text);
	return number;
}

/* An odd step through the prefix visits every address of it once a round. */
static void take_sources(const char *text, __u32 ret_sources[BENCH_FLOOD_SOURCES])
{
	struct weir_prefix prefix = take_prefix(text);
	__u32 hosts = ~weir_prefix_mask(prefix.length);

	for (__u32 i = 0; i < BENCH_FLOOD_SOURCES; i++)
		ret_sources[i] = htonl(prefix.address | (i * 0x9e3779b1U & hosts));
}

static void take_kind(const char *kind, struct bench_frame *frame)
{
	frame->tcp.ack = strcmp(kind, "syn") != 0;
	frame->tcp.syn = !frame->tcp.ack;
	if (!strcmp(kind, "fragment"))
		frame->ip.frag_off = htons(IP_MORE_FRAGMENTS);
	else if (strcmp(kind, "syn") && strcmp(kind, "ack"))
		bench_die("no such kind: %s", kind);
}

void bench_storm(char **arguments)
{
	struct bench_sender sender;
	struct bench_frame frame;
	__u64 sent, taken, seconds, rate, begin_ns;

	for (int i = 0; i < 7; i++)
		if (!arguments[i])
			bench_die("storm INTERFACE ADDRESS PORT SOURCES KIND SECONDS RATE");
	/* A fragment's payload comes in units of 8 bytes; 66 - 34 = 32 is such. */
	frame = bench_frame_make(take_prefix(arguments[1]).address, 40000,
				 take_number(arguments[2], 65535), 66);
	take_kind(arguments[4], &frame);
	memcpy(frame.ethernet.h_dest, "\2\0\0\0\0\1", ETH_ALEN); /* the lab's gate */
	seconds = take_number(arguments[5], SECONDS_MAX);
	rate = take_number(arguments[6], 1000000000);
	sender = bench_sender_make(&frame);
	take_sources(arguments[3], sender.sources);
	begin_ns = bench_now_ns();
	taken = bench_taken_packets(arguments[0]);
	sent = bench_sender_run(&sender, arguments[0], rate, seconds * NS_PER_S);
	taken = bench_taken_packets(arguments[0]) - taken;
	printf("%llu %llu %llu\n", (unsigned long long)sent, (unsigned long long)taken,
	       (unsigned long long)(bench_now_ns() - begin_ns));
	bench_sender_done(&sender);
}
