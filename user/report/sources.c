/* SPDX-License-Identifier: GPL-2.0-only */
/* Sort the samples by source, add them up, sort the sums. */
#include "report/sources.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "report/json.h"
#include "report/rates.h"
#include "report/reason.h"

static const char *const order_words[WEIR_SOURCES_ORDERS] = {"packets", "syns", "bytes"};

const char *weir_sources_order_word(enum weir_sources_order order)
{
	return order_words[order];
}

static int by_prefix(const void *a, const void *b)
{
	const struct weir_source *x = a, *y = b;

	return (x->prefix.address > y->prefix.address) - (x->prefix.address < y->prefix.address);
}

static int compare(double x, double y, const void *a, const void *b)
{
	return x != y ? (x < y) - (x > y) : by_prefix(a, b);
}

static int by_packets(const void *a, const void *b)
{
	return compare(((const struct weir_source *)a)->packets,
		       ((const struct weir_source *)b)->packets, a, b);
}

static int by_syns(const void *a, const void *b)
{
	return compare(((const struct weir_source *)a)->syns, ((const struct weir_source *)b)->syns,
		       a, b);
}

static int by_bytes(const void *a, const void *b)
{
	return compare(((const struct weir_source *)a)->bytes,
		       ((const struct weir_source *)b)->bytes, a, b);
}

/* A sample as a source that sent nothing else. */
static struct weir_source source_of(const struct weir_watch_sample *sample,
				    const struct weir_sources_asked *asked)
{
	double weight = 4294967296.0 / ((double)sample->threshold + 1) / asked->interval_s;

	return (struct weir_source){
		.prefix = {ntohl(sample->source) & weir_prefix_mask(asked->length), asked->length},
		.packets = weight,
		.syns = sample->is_syn ? weight : 0,
		.bytes = weight * sample->bytes,
		.samples = 1,
		.reason = sample->reason,
	};
}

static size_t add_up(struct weir_source *sources, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct weir_source *last = kept ? &sources[kept - 1] : NULL;

		if (!last || last->prefix.address != sources[i].prefix.address) {
			sources[kept++] = sources[i];
			continue;
		}
		last->packets += sources[i].packets;
		last->syns += sources[i].syns;
		last->bytes += sources[i].bytes;
		last->samples += sources[i].samples;
		last->reason = sources[i].reason;
	}
	return kept;
}

int weir_sources_make(const struct weir_watch_sample *samples, size_t count,
		      const struct weir_sources_asked *asked, struct weir_source **ret_sources,
		      size_t *ret_count)
{
	static int (*const orders[WEIR_SOURCES_ORDERS])(const void *, const void *) = {
		by_packets, by_syns, by_bytes};
	struct weir_source *sources = calloc(count ?: 1, sizeof(*sources));
	size_t kept = 0;

	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (weir_reason_passes(samples[i].reason) == asked->passed &&
		    weir_prefix_has(asked->within, ntohl(samples[i].source)))
			sources[kept++] = source_of(&samples[i], asked);
	qsort(sources, kept, sizeof(*sources), by_prefix);
	kept = add_up(sources, kept);
	qsort(sources, kept, sizeof(*sources), orders[asked->order]);
	*ret_sources = sources;
	*ret_count = kept < asked->rows_max ? kept : asked->rows_max;
	return 0;
}

/* ---- reports --------------------------------------------------------------------------- */

void weir_sources_report_done(struct weir_sources_report *report)
{
	free(report->passed);
	free(report->dropped);
	*report = (struct weir_sources_report){};
}

static void print_sources(FILE *to, const char *title, const struct weir_source *sources,
			  size_t count)
{
	fprintf(to, "%-18s %9s %9s %9s  %s\n", title, "packets/s", "SYNs/s", "bytes/s", "reason");
	for (size_t i = 0; i < count; i++) {
		char prefix[WEIR_PREFIX_TEXT_MAX], numbers[3][WEIR_NUMBER_TEXT_MAX];

		fprintf(to, "%-18s %9s %9s %9s  %s\n",
			weir_prefix_format(sources[i].prefix, prefix),
			weir_number_text(sources[i].packets, numbers[0]),
			weir_number_text(sources[i].syns, numbers[1]),
			weir_number_text(sources[i].bytes, numbers[2]),
			weir_reason_slug(sources[i].reason));
	}
}

char *weir_sources_table(const struct weir_sources_report *report)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	print_sources(to, "dropped", report->dropped, report->dropped_count);
	fputc('\n', to);
	print_sources(to, "passed", report->passed, report->passed_count);
	return take_text(to, &text);
}

static json_t *sources_json(const struct weir_source *sources, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		char prefix[WEIR_PREFIX_TEXT_MAX];

		json_array_append_new(array,
				      json_pack("{s:s, s:f, s:f, s:f, s:I, s:s}", "source",
						weir_prefix_format(sources[i].prefix, prefix),
						"packets_per_s", sources[i].packets, "syns_per_s",
						sources[i].syns, "bytes_per_s", sources[i].bytes,
						"samples", (json_int_t)sources[i].samples, "reason",
						weir_reason_slug(sources[i].reason)));
	}
	return array;
}

char *weir_sources_json(const struct weir_sources_report *report, bool is_line)
{
	return weir_json_form(
		json_pack("{s:i, s:f, s:I, s:o, s:o}", "length", report->length, "interval_s",
			  report->interval_s, "samples", (json_int_t)report->samples, "passed",
			  sources_json(report->passed, report->passed_count), "dropped",
			  sources_json(report->dropped, report->dropped_count)),
		is_line);
}
