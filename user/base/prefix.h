/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPv4 addresses and prefixes as people write them.
 */
#ifndef WEIR_BASE_PREFIX_H
#define WEIR_BASE_PREFIX_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct weir_prefix {
	__u32 address; /* host order; bits beyond length are 0 */
	__u8 length;   /* 0 to 32 */
};

enum { WEIR_PREFIX_TEXT_MAX = sizeof("255.255.255.255/32") };

/* 0.0.0.0 for length 0: never shifts by 32. */
static inline __u32 weir_prefix_mask(__u8 length)
{
	return length ? ~0U << (32 - length) : 0;
}

static inline __u32 weir_prefix_last(struct weir_prefix prefix)
{
	return prefix.address | ~weir_prefix_mask(prefix.length);
}

static inline bool weir_prefix_has(struct weir_prefix prefix, __u32 address)
{
	return (address & weir_prefix_mask(prefix.length)) == prefix.address;
}

struct weir_prefixes {
	const struct weir_prefix *items;
	size_t count;
};

/* Does one of them hold the address, host order? Reads them all: for a few hundred at most. */
static inline bool weir_prefixes_have(const struct weir_prefixes *prefixes, __u32 address)
{
	for (size_t i = 0; i < prefixes->count; i++)
		if (weir_prefix_has(prefixes->items[i], address))
			return true;
	return false;
}

/*
 * Read exactly `size` bytes as a dotted address, strictly: four decimal parts of 0 to 255,
 * without leading zeros. Host order.
 * Returns 0, or -EINVAL and, where ret_why is not NULL, what is wrong in a few static words.
 */
int weir_address_parse(const char *text, size_t size, __u32 *ret_address, const char **ret_why);

/*
 * Read exactly `size` bytes as `a.b.c.d` (then length 32) or `a.b.c.d/n`. Host bits are masked
 * off and reported through ret_had_host_bits (may be NULL).
 * Returns 0, or -EINVAL and why.
 */
int weir_prefix_parse(const char *text, size_t size, struct weir_prefix *ret_prefix,
		      bool *ret_had_host_bits, const char **ret_why);

/* Write `a.b.c.d/n`, or `a.b.c.d` alone for length 32; always ends in NUL. Returns `to`. */
char *weir_prefix_format(struct weir_prefix prefix, char to[static WEIR_PREFIX_TEXT_MAX]);
char *weir_address_format(__u32 address, char to[static WEIR_PREFIX_TEXT_MAX]);

#endif
