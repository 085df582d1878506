/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts -> findings: each with what it costs and what mends it. The kernel is judged here, and
 * each interface in doctor_nic.c. What the gate depends on and nobody could ask for is a finding
 * as well: unknown is not well.
 */
#include "report/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "report/doctor_finding.h"

/* A gate without lists takes about 50 MB; one of 10 million entries, twice, some 600 MB. */
#define MEMORY_LITTLE (256ULL << 20)

void weir_findings_done(struct weir_findings *findings)
{
	free(findings->items);
	*findings = (struct weir_findings){};
}

enum weir_health weir_findings_worst(const struct weir_findings *findings)
{
	enum weir_health worst = WEIR_HEALTH_OK;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].health > worst)
			worst = findings->items[i].health;
	return worst;
}

struct weir_finding *weir_finding_add(struct weir_findings *findings, enum weir_health health,
				      const char *subject, ...)
{
	static struct weir_finding lost;
	struct weir_finding *finding = weir_array_add(&findings->items, &findings->count);
	va_list arguments;

	if (!finding) {
		findings->is_incomplete = true;
		return &lost;
	}
	finding->health = health;
	va_start(arguments, subject);
	vsnprintf(finding->subject, sizeof(finding->subject), subject, arguments);
	va_end(arguments);
	return finding;
}

void weir_finding_found(struct weir_finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(finding->found, sizeof(finding->found), format, arguments);
	va_end(arguments);
}

void weir_finding_mend(struct weir_finding *finding, const char *cost, const char *format, ...)
{
	va_list arguments;

	finding->cost = cost;
	va_start(arguments, format);
	vsnprintf(finding->mend, sizeof(finding->mend), format, arguments);
	va_end(arguments);
}

enum weir_health weir_health_of(enum weir_answer answer, enum weir_health without)
{
	return answer == WEIR_YES  ? WEIR_HEALTH_OK
	       : answer == WEIR_NO ? without
				   : WEIR_HEALTH_UNKNOWN;
}

/* ---- the kernel ------------------------------------------------------------------------ */

static void judge_release(const struct weir_facts *facts, struct weir_findings *findings)
{
	bool is_old = facts->major < 6 || (facts->major == 6 && facts->minor < 1);
	struct weir_finding *finding = add(findings, is_old ? WEIR_HEALTH_STOPS : WEIR_HEALTH_OK,
					   "kernel");

	found(finding, "Linux %s", facts->release);
	if (is_old)
		mend(finding, "weir is made for Linux 6.1 and later: its programs may not load",
		     "apt install linux-image-$(dpkg --print-architecture), then reboot");
}

/* A thing that a kernel has or has not. */
static const struct kernel_part {
	const char *subject;
	size_t at; /* of the answer in struct weir_facts */
	enum weir_health without;
	const char *yes, *no, *cost, *mend;
} parts[] = {
	{"BTF", offsetof(struct weir_facts, btf), WEIR_HEALTH_COSTS, "/sys/kernel/btf/vmlinux",
	 "the kernel has no BTF",
	 "bpftool prints counters as hexadecimal; no sharing of interfaces, no conntrack lookup",
	 "boot a kernel with CONFIG_DEBUG_INFO_BTF=y; Debian's have it"},
	{"bpffs", offsetof(struct weir_facts, bpffs), WEIR_HEALTH_COSTS, "mounted on /sys/fs/bpf",
	 "not mounted on /sys/fs/bpf", "nothing can be pinned; weir apply mounts it itself",
	 "mount -t bpf bpf /sys/fs/bpf"},
	{"JIT", offsetof(struct weir_facts, jit), WEIR_HEALTH_COSTS, "on", "off",
	 "programs are interpreted: a packet costs about ten times as much",
	 "sysctl -w net.core.bpf_jit_enable=1"},
	{"frags", offsetof(struct weir_facts, xdp_frags), WEIR_HEALTH_STOPS,
	 "XDP takes frames of several buffers", "XDP takes no frames of several buffers",
	 "the gate does not load", "boot Linux 6.1 or later"},
	{"hand-off", offsetof(struct weir_facts, sk_lookup), WEIR_HEALTH_STOPS,
	 "sk_lookup programs load", "sk_lookup programs do not load",
	 "connections cannot be handed to weir proxy",
	 "boot a kernel with CONFIG_BPF_SYSCALL=y and CONFIG_INET=y; Debian's have both"},
	{"ring buffer", offsetof(struct weir_facts, ring), WEIR_HEALTH_STOPS, "can be made",
	 "cannot be made", "the gate does not load", "boot Linux 6.1 or later"},
	{"membarrier", offsetof(struct weir_facts, membarrier), WEIR_HEALTH_COSTS,
	 "waits for every CPU", "refused",
	 "nothing: an apply waits for its grace period by an update of a map of maps", ""},
};

