/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One pin: opened only as what it must be. A pin's name says nothing, and the kernel fills in the
 * description of a map where a program's was asked for.
 */
#ifndef WEIR_KERNEL_PIN_H
#define WEIR_KERNEL_PIN_H

#include "base/diag.h"

enum weir_pin_kind { WEIR_PIN_MAP, WEIR_PIN_PROGRAM, WEIR_PIN_LINK };

/*
 * Open the pin at `path`. Returns 0; -ENOENT, without a diagnostic, where there is none; -EPROTO
 * with a diagnostic where it is of another kind; or another negative errno with a diagnostic.
 */
int weir_pin_open(const char *path, enum weir_pin_kind kind, struct weir_diags *diags, int *ret_fd);

/* The same for a pin that its folder has just listed: -ENOENT has a diagnostic too. */
int weir_pin_open_listed(const char *path, enum weir_pin_kind kind, struct weir_diags *diags,
			 int *ret_fd);

/* An interface's name as a pin's, and back: bpffs takes no dot, and only an alias has a colon. */
void weir_pin_name_encode(char *interface);
void weir_pin_name_decode(char *pin_name);

#endif
