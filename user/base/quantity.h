/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sizes, rates and durations as people write them. k, M, G, T are decimal, Ki, Mi, Gi, Ti are
 * binary; a number may have a fraction (1.6GB). What does not fit is an error, never a wrap.
 *
 * Each takes exactly `size` bytes and returns 0, -EINVAL (with why, a few static words) or
 * -ERANGE (likewise).
 */
#ifndef WEIR_BASE_QUANTITY_H
#define WEIR_BASE_QUANTITY_H

#include <linux/types.h>
#include <stddef.h>

enum { WEIR_QUANTITY_TEXT_MAX = 32 };

/* `1.6GB`, `64KiB`, `512B`, `75MiB`. A unit is required, except for 0. */
int weir_bytes_parse(const char *text, size_t size, __u64 *ret_bytes, const char **ret_why);

/* `20MB/s`, `160Mbit/s`, `1.25GB/s`: bytes per second; bits that are no whole byte are refused. */
int weir_rate_parse(const char *text, size_t size, __u64 *ret_bytes_per_s, const char **ret_why);

/* `90s`, `15m`, `1h`, `7d`, `500ms`, `1h30m`: nanoseconds, more than 0. */
int weir_duration_parse(const char *text, size_t size, __u64 *ret_ns, const char **ret_why);

/* The shortest exact decimal form: 20000000 -> `20MB`. The parsers read back what these write. */
char *weir_bytes_format(__u64 bytes, char to[static WEIR_QUANTITY_TEXT_MAX]);
char *weir_rate_format(__u64 bytes_per_s, char to[static WEIR_QUANTITY_TEXT_MAX]);

/* Whole seconds, the two largest units: 5400 -> `1h30m`. For people, rounded down. */
char *weir_duration_format(__u64 ns, char to[static WEIR_QUANTITY_TEXT_MAX]);

#endif
