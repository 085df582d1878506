/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libbpf's print callback -> the last warning, as one line. A verifier log is many lines, of
 * which the last that has words is kept: it says what was refused.
 */
#include "kernel/libbpf_log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

static char last[256];

__attribute__((format(printf, 2, 0))) static int keep(enum libbpf_print_level level,
						      const char *format, va_list arguments)
{
	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(last, sizeof(last), format, arguments);
	last[strcspn(last, "\n")] = 0;
	return 0;
}

void weir_libbpf_log_start(void)
{
	last[0] = 0;
	libbpf_set_print(keep);
}

const char *weir_libbpf_log_last(void)
{
	return last;
}
