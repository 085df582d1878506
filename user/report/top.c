/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `weir top` has read, and what the operator looks at -> the lines of one screen: head, reasons
 * beside destinations, sources dropped beside sources passed, the proxy's apps, keys.
 *
 * The sections share the height in fixed parts; each has its rows, filled or blank, so that nothing
 * jumps from one screen to the next. Whatever is too long is cut to the width.
 */
#include "report/top.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"
#include "report/reason.h"

/* Header lines, titles of sections, the last line. */
enum { HEAD_LINES = 2, TITLES = 3, FOOT_LINES = 1, HALF_TEXT_MAX = WEIR_TOP_WIDTH_MAX / 2 + 1 };

#define KEYS "q quit  s sort  n /24  p pause  f filter  Tab side  Up Down select  b ban 1h"

struct layout {
	size_t width, left, right;     /* of the screen and its halves, a blank between them */
	size_t tables, sources, proxy; /* rows */
};

struct writer {
	struct weir_top_screen screen;
	struct layout layout;
	size_t height;
};

void weir_top_screen_done(struct weir_top_screen *screen)
{
	free(screen->lines);
	*screen = (struct weir_top_screen){};
}

const struct weir_source *weir_top_selected(const struct weir_top_data *data,
					    const struct weir_top_view *view)
{
	return view->selected < data->sources_count[view->panel]
		       ? &data->sources[view->panel][view->selected]
		       : NULL;
}

static struct layout lay_out(size_t width, size_t height)
{
	size_t rows = height - HEAD_LINES - TITLES - FOOT_LINES;
	struct layout layout = {.width = width};

	layout.left = (width - 1) / 2;
	layout.right = width - 1 - layout.left;
	layout.tables = rows / 3;
	layout.proxy = rows / 6;
	layout.sources = rows - layout.tables - layout.proxy;
	return layout;
}

/* The next line, cut to the width; a last one to be written over when there are too many. */
__attribute__((format(printf, 2, 3))) static struct weir_top_line *put(struct writer *writer,
								       const char *format, ...)
{
	size_t at = writer->screen.count < writer->height ? writer->screen.count++
							  : writer->height - 1;
	struct weir_top_line *line = &writer->screen.lines[at];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line->text, writer->layout.width + 1, format, arguments);
	va_end(arguments);
	return line;
}

/* Two halves side by side. */
static struct weir_top_line *put_halves(struct writer *writer, const char *left, const char *right)
{
	return put(writer, "%-*.*s %.*s", (int)writer->layout.left, (int)writer->layout.left, left,
		   (int)writer->layout.right, right);
}

static void fill_to(struct writer *writer, size_t count)
{
	while (writer->screen.count < count)
		put(writer, "%s", "");
}

/* ---- head ------------------------------------------------------------------------------ */

static void put_head(struct writer *writer, const struct weir_top_data *data,
		     const struct weir_top_view *view)
{
	const struct weir_status *status = data->status;
	char interfaces[128] = "not attached", left[WEIR_QUANTITY_TEXT_MAX], trial[48] = "";
	size_t size = 0;

	for (size_t i = 0; i < status->interfaces_count && size < sizeof(interfaces); i++)
		size += snprintf(interfaces + size, sizeof(interfaces) - size, "%s%s %s",
				 i ? ", " : "", status->interfaces[i].name,
				 weir_status_interface_state(&status->interfaces[i]));
	if (status->trial == WEIR_TRIAL_RUNS)
		snprintf(trial, sizeof(trial), "  TRIAL %s left",
			 weir_duration_format(status->trial_left_ns, left));
	put(writer, "weir %s  %s%s%s%s  %s  %u bans  %llu denied%s", status->instance, data->clock,
	    view->is_paused ? "  PAUSED" : "", *view->filter ? "  only " : "", view->filter,
	    interfaces, status->live_bans, status->denied_addresses, trial)
		->is_title = true;
}

static void put_totals(struct writer *writer, const struct weir_rates_report *rates)
{
	char numbers[4][WEIR_NUMBER_TEXT_MAX];

	put(writer, "passed %5s packets/s %5s bytes/s   dropped %5s packets/s %5s bytes/s",
	    weir_number_text(rates->passed.packets, numbers[0]),
	    weir_number_text(rates->passed.bytes, numbers[1]),
	    weir_number_text(rates->dropped.packets, numbers[2]),
	    weir_number_text(rates->dropped.bytes, numbers[3]));
}

/* ---- reasons and destinations ---------------------------------------------------------- */

struct ranked {
	double packets;
	size_t index;
};

static int by_packets(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return x->packets != y->packets ? (x->packets < y->packets) - (x->packets > y->packets)
					: (x->index > y->index) - (x->index < y->index);
}

