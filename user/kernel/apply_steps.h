/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of weir_apply that are a matter of their own. Private to kernel/apply*.c.
 *
 *   apply_files.c   what the files say: checked, made a generation, remembered once it is in force
 *   apply_gate.c    the gate that takes it: found or loaded, large enough, tried
 *   apply.c         their order, and the flip
 *
 * Each returns 0 or a negative errno with a diagnostic, and works on the one `struct apply`, whose
 * parts apply.c frees.
 */
#ifndef WEIR_KERNEL_APPLY_STEPS_H
#define WEIR_KERNEL_APPLY_STEPS_H

#include "kernel/apply.h"
#include "kernel/generation.h"

struct apply {
	const struct weir_paths *paths;
	const struct weir_config *config;
	const struct weir_apply_options *options;
	struct weir_diags *diags;
	int lock; /* apply.lock */
	struct weir_maps maps;
	struct weir_generation *generation;
	__u32 *ingress; /* host order, sorted */
	size_t ingress_count;
	__u32 half;
	struct weir_applied done;
};

/* May these files be applied at all? Before anything is locked. */
int weir_apply_check_files(const struct apply *apply);

/* The files, or their lists and the rest as it is in force -> `generation`, `ingress`. */
int weir_apply_build(struct apply *apply);

/* Keep copies of what is in force now, where asked to. A copy that fails is a warning. */
void weir_apply_remember(const struct apply *apply);

/* The gate that is pinned, with what a killed command left undone done; no gate is no error. */
int weir_apply_open_gate(struct apply *apply);

/* A new gate with maps of its own, which nobody sees until it is pinned. */
int weir_apply_load_first(struct apply *apply);

/* Another live_max: a table of that size, unless more is in it. */
int weir_apply_resize_live(struct apply *apply);

/* The generation into the half that is not in force, judged there by known packets. */
int weir_apply_write_and_try(struct apply *apply);

#endif
