/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal of live bans: a record that was read is written back as it was meant, and a torn or
 * damaged line never takes a whole one with it.
 */
#include "plan/journal.h"
#include "fuzz.h"
#include "weir/deny.h"

/* A line that is known to be whole, and later than what the input can say about its prefix. */
static size_t put_known(char to[static WEIR_RECORD_TEXT_MAX], struct weir_record *ret_record)
{
	*ret_record = (struct weir_record){.kind = WEIR_LIVE_BAN,
					   .prefix = {0xc0000200, 24},
					   .at_ns = ~0ULL >> 1,
					   .who = "known"};
	return weir_record_format(ret_record, to);
}

static void check_written(const struct weir_record *record)
{
	char text[WEIR_RECORD_TEXT_MAX];
	struct weir_record again;
	size_t size = weir_record_format(record, text);

	fuzz_check(size && size < WEIR_RECORD_TEXT_MAX && text[size - 1] == '\n');
	fuzz_check(!memchr(text, '\n', size - 1));
	fuzz_check(!weir_record_parse(text, size - 1, &again));
	fuzz_check(again.kind == record->kind && again.is_removal == record->is_removal &&
		   again.prefix.address == record->prefix.address &&
		   again.prefix.length == record->prefix.length && again.at_ns == record->at_ns &&
		   again.until_ns == record->until_ns && !strcmp(again.note, record->note));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size + 1 + WEIR_RECORD_TEXT_MAX);
	_cleanup_journal_ struct weir_journal journal = {0};
	struct weir_record known;

	fuzz_check(bytes);
	if (size)
		memcpy(bytes, data, size);
	bytes[size] = '\n';
	size += 1 + put_known(bytes + size + 1, &known);
	fuzz_check(!weir_journal_parse(bytes, size, 0, &journal));
	free(bytes);
	fuzz_check(weir_journal_find(&journal, known.kind, known.prefix));
	for (size_t i = 0; i < journal.count; i++) {
		fuzz_check(!journal.records[i].is_removal);
		check_written(&journal.records[i]);
		if (i)
			fuzz_check(weir_record_compare(&journal.records[i - 1],
						       &journal.records[i]) < 0);
	}
	return 0;
}
