/* SPDX-License-Identifier: GPL-2.0-only */
/* Two readings -> rates; samples -> sources, held against a slow count. */
#include "report/rates.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "report/sources.h"

#define SECOND_NS 1000000000ULL

static struct weir_counts_report reading(struct weir_destination_row *row, __u64 passed,
					 __u64 dropped)
{
	struct weir_counts_report report = {.destinations = row, .count = 1};

	*row = (struct weir_destination_row){.address = 0xcb007105};
	row->counts.passed.packets = passed;
	report.reasons.pass_ingress = (struct weir_count){passed, passed * 100};
	report.reasons.drop_port = (struct weir_count){dropped, dropped * 60};
	return report;
}

Test(report_rates, are_what_grew_over_the_time)
{
	_cleanup_rates_ struct weir_rates_report rates = {};
	struct weir_destination_row rows[2];
	struct weir_counts_report before = reading(&rows[0], 100, 7);
	struct weir_counts_report after = reading(&rows[1], 150, 7);

	cr_assert_eq(weir_rates_make(&before, &after, SECOND_NS / 2, &rates), 0);
	cr_expect_float_eq(rates.passed.packets, 100, 1e-9);
	cr_expect_float_eq(rates.passed.bytes, 10000, 1e-9);
	cr_expect_float_eq(rates.dropped.packets, 0, 1e-9);
	cr_expect_float_eq(rates.reasons[WEIR_PASS_INGRESS].packets, 100, 1e-9);
	cr_expect_float_eq(rates.destinations[0].passed.packets, 100, 1e-9);
}

Test(report_rates, a_counter_begun_anew_counts_from_nothing)
{
	_cleanup_rates_ struct weir_rates_report rates = {};
	struct weir_destination_row rows[2];
	struct weir_counts_report before = reading(&rows[0], 1000, 0);
	struct weir_counts_report after = reading(&rows[1], 3, 0);

	cr_assert_eq(weir_rates_make(&before, &after, SECOND_NS, &rates), 0);
	cr_expect_float_eq(rates.passed.packets, 3, 1e-9);
}

Test(report_rates, numbers_fit_in_five_characters)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
		{0, "0"},           {7.25, "7.2"},    {99.94, "99.9"},   {99.96, "100"},
		{999, "999"},       {999.6, "1.00k"}, {1234, "1.23k"},   {12345, "12.3k"},
		{123456, "123k"},   {999499, "999k"}, {999600, "1.00M"}, {9.994e6, "9.99M"},
		{9.996e6, "10.0M"}, {1.5e9, "1.50G"}, {2e18, "2.00E"},
	};
	char text[WEIR_NUMBER_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(weir_number_text(cases[i].number, text), cases[i].text, "%f: %s",
				 cases[i].number, text);
	for (int exponent = 0; exponent < 70000; exponent++) {
		double number = 0.01 * pow(1.0007, exponent); /* to beyond 10^19 */

		cr_expect_leq(strlen(weir_number_text(number, text)), 5, "%f: %s", number, text);
	}
}

Test(report_rates, table_hides_zeroes_and_json_is_one_line)
{
	_cleanup_rates_ struct weir_rates_report rates = {};
	struct weir_destination_row rows[2];
	struct weir_counts_report before = reading(&rows[0], 0, 0);
	struct weir_counts_report after = reading(&rows[1], 5, 0);
	char *table, *json;
	json_t *root;

	cr_assert_eq(weir_rates_make(&before, &after, SECOND_NS, &rates), 0);
	table = weir_rates_table(&rates, false);
	json = weir_rates_json(&rates);
	root = json_loads(json, 0, NULL);
	cr_expect(strstr(table, "pass_ingress"));
	cr_expect_null(strstr(table, "drop_port"));
	cr_expect_eq(strchr(json, '\n'), json + strlen(json) - 1);
	cr_expect_eq(json_object_size(json_object_get(root, "reasons")), WEIR_REASONS_END - 1);
	json_decref(root);
	free(table);
	free(json);
}

