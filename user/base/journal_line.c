/* SPDX-License-Identifier: GPL-2.0-only */
/* Checksums, times and cleaned words: journal lines <-> their bodies. */
#include "base/journal_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000ULL

static __u32 crc32(const char *bytes, size_t size)
{
	__u32 crc = ~0U;

	for (size_t i = 0; i < size; i++) {
		crc ^= (unsigned char)bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

size_t weir_journal_line_seal(char *line, size_t body_size)
{
	char *body = line + WEIR_JOURNAL_HEAD;
	char crc[WEIR_JOURNAL_HEAD];

	snprintf(crc, sizeof(crc), "%08x", crc32(body, body_size));
	memcpy(line, crc, WEIR_JOURNAL_HEAD - 1);
	line[WEIR_JOURNAL_HEAD - 1] = ' ';
	body[body_size] = '\n';
	body[body_size + 1] = 0;
	return WEIR_JOURNAL_HEAD + body_size + 1;
}

int weir_journal_line_open(const char *line, size_t size, const char **ret_body, size_t *ret_size)
{
	char crc[WEIR_JOURNAL_HEAD];
	const char *body = line + WEIR_JOURNAL_HEAD;

	if (size <= WEIR_JOURNAL_HEAD || line[WEIR_JOURNAL_HEAD - 1] != ' ')
		return -EINVAL;
	size -= WEIR_JOURNAL_HEAD;
	snprintf(crc, sizeof(crc), "%08x", crc32(body, size));
	if (memcmp(crc, line, WEIR_JOURNAL_HEAD - 1))
		return -EINVAL;
	*ret_body = body;
	*ret_size = size;
	return 0;
}

void weir_journal_clean(const char *from, char *to, size_t room, bool is_word)
{
	size_t i = 0;

	for (; *from && i + 1 < room; from++)
		to[i++] = *from > ' ' && *from <= '~' ? *from
			  : *from == ' ' && !is_word  ? ' '
						      : '?';
	while (i && to[i - 1] == ' ')
		i--;
	to[i] = 0;
}

int weir_journal_time_parse(struct weir_token token, __u64 *ret_ns)
{
	char text[32], *end;
	unsigned long long seconds, rest;

	if (token.size < 11 || token.size >= sizeof(text) || token.text[token.size - 10] != '.')
		return -EINVAL;
	memcpy(text, token.text, token.size);
	text[token.size] = 0;
	text[token.size - 10] = 0;
	errno = 0;
	seconds = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || seconds > ~0ULL / NS_PER_S - 1)
		return -EINVAL;
	if (strspn(text + token.size - 9, "0123456789") != 9)
		return -EINVAL;
	rest = strtoull(text + token.size - 9, NULL, 10);
	*ret_ns = seconds * NS_PER_S + rest;
	return 0;
}