static void judge_part(const struct weir_facts *facts, const struct kernel_part *part,
		       struct weir_findings *findings)
{
	enum weir_answer answer = *(const enum weir_answer *)((const char *)facts + part->at);
	struct weir_finding *finding = add(findings, weir_health_of(answer, part->without), "%s",
					   part->subject);

	if (answer == WEIR_UNKNOWN) {
		found(finding, "not known");
		mend(finding, "nothing can be said about it", "run weir doctor as root");
		return;
	}
	found(finding, "%s", answer == WEIR_YES ? part->yes : part->no);
	if (answer == WEIR_NO)
		mend(finding, part->cost, "%s", part->mend);
}

/* `ip netns exec` has a /sys of its own, and a mount there would go with the command. */
static void judge_hidden_bpffs(struct weir_findings *findings)
{
	struct weir_finding *finding = add(findings, WEIR_HEALTH_STOPS, "bpffs");

	found(finding, "not to be seen in this mount namespace");
	mend(finding, "no gate is seen from here, and none can be loaded",
	     "nsenter --net=/run/netns/NAME in place of ip netns exec NAME");
}

static void judge_conntrack(const struct weir_facts *facts, struct weir_findings *findings)
{
	bool is_missed = facts->conntrack == WEIR_NO && facts->needs_conntrack;
	struct weir_finding *finding = add(findings, is_missed ? WEIR_HEALTH_STOPS : WEIR_HEALTH_OK,
					   "conntrack lookup");

	found(finding, "%s%s",
	      facts->conntrack == WEIR_YES  ? "there"
	      : facts->conntrack == WEIR_NO ? "not there"
					    : "not known",
	      facts->needs_conntrack ? "" : "; only `egress: nat` needs it");
	if (is_missed)
		mend(finding,
		     "answers to containers behind this machine's NAT cannot be told from "
		     "anything else: weir apply refuses",
		     "modprobe nf_conntrack");
}

static void judge_dispatcher(const struct weir_facts *facts, struct weir_findings *findings)
{
	struct weir_finding *finding = add(
		findings, weir_health_of(facts->dispatcher, WEIR_HEALTH_COSTS), "dispatcher");

	if (facts->dispatcher == WEIR_YES) {
		found(finding, "other XDP programs can share an interface with the gate");
		return;
	}
	found(finding, "%s", *facts->dispatcher_why ? facts->dispatcher_why : "not known");
	if (facts->dispatcher == WEIR_NO)
		mend(finding,
		     "the gate has its interfaces for itself: no other XDP program beside it",
		     "boot a kernel that allows such programs, as Debian's do");
	else
		mend(finding, "nothing can be said about it", "run weir doctor as root");
}

static void judge_memory(const struct weir_facts *facts, struct weir_findings *findings)
{
	bool is_known = facts->memory_bytes, is_little = facts->memory_bytes < MEMORY_LITTLE;
	struct weir_finding *finding = add(findings,
					   !is_known   ? WEIR_HEALTH_UNKNOWN
					   : is_little ? WEIR_HEALTH_COSTS
						       : WEIR_HEALTH_OK,
					   "memory");

	if (!is_known) {
		found(finding, "not known");
		mend(finding, "nothing can be said about it", "mount -t proc proc /proc");
		return;
	}
	found(finding, "%llu MB available", facts->memory_bytes >> 20);
	if (is_little)
		mend(finding, "a gate takes about 50 MB, and twice its lists while they change",
		     "free memory, or use shorter lists");
}

static void judge_bpf_stats(const struct weir_facts *facts, struct weir_findings *findings)
{
	struct weir_finding *finding;

	if (facts->bpf_stats != WEIR_YES)
		return;
	finding = add(findings, WEIR_HEALTH_COSTS, "BPF statistics");
	found(finding, "on");
	mend(finding, "the kernel reads its clock twice for every packet, about 40 ns",
	     "sysctl -w kernel.bpf_stats_enabled=0");
}

void weir_doctor_judge(const struct weir_facts *facts, struct weir_findings *ret_findings)
{
	struct weir_findings findings = {};

	judge_release(facts, &findings);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (facts->hides_bpffs && parts[i].at == offsetof(struct weir_facts, bpffs))
			judge_hidden_bpffs(&findings);
		else
			judge_part(facts, &parts[i], &findings);
	}
	judge_conntrack(facts, &findings);
	judge_dispatcher(facts, &findings);
	judge_memory(facts, &findings);
	judge_bpf_stats(facts, &findings);
	for (size_t i = 0; i < facts->nics_count; i++)
		weir_doctor_judge_nic(&facts->nics[i], facts->cpus, &findings);
	*ret_findings = findings;
}