/* ---- sources ----------------------------------------------------------------------------- */

enum { SAMPLES = 3000, NETS = 4, HOSTS = 8 };

static void make_samples(struct weir_watch_sample samples[SAMPLES])
{
	struct random random = {20261122};

	for (int i = 0; i < SAMPLES; i++) {
		__u32 net = random_below(&random, NETS), host = random_below(&random, HOSTS);

		samples[i] = (struct weir_watch_sample){
			.source = htonl(0xc0000200 + net * 256 + host * (net + 1)),
			.bytes = 60 + random_below(&random, 1000),
			.threshold = random_below(&random, 2) ? ~0U : ~0U / 10,
			.reason = random_below(&random, 2) ? WEIR_DROP_PORT : WEIR_PASS_INGRESS,
			.is_syn = random_below(&random, 2),
		};
	}
}

/* What the samples say of one prefix, counted one by one. */
static struct weir_source slow(const struct weir_watch_sample *samples, struct weir_prefix prefix,
			       bool passed)
{
	struct weir_source sum = {};

	for (int i = 0; i < SAMPLES; i++) {
		double weight = samples[i].threshold == ~0U ? 1 : 10;

		if (weir_reason_passes(samples[i].reason) != passed ||
		    !weir_prefix_has(prefix, ntohl(samples[i].source)))
			continue;
		sum.packets += weight;
		sum.syns += samples[i].is_syn * weight;
		sum.bytes += weight * samples[i].bytes;
		sum.samples++;
	}
	return sum;
}

static double order_value(const struct weir_source *source, enum weir_sources_order order)
{
	return order == WEIR_BY_PACKETS ? source->packets
	       : order == WEIR_BY_SYNS  ? source->syns
					: source->bytes;
}

Test(report_sources, agree_with_a_slow_count)
{
	static struct weir_watch_sample samples[SAMPLES];

	make_samples(samples);
	for (int i = 0; i < 2 * 2 * WEIR_SOURCES_ORDERS; i++) {
		struct weir_sources_asked asked = {.length = i & 1 ? 24 : 32,
						   .passed = i & 2,
						   .order = i / 4,
						   .interval_s = 2,
						   .rows_max = 1000};
		struct weir_source *sources;
		size_t count, all = 0;

		cr_assert_eq(weir_sources_make(samples, SAMPLES, &asked, &sources, &count), 0);
		cr_expect_eq(count, asked.length == 24 ? NETS : NETS * HOSTS);
		for (size_t j = 0; j < count; j++) {
			struct weir_source want = slow(samples, sources[j].prefix, asked.passed);

			cr_expect_float_eq(sources[j].packets, want.packets / 2, 1e-2);
			cr_expect_float_eq(sources[j].syns, want.syns / 2, 1e-2);
			cr_expect_float_eq(sources[j].bytes, want.bytes / 2, 1);
			cr_expect_eq(sources[j].samples, want.samples);
			cr_expect(!j || order_value(&sources[j - 1], asked.order) >=
						order_value(&sources[j], asked.order));
			all += sources[j].samples;
		}
		cr_expect_leq(all, SAMPLES);
		free(sources);
	}
}

Test(report_sources, keep_to_a_prefix_and_to_a_number_of_rows)
{
	static struct weir_watch_sample samples[SAMPLES];
	struct weir_sources_asked asked = {
		.length = 32, .within = {0xc0000300, 24}, .interval_s = 1, .rows_max = 3};
	struct weir_source *sources;
	size_t count;

	make_samples(samples);
	cr_assert_eq(weir_sources_make(samples, SAMPLES, &asked, &sources, &count), 0);
	cr_expect_eq(count, 3);
	for (size_t i = 0; i < count; i++)
		cr_expect(weir_prefix_has(asked.within, sources[i].prefix.address));
	free(sources);
	cr_assert_eq(weir_sources_make(NULL, 0, &asked, &sources, &count), 0);
	cr_expect_eq(count, 0);
	free(sources);
}
