/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal of live bans, its lines as they come and sealed with the checksum that they should have:
 * what is in effect is what the latest line of each prefix says, a record that was read is written back
 * as it was meant, and a torn or damaged line never takes a whole one with it.
 */
#include "plan/journal.h"
#include "fuzz.h"
#include "weir/deny.h"

enum { LINES_MAX = 100 };

static const __u64 now_ns = 1700000000000000000;

/* A line that is known to be whole, and later than what the input can say about its prefix. */
static size_t put_known(char to[static WEIR_RECORD_TEXT_MAX], struct weir_record *ret_record)
{
	*ret_record = (struct weir_record){.kind = WEIR_LIVE_BAN,
					   .prefix = {0xc0000200, 24},
					   .at_ns = ~0ULL >> 1,
					   .who = "known"};
	return weir_record_format(ret_record, to);
}

static bool is_same(const struct weir_record *a, const struct weir_record *b)
{
	return a->kind == b->kind && a->is_removal == b->is_removal &&
	       a->prefix.address == b->prefix.address && a->prefix.length == b->prefix.length &&
	       a->at_ns == b->at_ns && a->until_ns == b->until_ns;
}

/* Whatever was in its words, they are printable from here on, and stay as they are. */
static void check_written(const struct weir_record *record)
{
	char text[WEIR_RECORD_TEXT_MAX], twice[WEIR_RECORD_TEXT_MAX];
	struct weir_record again;
	size_t size = weir_record_format(record, text);

	fuzz_check(size && size < WEIR_RECORD_TEXT_MAX && text[size - 1] == '\n');
	for (size_t i = 0; i < size - 1; i++)
		fuzz_check(text[i] >= ' ' && text[i] <= '~');
	fuzz_check(!weir_record_parse(text, size - 1, &again) && is_same(record, &again));
	fuzz_check(weir_record_format(&again, twice) == size && !memcmp(text, twice, size));
}

/* Slowly: from the last line to the first, the first that names a prefix is the one that counts. */
static void check_latest(const struct weir_journal *journal, const char *bytes, size_t size)
{
	static struct weir_record latest[LINES_MAX];
	const char *end = bytes + size, *start;
	size_t known = 0, in_effect = 0, lines = 0;

	for (; end > bytes && lines < LINES_MAX; end = start, lines++) {
		struct weir_record record;
		bool is_known = false;

		start = memrchr(bytes, '\n', end - 1 - bytes);
		start = start ? start + 1 : bytes;
		if (weir_record_parse(start, end - 1 - start, &record))
			continue;
		for (size_t i = 0; i < known; i++)
			is_known = is_known || !weir_record_compare(&latest[i], &record);
		if (is_known)
			continue;
		latest[known++] = record;
		in_effect += !record.is_removal && (!record.until_ns || record.until_ns > now_ns);
	}
	if (end > bytes)
		return;
	fuzz_check(journal->count == in_effect);
	for (size_t i = 0; i < known; i++) {
		const struct weir_record *found = weir_journal_find(journal, latest[i].kind,
								    latest[i].prefix);

		fuzz_check(!found || is_same(found, &latest[i]));
	}
}

/* `bytes` is the input with a newline behind it and room for the known line. */
static void check_journal(char *bytes, size_t size)
{
	_cleanup_journal_ struct weir_journal journal = {0};
	struct weir_record known;

	size += put_known(bytes + size, &known);
	fuzz_check(!weir_journal_parse(bytes, size, now_ns, &journal));
	fuzz_check(weir_journal_find(&journal, known.kind, known.prefix));
	for (size_t i = 0; i < journal.count; i++) {
		const struct weir_record *record = &journal.records[i];

		fuzz_check(!record->is_removal && (!record->until_ns || record->until_ns > now_ns));
		check_written(record);
		fuzz_check(!i || weir_record_compare(record - 1, record) < 0);
	}
	check_latest(&journal, bytes, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t sealed_size;
	char *bytes = malloc(size + 1 + WEIR_RECORD_TEXT_MAX);
	char *sealed = fuzz_seal_lines(data, size, WEIR_RECORD_TEXT_MAX, &sealed_size);

	fuzz_check(bytes);
	if (size)
		memcpy(bytes, data, size);
	bytes[size] = '\n';
	check_journal(bytes, size + 1);
	check_journal(sealed, sealed_size);
	free(sealed);
	free(bytes);
	return 0;
}
