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
#include "base/journal_line.h"
#include "base/text.h"
#include "weir/deny.h"

size_t weir_record_format(const struct weir_record *record, char to[static WEIR_RECORD_TEXT_MAX])
{
	char prefix[WEIR_PREFIX_TEXT_MAX], who[WEIR_WHO_MAX], note[WEIR_NOTE_MAX];
	int size;

	weir_journal_clean(record->who, who, sizeof(who), true);
	weir_journal_clean(record->note, note, sizeof(note), false);
	size = snprintf(
		to + WEIR_JOURNAL_HEAD, WEIR_RECORD_TEXT_MAX - WEIR_JOURNAL_HEAD - 1,
		"%c %s %s " WEIR_JOURNAL_TIME " " WEIR_JOURNAL_TIME " %s%s%s",
		record->is_removal ? '-' : '+', record->kind == WEIR_LIVE_BAN ? "ban" : "release",
		weir_prefix_format(record->prefix, prefix), WEIR_JOURNAL_TIME_ARG(record->at_ns),
		WEIR_JOURNAL_TIME_ARG(record->until_ns), *who ? who : "?", *note ? " " : "", note);
	return weir_journal_line_seal(to, size);
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
	    parse_kind(kind, &record->kind) || weir_journal_time_parse(at, &record->at_ns) ||
	    weir_journal_time_parse(until, &record->until_ns) ||
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
	const char *body;
	size_t body_size;

	if (weir_journal_line_open(line, size, &body, &body_size) ||
	    parse_body(body, body_size, &record))
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
