/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waiting until no program runs that began before.
 */
#ifndef WEIR_KERNEL_GRACE_H
#define WEIR_KERNEL_GRACE_H

/*
 * Returns 0 once every run of every BPF program that was under way at the call has ended: a half
 * that the control word had left by then may be written. A negative errno where the kernel
 * offers no way to know; nothing may then be written.
 */
int weir_grace_period(void);

#endif