/* The reasons that count anything, the busiest first. Returns how many. */
static size_t rank_reasons(const struct weir_rates_report *rates,
			   struct ranked ranked[static WEIR_REASONS_END])
{
	size_t count = 0;

	for (size_t i = 1; i < WEIR_REASONS_END; i++)
		if (rates->reasons[i].packets > 0)
			ranked[count++] = (struct ranked){rates->reasons[i].packets, i};
	qsort(ranked, count, sizeof(*ranked), by_packets);
	return count;
}

static struct ranked *rank_destinations(const struct weir_rates_report *rates)
{
	struct ranked *ranked = calloc(rates->count ?: 1, sizeof(*ranked));

	for (size_t i = 0; ranked && i < rates->count; i++)
		ranked[i] = (struct ranked){rates->destinations[i].passed.packets +
						    rates->destinations[i].dropped.packets,
					    i};
	if (ranked)
		qsort(ranked, rates->count, sizeof(*ranked), by_packets);
	return ranked;
}

static void write_reason(const struct weir_rates_report *rates, size_t reason,
			 char to[static HALF_TEXT_MAX])
{
	char packets[WEIR_NUMBER_TEXT_MAX], bytes[WEIR_NUMBER_TEXT_MAX];

	snprintf(to, HALF_TEXT_MAX, "%-19.19s %9s %8s", weir_reason_slug(reason),
		 weir_number_text(rates->reasons[reason].packets, packets),
		 weir_number_text(rates->reasons[reason].bytes, bytes));
}

static void write_destination(const struct weir_destination_rates *row,
			      char to[static HALF_TEXT_MAX])
{
	char address[WEIR_PREFIX_TEXT_MAX], passed[WEIR_NUMBER_TEXT_MAX];
	char dropped[WEIR_NUMBER_TEXT_MAX], fill[16] = "-";

	if (row->bucket.bytes_per_s)
		snprintf(fill, sizeof(fill), "%.0f%%", 100 * weir_bucket_fill(&row->bucket));
	snprintf(to, HALF_TEXT_MAX, "%-15s %8s %9s %5s", weir_address_format(row->address, address),
		 weir_number_text(row->passed.packets, passed),
		 weir_number_text(row->dropped.packets, dropped), fill);
}

static int put_tables(struct writer *writer, const struct weir_rates_report *rates)
{
	struct ranked reasons[WEIR_REASONS_END], *destinations = rank_destinations(rates);
	size_t end = writer->screen.count + 1 + writer->layout.tables;
	size_t reasons_count = rank_reasons(rates, reasons);

	if (!destinations)
		return -ENOMEM;
	put_halves(writer, "REASON              packets/s  bytes/s",
		   "DESTINATION     passed/s dropped/s  full")
		->is_title = true;
	for (size_t i = 0; writer->screen.count < end; i++) {
		char left[HALF_TEXT_MAX] = "", right[HALF_TEXT_MAX] = "";

		if (i < reasons_count)
			write_reason(rates, reasons[i].index, left);
		if (i < rates->count)
			write_destination(&rates->destinations[destinations[i].index], right);
		put_halves(writer, left, right);
	}
	free(destinations);
	return 0;
}

/* ---- sources --------------------------------------------------------------------------- */

static void write_source(const struct weir_source *source, char to[static HALF_TEXT_MAX])
{
	char prefix[WEIR_PREFIX_TEXT_MAX], numbers[3][WEIR_NUMBER_TEXT_MAX];

	snprintf(to, HALF_TEXT_MAX, "%-18s %6s %6s %6s  %s",
		 weir_prefix_format(source->prefix, prefix),
		 weir_number_text(source->packets, numbers[0]),
		 weir_number_text(source->syns, numbers[1]),
		 weir_number_text(source->bytes, numbers[2]), weir_reason_slug(source->reason));
}

/* `DROPPED 1 in 12    pkts/s*  SYN/s byte/s`: the star is at what they are sorted by. */
static void write_title(const struct weir_top_data *data, const struct weir_top_view *view,
			__u32 outcome, char to[static HALF_TEXT_MAX])
{
	static const char *const names[WEIR_WATCH_OUTCOMES] = {"DROPPED", "PASSED"};
	char head[40] = "", thinned[24] = "", number[WEIR_NUMBER_TEXT_MAX];

	if (data->one_in[outcome] > 1)
		snprintf(thinned, sizeof(thinned), " 1 in %s",
			 weir_number_text(data->one_in[outcome], number));
	snprintf(head, sizeof(head), "%s%s", names[outcome], thinned);
	snprintf(to, HALF_TEXT_MAX, "%-18.18s%7s%7s%7s", head,
		 view->order == WEIR_BY_PACKETS ? "pkts/s*" : "pkts/s",
		 view->order == WEIR_BY_SYNS ? "SYN/s*" : "SYN/s",
		 view->order == WEIR_BY_BYTES ? "byte/s*" : "byte/s");
}

