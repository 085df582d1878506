/* SPDX-License-Identifier: GPL-2.0-only */
/* The chunked coding, slowly: a body as a string that ends in a NUL and has none within. */
#ifndef WEIR_TESTS_SLOW_CHUNK_H
#define WEIR_TESTS_SLOW_CHUNK_H

#include <ctype.h>
#include <stdlib.h>

#include "slow/head.h"

/* What may stand in a value or an extension. */
static inline size_t value_span(const char *from)
{
	size_t size = 0;

	while (from[size] == '\t' || (__u8)from[size] >= 0x80 ||
	       (from[size] >= ' ' && from[size] < 0x7f))
		size++;
	return size;
}

/* Names as CGI sees them: case and `_` make no difference. */
static inline bool slow_trailer_name(const char *name, size_t size)
{
	static const char *const refused[] = {
		"content-length", "transfer-encoding", "host",      "connection",
		"expect",         "content-encoding",  "trailer",   "upgrade",
		"authorization",  "forwarded",         "x-real-ip", "x-request-id",
		"x-request-start"};
	char lower[256] = "";

	for (size_t i = 0; i < size && i < sizeof(lower) - 1; i++)
		lower[i] = name[i] == '_' ? '-' : (char)tolower(name[i]);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (!strcmp(lower, refused[i]))
			return false;
	return strncmp(lower, "x-forwarded-", 12) != 0;
}

/* The end of the trailer section that begins here, or NULL. */
static inline const char *slow_trailers(const char *at)
{
	while (strncmp(at, "\r\n", 2)) {
		const char *colon = strchr(at, ':');

		if (!colon || !is_token(at, colon) || !slow_trailer_name(at, colon - at))
			return NULL;
		at = colon + 1 + value_span(colon + 1);
		if (strncmp(at, "\r\n", 2))
			return NULL;
		at += 2;
	}
	return at + 2;
}

/* The end of the message, or NULL when it has none that is valid; its data behind ret_data. */
static inline const char *slow_chunk_read(const char *at, char *ret_data, size_t *ret_size)
{
	*ret_size = 0;
	for (;;) {
		size_t digits = strspn(at, "0123456789abcdefABCDEF"), size;

		if (!digits || digits > 15)
			return NULL;
		size = strtoull(at, NULL, 16);
		at += digits;
		if (*at == ';')
			at += 1 + value_span(at + 1);
		if (strncmp(at, "\r\n", 2))
			return NULL;
		at += 2;
		if (!size)
			return slow_trailers(at);
		if (strlen(at) < size || strncmp(at + size, "\r\n", 2))
			return NULL;
		memcpy(ret_data + *ret_size, at, size);
		*ret_size += size;
		at += size + 2;
	}
}

#endif
