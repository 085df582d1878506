/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir top, apart from the terminal: what is read, what is remembered between two readings, and
 * what a key does. Private to user/cmd.
 */
#ifndef WEIR_CMD_TOP_H
#define WEIR_CMD_TOP_H

#include "cmd/cmd.h"
#include "cmd/watch.h"
#include "config/config.h"
#include "kernel/pins.h"
#include "report/top.h"

enum { WEIR_TOP_SOURCES_MAX = 200 };

struct weir_top {
	const struct weir_cli *cli;
	struct weir_paths paths;
	struct weir_maps maps;
	struct weir_config *config; /* NULL: it could not be read */
	struct weir_top_view view;

	/* readings */
	struct weir_status status;
	struct weir_counts_report counts;
	struct weir_rates_report rates;
	struct weir_proxy_view proxy, proxy_rates;
	struct weir_sampling sampling;
	__u64 counts_ns, proxy_ns, samples_ns; /* when each was begun */
	const char *proxy_why;
	struct weir_source *sources[WEIR_WATCH_OUTCOMES];
	size_t sources_count[WEIR_WATCH_OUTCOMES];
	char clock[16];

	/* a question, or text being typed */
	bool asks_ban, types_filter;
	struct weir_prefix to_ban;
	bool ends;
};

int weir_top_open(struct weir_top *top, const struct weir_cli *cli, struct weir_diags *diags);
void weir_top_close(struct weir_top *top);

/*
 * Read everything anew: what there is then shows what has happened since the last time. Paused,
 * only what keeps up with the gate. Returns 0 or a negative errno.
 */
int weir_top_read(struct weir_top *top, struct weir_diags *diags);

/* Between two readings, so that no sample is lost. Returns 0 or a negative errno. */
int weir_top_keep_up(struct weir_top *top);

/* What is there, as the screen takes it; points into `top`. */
struct weir_top_data weir_top_data_of(const struct weir_top *top);

/* Keys beyond ASCII. */
enum {
	WEIR_KEY_UP = 0x100,
	WEIR_KEY_DOWN,
	WEIR_KEY_TAB,
	WEIR_KEY_ENTER,
	WEIR_KEY_BACK,
	WEIR_KEY_ESCAPE
};

/* A key was pressed; `rows` sources are on the screen. */
void weir_top_key(struct weir_top *top, int key, size_t rows);

/*
 * The proxy's metrics, from its endpoint, within half a second. free(3) the text; NULL and why
 * not where there is none.
 */
char *weir_top_fetch(const struct weir_proxy_settings *settings, const char **ret_why);

#endif