static void mark_selected(struct writer *writer, const struct weir_top_view *view,
			  struct weir_top_line *line)
{
	bool is_left = view->panel == WEIR_WATCH_DROPPED;

	line->mark_at = is_left ? 0 : writer->layout.left + 1;
	line->mark_size = is_left ? writer->layout.left : writer->layout.right;
}

static void put_sources(struct writer *writer, const struct weir_top_data *data,
			const struct weir_top_view *view)
{
	size_t end = writer->screen.count + 1 + writer->layout.sources;
	char halves[WEIR_WATCH_OUTCOMES][HALF_TEXT_MAX];

	for (__u32 i = 0; i < WEIR_WATCH_OUTCOMES; i++)
		write_title(data, view, i, halves[i]);
	put_halves(writer, halves[WEIR_WATCH_DROPPED], halves[WEIR_WATCH_PASSED])->is_title = true;
	writer->screen.sources_rows = writer->layout.sources;
	for (size_t row = 0; writer->screen.count < end; row++) {
		struct weir_top_line *line;

		for (__u32 i = 0; i < WEIR_WATCH_OUTCOMES; i++) {
			halves[i][0] = 0;
			if (row < data->sources_count[i])
				write_source(&data->sources[i][row], halves[i]);
		}
		line = put_halves(writer, halves[WEIR_WATCH_DROPPED], halves[WEIR_WATCH_PASSED]);
		if (row == view->selected && row < data->sources_count[view->panel])
			mark_selected(writer, view, line);
	}
}

/* ---- the proxy ------------------------------------------------------------------------- */

static void put_app(struct writer *writer, const struct weir_app_view *app)
{
	char numbers[4][WEIR_NUMBER_TEXT_MAX];

	put(writer, "%-24.24s %7s %10s %10s %12s %5.0f %5.0f", *app->app ? app->app : "(others)",
	    weir_number_text(app->open, numbers[0]), weir_number_text(app->requests, numbers[1]),
	    weir_number_text(app->up_bytes, numbers[2]),
	    weir_number_text(app->down_bytes, numbers[3]), app->containers, app->quarantined);
}

/* `PROXY 3-12% of a CPU`: the least and the most that a worker takes. */
static void write_proxy_title(const struct weir_proxy_view *proxy, char to[static HALF_TEXT_MAX])
{
	double least = proxy->workers_count ? proxy->workers[0] : 0, most = least;

	for (size_t i = 1; i < proxy->workers_count; i++) {
		least = proxy->workers[i] < least ? proxy->workers[i] : least;
		most = proxy->workers[i] > most ? proxy->workers[i] : most;
	}
	snprintf(to, HALF_TEXT_MAX, "PROXY workers %.0f-%.0f%%", 100 * least, 100 * most);
}

static void put_proxy(struct writer *writer, const struct weir_top_data *data)
{
	char title[HALF_TEXT_MAX];

	if (!data->proxy) {
		put(writer, "PROXY  %s", data->proxy_why ?: "not seen")->is_title = true;
		return;
	}
	write_proxy_title(data->proxy, title);
	put(writer, "%-24.24s %7s %10s %10s %12s %5s %5s", title, "open", "requests/s",
	    "up bytes/s", "down bytes/s", "cont.", "quar.")
		->is_title = true;
	for (size_t i = 0; i < data->proxy->count && i < writer->layout.proxy; i++)
		put_app(writer, &data->proxy->apps[i]);
}

/* ---- the whole ------------------------------------------------------------------------- */

static void put_foot(struct writer *writer, const struct weir_top_view *view)
{
	fill_to(writer, writer->height - 1);
	put(writer, "%s", *view->say ? view->say : KEYS);
}

int weir_top_make(const struct weir_top_data *data, const struct weir_top_view *view, size_t width,
		  size_t height, struct weir_top_screen *ret_screen)
{
	struct writer writer = {};
	int r;

	width = width < WEIR_TOP_WIDTH_MIN   ? WEIR_TOP_WIDTH_MIN
		: width > WEIR_TOP_WIDTH_MAX ? WEIR_TOP_WIDTH_MAX
					     : width;
	writer.height = height < WEIR_TOP_HEIGHT_MIN ? WEIR_TOP_HEIGHT_MIN : height;
	writer.layout = lay_out(width, writer.height);
	writer.screen.lines = calloc(writer.height, sizeof(*writer.screen.lines));
	if (!writer.screen.lines)
		return -ENOMEM;
	put_head(&writer, data, view);
	put_totals(&writer, data->rates);
	r = put_tables(&writer, data->rates);
	if (r) {
		weir_top_screen_done(&writer.screen);
		return r;
	}
	put_sources(&writer, data, view);
	put_proxy(&writer, data);
	put_foot(&writer, view);
	*ret_screen = writer.screen;
	return 0;
}
