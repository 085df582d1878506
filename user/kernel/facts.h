/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this kernel, these interfaces and this process allow: found by trying, on nothing that is
 * in use. Programs are loaded and thrown away; none is attached.
 */
#ifndef WEIR_KERNEL_FACTS_H
#define WEIR_KERNEL_FACTS_H

#include "base/diag.h"
#include "report/doctor.h"

/*
 * Gather the facts about the kernel, and about the interfaces `names` of this network namespace;
 * `names_count` 0: about all that are up, loopback apart. An interface that is not there is an
 * error. Returns 0 or a negative errno with a diagnostic; weir_facts_done the result.
 */
int weir_facts_gather(const char *const *names, size_t names_count, struct weir_diags *diags,
		      struct weir_facts *ret_facts);
void weir_facts_done(struct weir_facts *facts);

/* A number in a file of /proc or /sys, not negative; -1: there is none. */
long weir_facts_number(const char *path);

/* One interface; for weir_facts_gather. Returns 0 or a negative errno (-ENODEV: not there). */
int weir_facts_nic(const char *name, struct weir_nic_facts *ret_nic);

#endif
