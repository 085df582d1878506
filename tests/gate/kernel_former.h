/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A gate of the release before, made from a live one: a program that uses its maps, but for a
 * weir_control of the former size. It drops every packet, which tells it from the gate.
 */
#ifndef WEIR_TESTS_KERNEL_FORMER_H
#define WEIR_TESTS_KERNEL_FORMER_H

#include "kernel_lab.h"

/* Put a gate of that layout in the place of the live one, on every interface or but one (or NULL). */
void former_put(struct lab *lab, __u32 layout, const char *but);

/* The trial of the policy that runs in the former gate, which is in place, ends now. */
void former_end_trial(struct lab *lab);

#endif
