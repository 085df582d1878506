/* SPDX-License-Identifier: GPL-2.0-only */
/* What the reports say: tables for people, JSON with a shape that stays. */
#include "report/counts.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/live.h"
#include "report/reason.h"
#include "report/status.h"
#include "weir/deny.h"

static struct weir_destination_row rows[] = {
	{0xcb007105, {{3, 180}, {1, 60}}, {20000000, 4000000, 1000000}},
	{0xcb007106, {}, {}},
};

static struct weir_counts_report sample(void)
{
	struct weir_counts_report report = {.destinations = rows, .count = 2};

	report.reasons.pass_ingress = (struct weir_count){3, 180};
	report.reasons.drop_denied = (struct weir_count){~0ULL >> 1, 60};
	return report;
}

Test(report_counts, table_hides_zeroes_unless_asked)
{
	struct weir_counts_report report = sample();
	char *brief = weir_counts_table(&report, false), *all = weir_counts_table(&report, true);

	cr_expect(strstr(brief, "drop_denied"));
	cr_expect_null(strstr(brief, "drop_port"));
	cr_expect_null(strstr(brief, "203.0.113.6"));
	cr_expect(strstr(all, "drop_port"));
	cr_expect(strstr(all, "203.0.113.6"));
	free(brief);
	free(all);
}

Test(report_counts, json_names_every_reason_and_adds_up)
{
	struct weir_counts_report report = sample();
	char *text = weir_counts_json(&report);
	json_t *root = json_loads(text, 0, NULL), *reasons;

	cr_assert_not_null(root, "%s", text);
	reasons = json_object_get(root, "reasons");
	cr_expect_eq(json_object_size(reasons), WEIR_REASONS_END - 1);
	for (unsigned int i = 1; i < WEIR_REASONS_END; i++)
		cr_expect_not_null(json_object_get(reasons, weir_reason_slug(i)), "%u", i);
	cr_expect_eq(
		json_integer_value(json_object_get(json_object_get(root, "passed"), "packets")), 3);
	cr_expect_eq(
		json_integer_value(json_object_get(json_object_get(root, "dropped"), "packets")),
		(json_int_t)(~0ULL >> 1));
	cr_expect_eq(json_array_size(json_object_get(root, "destinations")), 2);
	json_decref(root);
	free(text);
}

Test(report_status, every_state_is_json)
{
	struct weir_status_interface interface = {.name = "eth0", .is_native = true};
	struct weir_status status = {.instance = "weir"};

	for (int state = 0; state < 6; state++) {
		char *text, *table;
		json_t *root;

		status.is_loaded = state > 0;
		status.has_policy = state > 1;
		status.trial = state > 2 ? state - 3 : 0;
		status.interfaces = state > 3 ? &interface : NULL;
		status.interfaces_count = state > 3;
		text = weir_status_json(&status, false);
		table = weir_status_table(&status);
		root = json_loads(text, 0, NULL);
		cr_assert_not_null(root, "state %d: %s", state, text);
		cr_expect_eq(json_is_null(json_object_get(root, "gate")), state == 0);
		cr_expect_eq(json_is_null(json_object_get(root, "policy")), state < 2);
		cr_expect_not_null(table);
		json_decref(root);
		free(text);
		free(table);
	}
}

Test(report_live, lists_only_the_kind_asked_for)
{
	struct weir_record records[] = {
		{.kind = WEIR_LIVE_BAN,
		 .prefix = {0xc0000200, 24},
		 .who = "alice",
		 .note = "\"x\""},
		{.kind = WEIR_LIVE_RELEASE, .prefix = {0xc0000201, 32}, .who = "bob"},
	};
	char *bans = weir_live_json(records, 2, WEIR_LIVE_BAN, false);
	char *releases = weir_live_table(records, 2, WEIR_LIVE_RELEASE);
	json_t *root = json_loads(bans, 0, NULL);

	cr_assert_eq(json_array_size(root), 1, "%s", bans);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(root, 0), "note")),
			 "\"x\"");
	cr_expect(json_is_null(json_object_get(json_array_get(root, 0), "until")));
	cr_expect(strstr(releases, "192.0.2.1"));
	cr_expect_null(strstr(releases, "192.0.2.0"));
	json_decref(root);
	free(bans);
	free(releases);
}

Test(report_live, why_names_file_and_line)
{
	struct weir_reason_why why = {
		.list = "bad", .path = "lists/bad.txt", .line = 7, .prefix = {0xc0000200, 24}};
	char *text = weir_why_table(0xc0000207, true, &why, 1);

	cr_expect(strstr(text, "192.0.2.7 is denied"), "%s", text);
	cr_expect(strstr(text, "lists/bad.txt:7: 192.0.2.0/24 (list bad)"), "%s", text);
	free(text);
}
