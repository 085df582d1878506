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

static const struct weir_count *reason_count(const struct weir_counts_report *report,
					     unsigned int reason)
{
	return (const struct weir_count *)&report->reasons + reason;
}

static struct weir_count total(const struct weir_counts_report *report, bool passing)
{
	struct weir_count sum = {};

	for (unsigned int i = 1; i < WEIR_REASONS_END; i++) {
		if (weir_reason_passes(i) != passing)
			continue;
		sum.packets += reason_count(report, i)->packets;
		sum.bytes += reason_count(report, i)->bytes;
	}
	return sum;
}

static void print_reasons(FILE *to, const struct weir_counts_report *report, bool all)
{
	fprintf(to, "%-18s %15s %18s  %s\n", "reason", "packets", "bytes", "what it is");
	for (unsigned int i = 1; i < WEIR_REASONS_END; i++) {
		const struct weir_count *count = reason_count(report, i);

		if (all || count->packets)
			fprintf(to, "%-18s %15llu %18llu  %s\n", weir_reason_slug(i),
				count->packets, count->bytes, weir_reason_text(i));
	}
}

static void print_total(FILE *to, const char *name, struct weir_count count)
{
	fprintf(to, "%-18s %15llu %18llu\n", name, count.packets, count.bytes);
}

static void print_destinations(FILE *to, const struct weir_counts_report *report, bool all)
{
	fprintf(to, "\n%-18s %15s %18s %15s %18s\n", "destination", "passed", "bytes", "dropped",
		"bytes");
	for (size_t i = 0; i < report->count; i++) {
		const struct weir_destination_counts *counts = &report->destinations[i].counts;
		char address[WEIR_PREFIX_TEXT_MAX];

		if (all || counts->passed.packets || counts->dropped.packets)
			fprintf(to, "%-18s %15llu %18llu %15llu %18llu\n",
				weir_address_format(report->destinations[i].address, address),
				counts->passed.packets, counts->passed.bytes,
				counts->dropped.packets, counts->dropped.bytes);
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
	print_total(to, "passed", total(report, true));
	print_total(to, "dropped", total(report, false));
	print_destinations(to, report, all);
	fclose(to);
	return text;
}

static json_t *count_json(struct weir_count count)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)count.packets, "bytes",
			 (json_int_t)count.bytes);
}

char *weir_counts_json(const struct weir_counts_report *report)
{
	json_t *reasons = json_object(), *destinations = json_array();

	for (unsigned int i = 1; i < WEIR_REASONS_END; i++)
		json_object_set_new(reasons, weir_reason_slug(i),
				    count_json(*reason_count(report, i)));
	for (size_t i = 0; i < report->count; i++) {
		const struct weir_destination_row *row = &report->destinations[i];
		char address[WEIR_PREFIX_TEXT_MAX];

		json_array_append_new(destinations,
				      json_pack("{s:s, s:o, s:o}", "address",
						weir_address_format(row->address, address),
						"passed", count_json(row->counts.passed), "dropped",
						count_json(row->counts.dropped)));
	}
	return weir_json_text(json_pack("{s:o, s:o, s:o, s:o}", "reasons", reasons, "passed",
					count_json(total(report, true)), "dropped",
					count_json(total(report, false)), "destinations",
					destinations));
}
