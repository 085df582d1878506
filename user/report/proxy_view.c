/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proxy's metrics -> apps and workers -> what happens in a second, for weir top.
 *
 * Only lines that are known are read, and a label as it was escaped. Two readings make rates; a total
 * that has become less belongs to a proxy that was started in between.
 */
#include "report/proxy_view.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void weir_proxy_view_done(struct weir_proxy_view *view)
{
	free(view->apps);
	*view = (struct weir_proxy_view){};
}

/* ---- reading --------------------------------------------------------------------------- */

/* The value of a label, unescaped and cut to fit; false: the line has no such label. */
static bool take_label(const char *line, const char *name, char to[static WEIR_APP_NAME_MAX])
{
	char head[32];
	const char *at;
	size_t size = 0;

	snprintf(head, sizeof(head), "%s=\"", name);
	at = strstr(line, head);
	if (!at)
		return false;
	for (at += strlen(head); *at && *at != '"' && *at != '\n'; at++) {
		if (*at == '\\' && at[1])
			at++;
		if (size + 1 < WEIR_APP_NAME_MAX)
			to[size++] = *at;
	}
	to[size] = 0;
	return true;
}

static struct weir_app_view *find_app(const struct weir_proxy_view *view, const char *app)
{
	for (size_t i = 0; i < view->count; i++)
		if (!strcmp(view->apps[i].app, app))
			return &view->apps[i];
	return NULL;
}

/* Where a family's values go, added up over its other labels. */
static double *place_in(struct weir_app_view *app, const char *line, const char *name, size_t size)
{
	static const struct {
		const char *name;
		size_t at;
	} places[] = {
		{"weir_proxy_app_open_connections", offsetof(struct weir_app_view, open)},
		{"weir_proxy_app_containers", offsetof(struct weir_app_view, containers)},
		{"weir_proxy_app_quarantined_containers",
		 offsetof(struct weir_app_view, quarantined)},
		{"weir_proxy_app_requests_total", offsetof(struct weir_app_view, requests)},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strlen(places[i].name) == size && !memcmp(places[i].name, name, size))
			return (double *)((char *)app + places[i].at);
	if (!strncmp(name, "weir_proxy_app_bytes_total{", size + 1))
		return strstr(line, "direction=\"up\"") ? &app->up_bytes : &app->down_bytes;
	return NULL;
}

static int read_app(struct weir_proxy_view *view, const char *line, size_t size, double value)
{
	char name[WEIR_APP_NAME_MAX];
	struct weir_app_view *app;
	double *place;

	if (!take_label(line, "app", name))
		return 0;
	app = find_app(view, name);
	if (!app) {
		app = weir_array_add(&view->apps, &view->count);
		if (!app)
			return -ENOMEM;
		memcpy(app->app, name, sizeof(app->app));
	}
	place = place_in(app, line, line, size);
	if (place)
		*place += value;
	return 0;
}

static int read_line(struct weir_proxy_view *view, const char *line)
{
	size_t size = strcspn(line, "{ ");
	const char *blank = strrchr(line, ' ');
	double value = blank ? strtod(blank, NULL) : 0;

	if (!strncmp(line, "weir_proxy_worker_cpu_seconds_total{", size + 1) &&
	    view->workers_count < WEIR_VIEW_WORKERS_MAX)
		view->workers[view->workers_count++] = value;
	if (!strncmp(line, "weir_proxy_connections_total ", size + 1))
		view->connections = value;
	return !strncmp(line, "weir_proxy_app_", 15) ? read_app(view, line, size, value) : 0;
}

int weir_proxy_view_read(const char *text, struct weir_proxy_view *ret_view)
{
	struct weir_proxy_view view = {};
	int r = strstr(text, "weir_proxy_") ? 0 : -EINVAL;

	while (!r && *text) {
		size_t size = strcspn(text, "\n");
		char line[1024];

		snprintf(line, sizeof(line), "%.*s", size < 1000 ? (int)size : 1000, text);
		if (*line != '#')
			r = read_line(&view, line);
		text += size + (text[size] == '\n');
	}
	if (r) {
		weir_proxy_view_done(&view);
		return r;
	}
	*ret_view = view;
	return 0;
}

/* ---- rates ----------------------------------------------------------------------------- */

static double rate(double before, double after, double interval_s)
{
	return (after >= before ? after - before : after) / interval_s;
}

static int by_work(const void *a, const void *b)
{
	const struct weir_app_view *x = a, *y = b;
	double work_x = x->requests + x->open, work_y = y->requests + y->open;

	return work_x != work_y ? (work_x < work_y) - (work_x > work_y) : strcmp(x->app, y->app);
}

int weir_proxy_view_rates(const struct weir_proxy_view *before, const struct weir_proxy_view *after,
			  __u64 interval_ns, struct weir_proxy_view *ret_rates)
{
	double interval_s = (double)interval_ns / 1e9;
	struct weir_proxy_view rates = *after;

	rates.apps = calloc(after->count ?: 1, sizeof(*rates.apps));
	if (!rates.apps)
		return -ENOMEM;
	for (size_t i = 0; i < after->count; i++) {
		static const struct weir_app_view none;
		const struct weir_app_view *then = find_app(before, after->apps[i].app) ?: &none;
		struct weir_app_view *app = &rates.apps[i];

		*app = after->apps[i];
		app->requests = rate(then->requests, app->requests, interval_s);
		app->up_bytes = rate(then->up_bytes, app->up_bytes, interval_s);
		app->down_bytes = rate(then->down_bytes, app->down_bytes, interval_s);
	}
	rates.connections = rate(before->connections, after->connections, interval_s);
	for (size_t i = 0; i < after->workers_count; i++)
		rates.workers[i] = rate(i < before->workers_count ? before->workers[i] : 0,
					after->workers[i], interval_s);
	qsort(rates.apps, rates.count, sizeof(*rates.apps), by_work);
	*ret_rates = rates;
	return 0;
}
