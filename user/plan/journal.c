/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Journal text <-> records. What cannot be read is skipped and counted: one damaged line must not
 * cost the bans around it.
 */
#include "plan/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "weir/deny.h"

#define NS_PER_S 1000000000ULL

enum { CRC_DIGITS = 8 };

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

/* One word or one line of printable ASCII: whatever else was in it reads as `?`. */
static void clean(const char *from, char *to, size_t room, bool is_word)
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

size_t weir_record_format(const struct weir_record *record, char to[static WEIR_RECORD_TEXT_MAX])
{
	char prefix[WEIR_PREFIX_TEXT_MAX], who[WEIR_WHO_MAX], note[WEIR_NOTE_MAX];
	char *body = to + CRC_DIGITS + 1;
	char crc[CRC_DIGITS + 1];
	int size;

	clean(record->who, who, sizeof(who), true);
	clean(record->note, note, sizeof(note), false);
	size = snprintf(body, WEIR_RECORD_TEXT_MAX - CRC_DIGITS - 2,
			"%c %s %s %llu.%09llu %llu.%09llu %s%s%s", record->is_removal ? '-' : '+',
			record->kind == WEIR_LIVE_BAN ? "ban" : "release",
			weir_prefix_format(record->prefix, prefix), record->at_ns / NS_PER_S,
			record->at_ns % NS_PER_S, record->until_ns / NS_PER_S,
			record->until_ns % NS_PER_S, *who ? who : "?", *note ? " " : "", note);
	snprintf(crc, sizeof(crc), "%08x", crc32(body, size));
	memcpy(to, crc, CRC_DIGITS);
	to[CRC_DIGITS] = ' ';
	body[size] = '\n';
	body[size + 1] = 0;
	return CRC_DIGITS + 1 + size + 1;
}

/* `SECONDS.NNNNNNNNN`. */
static int parse_time(struct weir_token token, __u64 *ret_ns)
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

static int parse_kind(struct weir_token token, __u32 *ret_kind)
{
	*ret_kind = weir_token_is(token, "ban")       ? WEIR_LIVE_BAN
		    : weir_token_is(token, "release") ? WEIR_LIVE_RELEASE
						      : 0;
	return *ret_kind ? 0 : -EINVAL;
}

/* The words behind the checksum. The note is the rest of the line, as it stands. */
static int parse_body(const char *body, size_t size, struct weir_record *record)
{
	struct weir_line line = {.start = body, .at = body, .end = body + size};
	struct weir_token sign, kind, prefix, at, until, who;
	size_t left;

	if (!weir_line_take(&line, &sign) || !weir_line_take(&line, &kind) ||
	    !weir_line_take(&line, &prefix) || !weir_line_take(&line, &at) ||
	    !weir_line_take(&line, &until) || !weir_line_take(&line, &who))
		return -EINVAL;
	record->is_removal = weir_token_is(sign, "-");
	if ((!record->is_removal && !weir_token_is(sign, "+")) || who.size >= WEIR_WHO_MAX ||
	    parse_kind(kind, &record->kind) || parse_time(at, &record->at_ns) ||
	    parse_time(until, &record->until_ns) ||
	    weir_prefix_parse(prefix.text, prefix.size, &record->prefix, NULL, NULL))
		return -EINVAL;
	memcpy(record->who, who.text, who.size);
	while (line.at < line.end && *line.at == ' ')
		line.at++;
	left = line.end - line.at;
	if (left >= WEIR_NOTE_MAX)
		return -EINVAL;
	memcpy(record->note, line.at, left);
	return 0;
}

int weir_record_parse(const char *line, size_t size, struct weir_record *ret_record)
{
	struct weir_record record = {};
	char crc[CRC_DIGITS + 1];
	const char *body = line + CRC_DIGITS + 1;

	if (size <= CRC_DIGITS + 1 || line[CRC_DIGITS] != ' ')
		return -EINVAL;
	size -= CRC_DIGITS + 1;
	snprintf(crc, sizeof(crc), "%08x", crc32(body, size));
	if (memcmp(crc, line, CRC_DIGITS) || parse_body(body, size, &record))
		return -EINVAL;
	*ret_record = record;
	return 0;
}

int weir_record_compare(const void *a, const void *b)
{
	const struct weir_record *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->prefix.address != y->prefix.address)
		return x->prefix.address < y->prefix.address ? -1 : 1;
	return x->prefix.length - y->prefix.length;
}

/* A record and when it was written: qsort(3) is not stable, and the latest counts. */
struct numbered {
	struct weir_record record;
	size_t number;
};

static int compare_numbered(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	int order = weir_record_compare(&x->record, &y->record);

	return order ?: (x->number > y->number) - (x->number < y->number);
}

/* The last of each run of equal prefixes, unless it removes or has expired. */
static int keep_latest(struct numbered *all, size_t count, __u64 now_ns,
		       struct weir_journal *journal)
{
	qsort(all, count, sizeof(*all), compare_numbered);
	journal->records = calloc(count, sizeof(*journal->records));
	if (!journal->records)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct weir_record *record = &all[i].record;

		if (i + 1 < count && !weir_record_compare(record, &all[i + 1].record))
			continue;
		if (!record->is_removal && (!record->until_ns || record->until_ns > now_ns))
			journal->records[journal->count++] = *record;
	}
	return 0;
}

int weir_journal_parse(const char *bytes, size_t size, __u64 now_ns,
		       struct weir_journal *ret_journal)
{
	struct weir_journal journal = {};
	_cleanup_free_ struct numbered *all = NULL;
	const char *at = bytes, *end = bytes + size, *newline;
	size_t count = 0;
	int r;

	for (; at < end && (newline = memchr(at, '\n', end - at)); at = newline + 1) {
		struct weir_record record;
		struct numbered *next;

		if (newline == at)
			continue;
		if (weir_record_parse(at, newline - at, &record)) {
			journal.damaged_lines++;
			continue;
		}
		next = weir_array_add(&all, &count);
		if (!next)
			return -ENOMEM;
		*next = (struct numbered){record, count};
	}
	r = count ? keep_latest(all, count, now_ns, &journal) : 0;
	if (r)
		return r;
	*ret_journal = journal;
	return 0;
}

void weir_journal_done(struct weir_journal *journal)
{
	free(journal->records);
	*journal = (struct weir_journal){};
}

const struct weir_record *weir_journal_find(const struct weir_journal *journal, __u32 kind,
					    struct weir_prefix prefix)
{
	const struct weir_record wanted = {.kind = kind, .prefix = prefix};

	if (!journal->count)
		return NULL;
	return bsearch(&wanted, journal->records, journal->count, sizeof(wanted),
		       weir_record_compare);
}
