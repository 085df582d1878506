/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters now and then -> rates -> a table or JSON. */
#include "report/rates.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/prefix.h"
#include "report/json.h"
#include "report/reason.h"

void weir_rates_done(struct weir_rates_report *rates)
{
	free(rates->destinations);
	*rates = (struct weir_rates_report){};
}

static double grown(__u64 before, __u64 after)
{
	return (double)(after >= before ? after - before : after);
}

static struct weir_per_s per_s(const struct weir_count *before, const struct weir_count *after,
			       double interval_s)
{
	return (struct weir_per_s){grown(before->packets, after->packets) / interval_s,
				   grown(before->bytes, after->bytes) / interval_s};
}

static const struct weir_destination_counts *counts_of(const struct weir_counts_report *report,
						       __u32 address)
{
	static const struct weir_destination_counts none;

	for (size_t i = 0; i < report->count; i++)
		if (report->destinations[i].address == address)
			return &report->destinations[i].counts;
	return &none;
}

static int make_destinations(const struct weir_counts_report *before,
			     const struct weir_counts_report *after,
			     struct weir_rates_report *rates)
{
	rates->destinations = calloc(after->count ?: 1, sizeof(*rates->destinations));
	if (!rates->destinations)
		return -ENOMEM;
	for (; rates->count < after->count; rates->count++) {
		const struct weir_destination_row *row = &after->destinations[rates->count];
		const struct weir_destination_counts *then = counts_of(before, row->address);

		rates->destinations[rates->count] = (struct weir_destination_rates){
			.address = row->address,
			.passed = per_s(&then->passed, &row->counts.passed, rates->interval_s),
			.dropped = per_s(&then->dropped, &row->counts.dropped, rates->interval_s),
			.bucket = row->bucket,
		};
	}
	return 0;
}

int weir_rates_make(const struct weir_counts_report *before, const struct weir_counts_report *after,
		    __u64 interval_ns, struct weir_rates_report *ret_rates)
{
	struct weir_rates_report rates = {.interval_s = (double)interval_ns / 1e9};
	int r = make_destinations(before, after, &rates);

	if (r)
		return r;
	for (unsigned int i = 1; i < WEIR_REASONS_END; i++) {
		struct weir_per_s *sum = weir_reason_passes(i) ? &rates.passed : &rates.dropped;

		rates.reasons[i] = per_s(weir_counts_of(before, i), weir_counts_of(after, i),
					 rates.interval_s);
		sum->packets += rates.reasons[i].packets;
		sum->bytes += rates.reasons[i].bytes;
	}
	*ret_rates = rates;
	return 0;
}

char *weir_number_text(double number, char to[static WEIR_NUMBER_TEXT_MAX])
{
	static const char units[] = " kMGTPE";
	int unit = 0;

	/* Rounding must not make four digits of three. */
	for (; number >= 999.5 && units[unit + 1]; unit++)
		number /= 1000;
	if (!unit && number == (int)number)
		snprintf(to, WEIR_NUMBER_TEXT_MAX, "%.0f", number);
	else if (!unit)
		snprintf(to, WEIR_NUMBER_TEXT_MAX, "%.*f", number < 99.95 ? 1 : 0, number);
	else
		snprintf(to, WEIR_NUMBER_TEXT_MAX, "%.*f%c", number < 9.995 ? 2 : number < 99.95,
			 number, units[unit]);
	return to;
}

static void print_row(FILE *to, const char *name, const struct weir_per_s *rate, const char *text)
{
	char packets[WEIR_NUMBER_TEXT_MAX], bytes[WEIR_NUMBER_TEXT_MAX];

	fprintf(to, "%-18s %11s %11s%s%s\n", name, weir_number_text(rate->packets, packets),
		weir_number_text(rate->bytes, bytes), *text ? "  " : "", text);
}

static void print_destination(FILE *to, const struct weir_destination_rates *row)
{
	char address[WEIR_PREFIX_TEXT_MAX], numbers[4][WEIR_NUMBER_TEXT_MAX], fill[16] = "-";

	if (row->bucket.bytes_per_s)
		snprintf(fill, sizeof(fill), "%.1f%%", 100 * weir_bucket_fill(&row->bucket));
	fprintf(to, "%-18s %11s %11s %11s %11s %7s\n", weir_address_format(row->address, address),
		weir_number_text(row->passed.packets, numbers[0]),
		weir_number_text(row->passed.bytes, numbers[1]),
		weir_number_text(row->dropped.packets, numbers[2]),
		weir_number_text(row->dropped.bytes, numbers[3]), fill);
}

char *weir_rates_table(const struct weir_rates_report *rates, bool all)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	fprintf(to, "%-18s %11s %11s  %s\n", "reason", "packets/s", "bytes/s", "what it is");
	for (unsigned int i = 1; i < WEIR_REASONS_END; i++)
		if (all || rates->reasons[i].packets > 0)
			print_row(to, weir_reason_slug(i), &rates->reasons[i], weir_reason_text(i));
	print_row(to, "passed", &rates->passed, "");
	print_row(to, "dropped", &rates->dropped, "");
	fprintf(to, "\n%-18s %11s %11s %11s %11s %7s\n", "destination", "passed/s", "bytes/s",
		"dropped/s", "bytes/s", "bucket");
	for (size_t i = 0; i < rates->count; i++)
		if (all || rates->destinations[i].passed.packets > 0 ||
		    rates->destinations[i].dropped.packets > 0)
			print_destination(to, &rates->destinations[i]);
	return take_text(to, &text);
}

static json_t *rate_json(const struct weir_per_s *rate)
{
	return json_pack("{s:f, s:f}", "packets_per_s", rate->packets, "bytes_per_s", rate->bytes);
}

char *weir_rates_json(const struct weir_rates_report *rates)
{
	json_t *reasons = json_object(), *destinations = json_array(), *root;

	for (unsigned int i = 1; i < WEIR_REASONS_END; i++)
		json_object_set_new(reasons, weir_reason_slug(i), rate_json(&rates->reasons[i]));
	for (size_t i = 0; i < rates->count; i++) {
		const struct weir_destination_rates *row = &rates->destinations[i];
		char address[WEIR_PREFIX_TEXT_MAX];

		json_array_append_new(destinations,
				      json_pack("{s:s, s:o, s:o, s:o}", "address",
						weir_address_format(row->address, address),
						"passed", rate_json(&row->passed), "dropped",
						rate_json(&row->dropped), "bucket",
						weir_bucket_json(&row->bucket)));
	}
	root = json_pack("{s:f, s:o, s:o, s:o, s:o}", "interval_s", rates->interval_s, "reasons",
			 reasons, "passed", rate_json(&rates->passed), "dropped",
			 rate_json(&rates->dropped), "destinations", destinations);
	return weir_json_line(root);
}
