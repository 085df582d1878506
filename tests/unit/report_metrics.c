/* SPDX-License-Identifier: GPL-2.0-only */
/* Values -> Prometheus text, held against a strict reader of the format. */
#include "report/metrics.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "prom_check.h"
#include "report/prom.h"
#include "report/reason.h"

static struct weir_destination_row rows[] = {
	{0xcb007105, {{3, 180}, {1, 60}}, {20000000, 4000000, 1000000}},
	{0xcb007106, {}, {}},
};

static const struct weir_metrics_list lists[] = {{"known-bad", 7}, {"odd\"name\\", 0}};

/* The text for one state, which the strict reader must accept. free(3) it. */
static char *text_of(struct weir_status *status)
{
	struct weir_counts_report counts = {.destinations = rows, .count = 2};
	struct weir_metrics metrics = {.version = "1.2",
				       .status = status,
				       .counts = &counts,
				       .lists = lists,
				       .lists_count = 2};
	const char *why;
	char *text;

	counts.reasons.drop_denied = (struct weir_count){12345678901ULL, 60};
	text = weir_metrics_text(&metrics);
	cr_assert_not_null(text);
	cr_expect(prom_check(text, &why), "%s", why);
	return text;
}

/* The whole line is in the text. */
static void expect_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	cr_expect(at && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n',
		  "no line '%s' in\n%s", line, text);
}

Test(report_metrics, no_gate_is_one_zero_and_no_counters)
{
	struct weir_status status = {.instance = "weir"};
	char *text = text_of(&status);

	expect_line(text, "weir_gate_loaded 0");
	expect_line(text, "weir_build_info{version=\"1.2\"} 1");
	cr_expect_null(strstr(text, "weir_packets_total"));
	free(text);
}

Test(report_metrics, names_every_reason_with_its_outcome)
{
	struct weir_status status = {.instance = "weir", .is_loaded = true};
	char *text = text_of(&status), line[128];

	for (unsigned int i = 1; i < WEIR_REASONS_END; i++) {
		snprintf(line, sizeof(line), "weir_packets_total{reason=\"%s\",outcome=\"%s\"} ",
			 weir_reason_slug(i), weir_reason_passes(i) ? "passed" : "dropped");
		cr_expect(strstr(text, line), "%s", line);
	}
	expect_line(text,
		    "weir_packets_total{reason=\"drop_denied\",outcome=\"dropped\"} 12345678901");
	free(text);
}

Test(report_metrics, a_destination_without_a_limit_has_no_bucket)
{
	struct weir_status status = {.instance = "weir", .is_loaded = true};
	char *text = text_of(&status);

	expect_line(text, "weir_destination_tokens_bytes{destination=\"203.0.113.5\"} 1000000");
	expect_line(
		text,
		"weir_destination_packets_total{destination=\"203.0.113.6\",outcome=\"passed\"} 0");
	cr_expect_null(strstr(text, "tokens_bytes{destination=\"203.0.113.6\"}"));
	free(text);
}

Test(report_metrics, says_policy_trial_interfaces_and_lists)
{
	struct weir_status_interface interfaces[] = {{.name = "wan", .is_native = true},
						     {.name = "old", .is_gone = true}};
	struct weir_status status = {.instance = "weir",
				     .is_loaded = true,
				     .has_policy = true,
				     .applied_at_s = 1795000000,
				     .trial = WEIR_TRIAL_RUNS,
				     .trial_left_ns = 1500000000,
				     .files = WEIR_FILES_CHANGED,
				     .live_bans = 4,
				     .interfaces = interfaces,
				     .interfaces_count = 2};
	char *text = text_of(&status);

	expect_line(text, "weir_gate_interfaces 1");
	expect_line(text, "weir_interface_info{interface=\"wan\",mode=\"native\"} 1");
	expect_line(text, "weir_interface_info{interface=\"old\",mode=\"gone\"} 1");
	expect_line(text, "weir_policy_applied_timestamp_seconds 1795000000");
	expect_line(text, "weir_trial_state{state=\"running\"} 1");
	expect_line(text, "weir_trial_state{state=\"none\"} 0");
	expect_line(text, "weir_trial_remaining_seconds 1.5");
	expect_line(text, "weir_files_state{state=\"changed\"} 1");
	expect_line(text, "weir_live_entries{kind=\"ban\"} 4");
	expect_line(text, "weir_denylist_prefixes{list=\"known-bad\"} 7");
	expect_line(text, "weir_denylist_prefixes{list=\"odd\\\"name\\\\\"} 0");
	free(text);
}

Test(report_metrics, the_strict_reader_refuses_what_is_wrong)
{
	static const char *const bad[] = {
		"weir_x 1\n",
		"# HELP a_total t\n# TYPE a_total gauge\na_total 1\n",
		"# HELP a t\n# TYPE a counter\na 1\n",
		"# HELP a t\n# TYPE a gauge\nb 1\n",
		"# HELP a t\n# TYPE a gauge\na 1\na 2\n",
		"# HELP a t\n# TYPE a gauge\na{b=\"c} 1\n",
		"# HELP a t\n# TYPE a gauge\na{b=\"\\x\"} 1\n",
		"# HELP a t\n# TYPE a gauge\na one\n",
		"# HELP a t\n# TYPE a gauge\na 1",
	};
	const char *why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_not(prom_check(bad[i], &why), "%s", bad[i]);
}

Test(report_bucket, tokens_follow_the_arrival_time)
{
	struct weir_rate rate = {
		.burst_units = 1600, .factor = 1, .bytes_per_s = 1000, .burst_bytes = 100};
	struct weir_rate unlimited = {};

	cr_expect_eq(weir_bucket_state_at(&rate, 0, 5000).tokens_bytes, 100);
	cr_expect_eq(weir_bucket_state_at(&rate, 5000, 5000).tokens_bytes, 100);
	cr_expect_eq(weir_bucket_state_at(&rate, 5800, 5000).tokens_bytes, 50);
	cr_expect_eq(weir_bucket_state_at(&rate, 6600, 5000).tokens_bytes, 0);
	cr_expect_eq(weir_bucket_state_at(&rate, ~0ULL, 5000).tokens_bytes, 0);
	cr_expect_eq(weir_bucket_state_at(&unlimited, 5800, 5000).bytes_per_s, 0);
}
