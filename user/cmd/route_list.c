/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir route list and export: pages of the control socket -> text, once or again and again.
 *
 * All pages are to be of one state of the routes: the proxy counts its changes, and a list during
 * which that count moved is read anew, a few times. After that it is printed as it came, and said
 * so.
 */
#include <errno.h>

#include "cmd/progress.h"
#include "cmd/route.h"
#include "cmd/watch.h"
#include "report/route_list.h"

/* A list that changes while it is read is read anew, this often; then it is taken as it comes. */
enum { TRIES = 3 };

#define _cleanup_list_ _cleanup_(weir_route_list_free)

static bool is_hosts(enum weir_route_form form)
{
	return form == WEIR_ROUTES_HOSTS || form == WEIR_ROUTES_HOSTS_JSON;
}

/* The name of the last route of a page, or NULL. Hosts are strings, routes objects. */
static const char *last_of(const json_t *page)
{
	const json_t *rows = json_object_get(page, "routes");
	const json_t *row = json_array_get(rows, json_array_size(rows) - 1);

	return json_string_value(json_is_string(row) ? row : json_object_get(row, "host"));
}

static int read_page(struct weir_route_run *run, enum weir_route_form form, const char *after,
		     json_t **ret_page)
{
	return weir_control_call(run->fd, "list",
				 json_pack("{s:b, s:s*}", "hosts", is_hosts(form), "after", after),
				 &run->diags, ret_page);
}

/*
 * All pages, of which one is held at a time. When routes change between two of them: -EAGAIN, or where
 * that is tolerated each route as it was when its page was read.
 */
static int read_pages(struct weir_route_run *run, struct weir_route_list *list,
		      enum weir_route_form form, bool tolerates, bool *ret_has_changed)
{
	_cleanup_json_ json_t *page = NULL;
	json_int_t number;
	int r = read_page(run, form, NULL, &page);

	if (r)
		return r;
	number = json_integer_value(json_object_get(page, "number"));
	for (;;) {
		_cleanup_json_ json_t *next = NULL;
		const char *last = last_of(page);

		r = weir_route_list_add(list, page);
		if (r || !last || !json_is_true(json_object_get(page, "more")))
			return r;
		r = read_page(run, form, last, &next);
		if (r)
			return r;
		*ret_has_changed |= json_integer_value(json_object_get(next, "number")) != number;
		if (*ret_has_changed && !tolerates)
			return -EAGAIN;
		json_decref(page);
		page = json_incref(next);
	}
}

static int read_list(struct weir_route_run *run, enum weir_route_form form, char **ret_text)
{
	bool has_changed = false;
	int r = -EAGAIN;

	for (int i = 1; r == -EAGAIN && i <= TRIES; i++) {
		_cleanup_list_ struct weir_route_list *list = weir_route_list_new(form);

		has_changed = false;
		r = list ? read_pages(run, list, form, i == TRIES, &has_changed) : -ENOMEM;
		if (!r) {
			*ret_text = weir_route_list_text(list);
			r = *ret_text ? 0 : -ENOMEM;
		}
	}
	if (!r && has_changed)
		weir_diags_warning(&run->diags, NULL, 0, 0,
				   "routes changed while they were read: each is as it was then");
	return r;
}

static int print_once(struct weir_route_run *run, enum weir_route_form form)
{
	char *text = NULL;
	int r;

	weir_progress_say("reading the routes");
	r = read_list(run, form, &text);
	return r ?: weir_cmd_print(text, &run->diags);
}

/* By a connection each time: the proxy may be another one by then. */
static int print_again(struct weir_route_run *run, enum weir_route_form form)
{
	char *text = NULL;
	int r = run->fd < 0 ? weir_cmd_proxy_connect(run->cli, &run->diags, &run->fd) : 0;

	r = r ?: read_list(run, form, &text);
	if (!r)
		weir_diags_done(&run->diags); /* the next list is due soon */
	closep(&run->fd);
	run->fd = -1;
	return r ?: weir_watch_print(text, &run->diags);
}

int weir_route_list(struct weir_route_run *run, char **operands)
{
	static const enum weir_route_form forms[2][2] = {
		{WEIR_ROUTES_TABLE, WEIR_ROUTES_JSON}, {WEIR_ROUTES_HOSTS, WEIR_ROUTES_HOSTS_JSON}};
	enum weir_route_form form = forms[run->is_hosts][run->cli->json];
	int r;

	(void)operands;
	if (!run->interval_ns)
		return print_once(run, form);
	if (form == WEIR_ROUTES_JSON)
		form = WEIR_ROUTES_JSON_LINE;
	weir_watch_begin();
	do
		r = print_again(run, form);
	while (!r && weir_watch_wait(run->interval_ns));
	return weir_watch_end(r);
}

int weir_route_export(struct weir_route_run *run, char **operands)
{
	(void)operands;
	return print_once(run, WEIR_ROUTES_FILE);
}
