/* SPDX-License-Identifier: GPL-2.0-only */
/* The journal's text: what is written is read back, and damage costs no more than its line. */
#include "plan/journal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/journal_line.h"
#include "guard.h"
#include "weir/deny.h"

#define S 1000000000ULL

static struct weir_record ban(const char *prefix, __u64 until_ns, const char *note)
{
	struct weir_record record = {.kind = WEIR_LIVE_BAN, .at_ns = 1700000000 * S + 5};

	cr_assert_eq(weir_prefix_parse(prefix, strlen(prefix), &record.prefix, NULL, NULL), 0);
	record.until_ns = until_ns;
	strcpy(record.who, "alice");
	strcpy(record.note, note);
	return record;
}

static size_t write_all(const struct weir_record *records, size_t count, char *to)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += weir_record_format(&records[i], to + size);
	return size;
}

Test(plan_journal, reads_back_what_it_wrote)
{
	struct weir_record record = ban("192.0.2.0/24", 1700003600 * S + 999999999, "port scan 22");
	struct weir_record back = {};
	char text[WEIR_RECORD_TEXT_MAX];
	size_t size = weir_record_format(&record, text);

	cr_assert_eq(text[size - 1], '\n');
	cr_assert_eq(weir_record_parse(text, size - 1, &back), 0, "%s", text);
	cr_expect_eq(back.kind, record.kind);
	cr_expect_eq(back.prefix.address, record.prefix.address);
	cr_expect_eq(back.prefix.length, record.prefix.length);
	cr_expect_eq(back.at_ns, record.at_ns);
	cr_expect_eq(back.until_ns, record.until_ns);
	cr_expect_not(back.is_removal);
	cr_expect_str_eq(back.who, "alice");
	cr_expect_str_eq(back.note, "port scan 22");
}

Test(plan_journal, note_cannot_forge_a_line)
{
	struct weir_record record = ban("192.0.2.1", 0, "a\n00000000 - ban 192.0.2.1\x1b[31m");
	char text[WEIR_RECORD_TEXT_MAX];
	size_t size = weir_record_format(&record, text);

	cr_expect_eq(strchr(text, '\n'), text + size - 1);
	cr_expect_null(strchr(text, '\x1b'));
}

Test(plan_journal, longest_record_fits_its_line)
{
	struct weir_record record = ban("255.255.255.254/31", ~0ULL, ""), back;
	char text[WEIR_RECORD_TEXT_MAX];
	size_t size;

	record.at_ns = ~0ULL - S;
	record.until_ns = ~0ULL - S;
	record.kind = WEIR_LIVE_RELEASE;
	memset(record.who, 'w', WEIR_WHO_MAX - 1);
	memset(record.note, 'n', WEIR_NOTE_MAX - 1);
	record.note[WEIR_NOTE_MAX - 1] = 0;
	size = weir_record_format(&record, text);
	cr_expect_lt(size, WEIR_RECORD_TEXT_MAX);
	cr_assert_eq(weir_record_parse(text, size - 1, &back), 0, "%s", text);
	cr_expect_str_eq(back.note, record.note);
	cr_expect_eq(back.at_ns, record.at_ns);
}

Test(plan_journal, longer_words_than_fit_a_record_are_damage)
{
	char line[WEIR_JOURNAL_HEAD + 1000];
	struct weir_record back;

	for (int longer = 0; longer < 3; longer++) {
		int size = sprintf(line + WEIR_JOURNAL_HEAD,
				   "+ ban 192.0.2.1/32 1700000000.000000005 0.000000000 %0*d %0*d",
				   WEIR_WHO_MAX - 1 + (longer == 1), 0,
				   WEIR_NOTE_MAX - 1 + (longer == 2), 0);

		size = weir_journal_line_seal(line, size);
		cr_expect_eq(weir_record_parse(line, size - 1, &back), longer ? -EINVAL : 0, "%s",
			     line);
	}
}

