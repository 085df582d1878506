/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters -> a table or JSON. */
#include "report/counts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/prefix.h"
#include "report/json.h"
#include "report/reason.h"

void weir_counts_report_done(struct weir_counts_report *report)
{
	free(report->destinations);
	*report = (struct weir_counts_report){};
}

struct weir_bucket_state weir_bucket_state_at(const struct weir_rate *rate, __u64 arrival_units,
					      __u64 now_units)
{
	__u64 ahead = arrival_units > now_units ? arrival_units - now_units : 0;
	__u64 left = ahead < rate->burst_units ? rate->burst_units - ahead : 0;
	struct weir_bucket_state state = {.bytes_per_s = rate->bytes_per_s,
					  .burst_bytes = rate->burst_bytes};

	if (!rate->factor)
		return (struct weir_bucket_state){};
	if (rate->burst_units)
		state.tokens_bytes = (__u64)((unsigned __int128)rate->burst_bytes * left /
					     rate->burst_units);
	return state;
}

double weir_bucket_fill(const struct weir_bucket_state *bucket)
{
	return bucket->bytes_per_s && bucket->burst_bytes
		       ? (double)bucket->tokens_bytes / bucket->burst_bytes
		       : 1;
}

const struct weir_count *weir_counts_of(const struct weir_counts_report *report,
					unsigned int reason)
{
	return (const struct weir_count *)&report->reasons + reason;
}

static struct weir_count total_of(const struct weir_counts_report *report, bool passing)
{
	struct weir_count sum = {};

	for (unsigned int i = 1; i < WEIR_REASONS_END; i++) {
		if (weir_reason_passes(i) != passing)
			continue;
		sum.packets += weir_counts_of(report, i)->packets;
		sum.bytes += weir_counts_of(report, i)->bytes;
	}
	return sum;
}

static void print_reasons(FILE *to, const struct weir_counts_report *report, bool all)
{
	fprintf(to, "%-18s %15s %18s  %s\n", "reason", "packets", "bytes", "what it is");
	for (unsigned int i = 1; i < WEIR_REASONS_END; i++) {
		const struct weir_count *count = weir_counts_of(report, i);

		if (all || count->packets)
			fprintf(to, "%-18s %15llu %18llu  %s\n", weir_reason_slug(i),
				count->packets, count->bytes, weir_reason_text(i));
	}
}

static void print_total(FILE *to, const char *name, struct weir_count count)
{
	fprintf(to, "%-18s %15llu %18llu\n", name, count.packets, count.bytes);
}

/* How full, in percent; "-" without a limit. */
static const char *fill_text(const struct weir_bucket_state *bucket, char to[static 16])
{
	if (!bucket->bytes_per_s)
		return "-";
	snprintf(to, 16, "%.1f%%", 100 * weir_bucket_fill(bucket));
	return to;
}

static void print_destinations(FILE *to, const struct weir_counts_report *report, bool all)
{
	fprintf(to, "\n%-18s %15s %18s %15s %18s %7s\n", "destination", "passed", "bytes",
		"dropped", "bytes", "bucket");
	for (size_t i = 0; i < report->count; i++) {
		const struct weir_destination_row *row = &report->destinations[i];
		const struct weir_destination_counts *counts = &row->counts;
		char address[WEIR_PREFIX_TEXT_MAX], fill[16];

		if (all || counts->passed.packets || counts->dropped.packets)
			fprintf(to, "%-18s %15llu %18llu %15llu %18llu %7s\n",
				weir_address_format(row->address, address), counts->passed.packets,
				counts->passed.bytes, counts->dropped.packets,
				counts->dropped.bytes, fill_text(&row->bucket, fill));
	}
}

char *weir_counts_table(const struct weir_counts_report *report, bool all)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	print_reasons(to, report, all);
	print_total(to, "passed", total_of(report, true));
	print_total(to, "dropped", total_of(report, false));
	print_destinations(to, report, all);
	return take_text(to, &text);
}

static json_t *count_json(struct weir_count count)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)count.packets, "bytes",
			 (json_int_t)count.bytes);
}

json_t *weir_bucket_json(const struct weir_bucket_state *bucket)
{
	if (!bucket->bytes_per_s)
		return json_null();
	return json_pack("{s:I, s:I, s:I}", "bytes_per_s", (json_int_t)bucket->bytes_per_s,
			 "burst_bytes", (json_int_t)bucket->burst_bytes, "tokens_bytes",
			 (json_int_t)bucket->tokens_bytes);
}

static json_t *destination_json(const struct weir_destination_row *row)
{
	char address[WEIR_PREFIX_TEXT_MAX];

	return json_pack("{s:s, s:o, s:o, s:o}", "address",
			 weir_address_format(row->address, address), "passed",
			 count_json(row->counts.passed), "dropped", count_json(row->counts.dropped),
			 "bucket", weir_bucket_json(&row->bucket));
}

char *weir_counts_json(const struct weir_counts_report *report)
{
	json_t *reasons = json_object(), *destinations = json_array();

	for (unsigned int i = 1; i < WEIR_REASONS_END; i++)
		json_object_set_new(reasons, weir_reason_slug(i),
				    count_json(*weir_counts_of(report, i)));
	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(destinations, destination_json(&report->destinations[i]));
	return weir_json_text(json_pack("{s:o, s:o, s:o, s:o}", "reasons", reasons, "passed",
					count_json(total_of(report, true)), "dropped",
					count_json(total_of(report, false)), "destinations",
					destinations));
}
