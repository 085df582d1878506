/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a machine allows -> what that costs and what mends it. Pure: the facts are gathered by
 * user/kernel, the judgement is here.
 */
#ifndef WEIR_REPORT_DOCTOR_H
#define WEIR_REPORT_DOCTOR_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

/* Where nothing could be learnt, a report says so and does not guess. */
enum weir_answer { WEIR_UNKNOWN = -1, WEIR_NO, WEIR_YES };

struct weir_nic_facts {
	char name[IF_NAMESIZE];
	char driver[32]; /* "" unknown */
	__u32 mtu;
	__u32 queues;             /* that receive; 0: not known */
	__u32 queues_max;         /* that the device could have; 0: not known */
	bool queues_are_combined; /* with those that send, as `ethtool -L` takes them */
	__u32 cpus;               /* that their interrupts go to; 0: not known */
	bool is_up;
	bool is_filtered; /* by this gate */
	enum weir_answer native, frags;
	enum weir_answer lro;
	__u32 rp_filter; /* the stricter of the interface's and that of all */
};

struct weir_facts {
	char release[65];
	__u32 major, minor;
	__u32 cpus;
	__u64 memory_bytes; /* that a new map may take; 0: not known */
	bool is_privileged; /* may load programs: without it, what is about BPF is not known */
	enum weir_answer btf, bpffs, jit, xdp_frags, sk_lookup, conntrack, ring, membarrier;
	bool hides_bpffs; /* this mount namespace is not the machine's, and has none */
	enum weir_answer dispatcher;
	char dispatcher_why[128];   /* why not */
	enum weir_answer bpf_stats; /* the kernel measures every program */
	bool needs_conntrack;       /* egress: nat */
	struct weir_nic_facts *nics;
	size_t nics_count;
};

enum weir_health {
	WEIR_HEALTH_OK,
	WEIR_HEALTH_UNKNOWN,
	WEIR_HEALTH_COSTS, /* works, but less well */
	WEIR_HEALTH_STOPS, /* the gate, or a part of it, does not work */
};

enum { WEIR_FINDING_TEXT_MAX = 256 };

struct weir_finding {
	char subject[48]; /* `kernel`, `wan: LRO` */
	enum weir_health health;
	char found[WEIR_FINDING_TEXT_MAX];
	const char *cost; /* NULL where health is OK */
	char mend
		[WEIR_FINDING_TEXT_MAX]; /* a command, or what to do; "" where nothing can be done */
};

struct weir_findings {
	struct weir_finding *items;
	size_t count;
	bool is_incomplete; /* out of memory */
};

/* Every finding, in an order that does not change. free with weir_findings_done. */
void weir_doctor_judge(const struct weir_facts *facts, struct weir_findings *ret_findings);
void weir_findings_done(struct weir_findings *findings);

/* The gravest of them. */
enum weir_health weir_findings_worst(const struct weir_findings *findings);

/* free(3) what these return; NULL when memory runs out. */
char *weir_doctor_table(const struct weir_findings *findings);

/* [{"subject", "health": "ok|unknown|costs|stops", "found", "cost", "mend"}] */
char *weir_doctor_json(const struct weir_findings *findings);

#endif