Test(plan_journal, every_flipped_bit_is_noticed)
{
	struct weir_record record = ban("198.51.100.0/25", 1700003600 * S, "x"), back;
	char text[WEIR_RECORD_TEXT_MAX];
	size_t size = weir_record_format(&record, text) - 1;

	for (size_t bit = 0; bit < 8 * size; bit++) {
		text[bit / 8] ^= 1 << bit % 8;
		cr_expect_neq(weir_record_parse(text, size, &back), 0, "bit %zu", bit);
		text[bit / 8] ^= 1 << bit % 8;
	}
}

Test(plan_journal, no_prefix_of_a_line_is_a_record)
{
	struct weir_record record = ban("198.51.100.0/25", 1700003600 * S, "some note"), back;
	char text[WEIR_RECORD_TEXT_MAX];
	size_t size = weir_record_format(&record, text) - 1;

	for (size_t cut = 0; cut < size; cut++) {
		struct guard guard = guard_of(text, cut);

		cr_expect_neq(weir_record_parse(guard.bytes, cut, &back), 0, "%zu bytes", cut);
		guard_done(&guard);
	}
}

Test(plan_journal, latest_record_of_a_prefix_counts)
{
	struct weir_record records[] = {
		ban("192.0.2.1", 0, "first"),  ban("192.0.2.2", 0, "stays"),
		ban("192.0.2.1", 0, "second"), ban("192.0.2.3", 0, "goes"),
		ban("192.0.2.3", 0, ""),
	};
	_cleanup_journal_ struct weir_journal journal = {};
	char text[5 * WEIR_RECORD_TEXT_MAX];

	records[4].is_removal = true;
	cr_assert_eq(weir_journal_parse(text, write_all(records, 5, text), 0, &journal), 0);
	cr_assert_eq(journal.count, 2);
	cr_expect_str_eq(journal.records[0].note, "second");
	cr_expect_str_eq(journal.records[1].note, "stays");
	cr_expect_null(weir_journal_find(&journal, WEIR_LIVE_BAN, records[4].prefix));
	cr_expect_not_null(weir_journal_find(&journal, WEIR_LIVE_BAN, records[1].prefix));
	cr_expect_null(weir_journal_find(&journal, WEIR_LIVE_RELEASE, records[1].prefix));
}

Test(plan_journal, expired_records_are_left_out_but_hide_older_ones)
{
	struct weir_record records[] = {ban("192.0.2.1", 0, "for ever"),
					ban("192.0.2.1", 100 * S, "until 100 s")};
	_cleanup_journal_ struct weir_journal at_99 = {}, at_100 = {};
	char text[2 * WEIR_RECORD_TEXT_MAX];
	size_t size = write_all(records, 2, text);

	cr_assert_eq(weir_journal_parse(text, size, 99 * S, &at_99), 0);
	cr_expect_eq(at_99.count, 1);
	cr_assert_eq(weir_journal_parse(text, size, 100 * S, &at_100), 0);
	cr_expect_eq(at_100.count, 0);
}

Test(plan_journal, torn_last_line_and_damage_cost_only_themselves)
{
	struct weir_record records[] = {ban("192.0.2.1", 0, ""), ban("192.0.2.2", 0, ""),
					ban("192.0.2.3", 0, "")};
	char text[3 * WEIR_RECORD_TEXT_MAX];
	size_t size = write_all(records, 3, text);
	_cleanup_journal_ struct weir_journal journal = {};

	*strchr(text, '\n') = '\n';
	text[3] ^= 1;
	cr_assert_eq(weir_journal_parse(text, size - 4, 0, &journal), 0);
	cr_expect_eq(journal.damaged_lines, 1);
	cr_assert_eq(journal.count, 1);
	cr_expect_eq(journal.records[0].prefix.address, records[1].prefix.address);
}

Test(plan_journal, empty_one_is_empty)
{
	_cleanup_journal_ struct weir_journal journal = {};

	cr_assert_eq(weir_journal_parse("", 0, 0, &journal), 0);
	cr_expect_eq(journal.count, 0);
	cr_expect_null(weir_journal_find(&journal, WEIR_LIVE_BAN, (struct weir_prefix){}));
}
