/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What libbpf would print, kept for a diagnostic instead. Private to user/kernel.
 */
#ifndef WEIR_KERNEL_LIBBPF_LOG_H
#define WEIR_KERNEL_LIBBPF_LOG_H

/* From here on libbpf prints nothing; its last warning is kept. */
void weir_libbpf_log_start(void);

/* The last warning since the start, one line, or "" when there was none. Static. */
const char *weir_libbpf_log_last(void);

#endif
