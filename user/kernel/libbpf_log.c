/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libbpf's and libxdp's print callbacks -> the last warning, as one line. A verifier log is many lines, of
 * which the last that has words is kept: it says what was refused.
 */
#include "kernel/libbpf_log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <xdp/libxdp.h>

static char last[256];

__attribute__((format(printf, 1, 0))) static int keep(const char *format, va_list arguments)
{
	vsnprintf(last, sizeof(last), format, arguments);
	last[strcspn(last, "\n")] = 0;
	return 0;
}

__attribute__((format(printf, 2, 0))) static int from_libbpf(enum libbpf_print_level level,
							     const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? keep(format, arguments) : 0;
}

__attribute__((format(printf, 2, 0))) static int from_libxdp(enum libxdp_print_level level,
							     const char *format, va_list arguments)
{
	return level == LIBXDP_WARN ? keep(format, arguments) : 0;
}

void weir_libbpf_log_start(void)
{
	last[0] = 0;
	libbpf_set_print(from_libbpf);
	libxdp_set_print(from_libxdp);
}

const char *weir_libbpf_log_last(void)
{
	return last;
}
