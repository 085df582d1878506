/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes put one behind the other: heads and log lines are written by hand, because printf would take
 * as long as all the rest of a request.
 *
 *   to = weir_put_number(weir_put_text(to, "t="), 17);
 *
 * Each returns where the next byte goes. The caller knows that there is room; no NUL is written.
 */
#ifndef WEIR_PROXY_PUT_H
#define WEIR_PROXY_PUT_H

#include <string.h>

#include "sniff/sniff.h"

static inline char *weir_put(char *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return to + size;
}

static inline char *weir_put_text(char *to, const char *text)
{
	return weir_put(to, text, strlen(text));
}

/* A part of a head. */
static inline char *weir_put_span(char *to, const char *head, struct weir_span span)
{
	return weir_put(to, head + span.at, span.size);
}

/* In decimal. */
static inline char *weir_put_number(char *to, __u64 number)
{
	int digits = 1;
	char *end, *at;

	for (__u64 left = number; left >= 10; left /= 10)
		digits++;
	end = at = to + digits;
	do
		*--at = '0' + number % 10;
	while (number /= 10);
	return end;
}

/* `a.b.c.d`, from network order. */
static inline char *weir_put_address(char *to, __be32 address)
{
	__u8 bytes[4];

	memcpy(bytes, &address, sizeof(bytes));
	to = weir_put_number(to, bytes[0]);
	for (int i = 1; i < 4; i++) {
		*to++ = '.';
		to = weir_put_number(to, bytes[i]);
	}
	return to;
}

#endif
