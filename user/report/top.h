/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live screen as lines of text: values and what the operator chose -> a screen of a given
 * size. Pure; weir top only puts the lines on the terminal.
 *
 *   +--------------------------------------------------------+
 *   | gate, interfaces, trial, bans                          |
 *   | totals                                                 |
 *   | REASON      packets/s bytes/s | DESTINATION  ... bucket|
 *   | DROPPED     packets SYNs bytes | PASSED  ...           |
 *   | PROXY                                                  |
 *   | keys, or a question, or what was said                  |
 *   +--------------------------------------------------------+
 */
#ifndef WEIR_REPORT_TOP_H
#define WEIR_REPORT_TOP_H

#include "report/proxy_view.h"
#include "report/rates.h"
#include "report/sources.h"
#include "report/status.h"

enum { WEIR_TOP_WIDTH_MIN = 80, WEIR_TOP_HEIGHT_MIN = 24, WEIR_TOP_WIDTH_MAX = 300 };

struct weir_top_data {
	const struct weir_status *status;
	const struct weir_rates_report *rates;
	const struct weir_source *sources[WEIR_WATCH_OUTCOMES]; /* by outcome, sorted */
	size_t sources_count[WEIR_WATCH_OUTCOMES];
	__u32 one_in[WEIR_WATCH_OUTCOMES];
	const struct weir_proxy_view *proxy; /* rates; NULL: it cannot be seen, */
	const char *proxy_why;               /* and why */
	char clock[16];                      /* of the reading */
};

struct weir_top_view {
	enum weir_sources_order order;
	__u8 length; /* of sources: 24 or 32 */
	bool is_paused;
	__u32 panel;                       /* the outcome whose sources are selected from */
	size_t selected;                   /* row in it */
	char filter[WEIR_PREFIX_TEXT_MAX]; /* as it was typed; "": none */
	char say[160];                     /* in place of the keys; "" for the keys */
};

struct weir_top_line {
	char text[WEIR_TOP_WIDTH_MAX + 1];
	bool is_title;
	size_t mark_at, mark_size; /* the selected part; size 0: none */
};

struct weir_top_screen {
	struct weir_top_line *lines; /* as many as the screen is high */
	size_t count;
	size_t sources_rows; /* that are shown: `selected` is below it */
};

/*
 * No line is longer than `width`; smaller screens than the least are made as if of that size, to
 * be cut by the terminal. free with weir_top_screen_done. Returns 0 or -ENOMEM.
 */
int weir_top_make(const struct weir_top_data *data, const struct weir_top_view *view, size_t width,
		  size_t height, struct weir_top_screen *ret_screen);
void weir_top_screen_done(struct weir_top_screen *screen);

/* The source that is selected, or NULL. */
const struct weir_source *weir_top_selected(const struct weir_top_data *data,
					    const struct weir_top_view *view);

#endif
