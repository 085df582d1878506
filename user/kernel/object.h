/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading the gate's program: new, as a twin of the live one, or in its place.
 */
#ifndef WEIR_KERNEL_OBJECT_H
#define WEIR_KERNEL_OBJECT_H

#include "kernel/maps.h"

enum { WEIR_HALF_IN_FORCE = -1 };

struct weir_load {
	const struct weir_maps *share; /* use these maps; NULL: new ones */
	size_t blocks_max;             /* not 0: weir_blocks is new, with so many entries */
	size_t live_max;               /* likewise for weir_live */
	bool is_twin;    /* charges and counts nothing, and returns the reason's number */
	__u32 owner;     /* not 0: judges only while the control word names it as the owner */
	int forced_half; /* WEIR_HALF_IN_FORCE, 0 or 1 */
};

/*
 * Load the program. Returns 0 and its descriptor, or a negative errno with a diagnostic that
 * has what the kernel said.
 */
int weir_gate_load(const struct weir_load *load, struct weir_diags *diags, int *ret_program_fd);

/* The gate opened and prepared, but not loaded: libxdp loads what it attaches by itself. */
struct weir_gate;
int weir_gate_prepare(const struct weir_load *load, struct weir_diags *diags,
		      struct weir_gate **ret_gate);
void weir_gate_free(struct weir_gate **gate);

#define _cleanup_gate_ __attribute__((cleanup(weir_gate_free)))

/* Tells the object that this release embeds from that of any other. */
__u64 weir_gate_fingerprint(void);

/*
 * The tag of a program: the same for two loads of the same instructions, whatever their maps.
 * Returns 0 or a negative errno.
 */
int weir_program_tag(int program_fd, __u64 *ret_tag);

#endif
