/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A gate of its own for each test: a network namespace, an instance named after the process, a
 * configuration in memory, and packets through the program that is really loaded. Everything
 * goes again in lab_done, whatever the test left.
 */
#ifndef WEIR_TESTS_KERNEL_LAB_H
#define WEIR_TESTS_KERNEL_LAB_H

#include "config/config.h"
#include "kernel/apply.h"
#include "kernel/attach.h"
#include "kernel/paths.h"
#include "kernel/trial.h"

enum { LAB_INGRESS_MAX = 8, LAB_LISTED_MAX = 4096 };

struct lab {
	char instance[32];
	struct weir_paths paths;
	struct weir_config config; /* every pointer of it leads into this struct */
	struct weir_ingress ingress[LAB_INGRESS_MAX];
	struct weir_list denylist;
	struct weir_listed listed[LAB_LISTED_MAX];
	struct weir_listed allowed[LAB_LISTED_MAX];
	struct weir_diags diags;
};

/*
 * Enter a new network namespace with lo up. The configuration has ingress 198.18.0.1 and
 * 198.18.0.2, ports 80 and 443, and denies 203.0.113.0/24.
 */
void lab_init(struct lab *lab);
void lab_done(struct lab *lab);

/* weir_apply with what lab->config says. Fails the test unless it returns 0. */
void lab_apply(struct lab *lab);

/* The same, returning what it returned; diagnostics are in lab->diags. */
int lab_try_apply(struct lab *lab, __u64 try_ns);

/* Attach for good, likewise. */
struct weir_attached lab_attach(struct lab *lab, const char *interface, enum weir_mode mode);
int lab_try_attach(struct lab *lab, const char *interface, enum weir_mode mode,
		   struct weir_attached *ret_attached);

/* Deny or allow one more prefix in the files. */
void lab_deny(struct lab *lab, const char *prefix);
void lab_allow(struct lab *lab, const char *prefix);

/*
 * Deny 10.N.M.1 in as many /24 networks as one list holds. One apply still fits the blocks that
 * the first one made; the second makes them grow.
 */
void lab_deny_many(struct lab *lab);

/* What the live program does with a SYN: XDP_PASS or XDP_DROP. Charges and counts it. */
int lab_send(struct lab *lab, const char *source, const char *destination, __u16 port);

/* What was said, in one string, for messages. */
const char *lab_said(const struct lab *lab);

#endif
