/* SPDX-License-Identifier: GPL-2.0-only */
/* weir route list and export: pages of the control socket -> one list -> text. */
#include <errno.h>

#include "cmd/route.h"
#include "report/route_list.h"

/* A list that changes while it is read is read anew, this often. */
enum { TRIES = 5 };

static int read_page(struct weir_route_run *run, const char *after, json_t **ret_page)
{
	return weir_control_call(run->fd, "list",
				 after ? json_pack("{s:s}", "after", after) : json_object(),
				 &run->diags, ret_page);
}

/* All pages. -EAGAIN when routes changed between two of them. */
static int read_pages(struct weir_route_run *run, json_t **ret_list)
{
	_cleanup_json_ json_t *list = NULL;
	json_t *routes;
	bool has_more;
	int r = read_page(run, NULL, &list);

	if (r)
		return r;
	routes = json_object_get(list, "routes");
	has_more = json_is_true(json_object_get(list, "more"));
	while (has_more) {
		_cleanup_json_ json_t *page = NULL;
		const json_t *last = json_array_get(routes, json_array_size(routes) - 1);

		r = read_page(run, json_string_value(json_object_get(last, "host")), &page);
		if (r)
			return r;
		if (!json_equal(json_object_get(list, "number"), json_object_get(page, "number")))
			return -EAGAIN;
		if (json_array_extend(routes, json_object_get(page, "routes")))
			return -EPROTO;
		has_more = json_is_true(json_object_get(page, "more")) &&
			   json_array_size(json_object_get(page, "routes"));
	}
	*ret_list = list;
	list = NULL;
	return 0;
}

static int read_list(struct weir_route_run *run, json_t **ret_list)
{
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < TRIES; i++)
		r = read_pages(run, ret_list);
	if (r == -EAGAIN)
		weir_diags_error(&run->diags, NULL, 0, 0,
				 "the routes change faster than they list");
	return r;
}

static char *json_text(json_t *list)
{
	char *text = json_dumps(list, JSON_INDENT(2)), *whole = NULL;

	if (text && asprintf(&whole, "%s\n", text) < 0)
		whole = NULL;
	free(text);
	return whole;
}

int weir_route_list(struct weir_route_run *run, char **operands)
{
	_cleanup_json_ json_t *list = NULL;
	int r = read_list(run, &list);

	(void)operands;
	if (r)
		return r;
	json_object_del(list, "version");
	json_object_del(list, "ok");
	json_object_del(list, "more");
	return weir_cmd_print(run->is_hosts    ? weir_route_list_hosts(list)
			      : run->cli->json ? json_text(list)
					       : weir_route_list_table(list),
			      &run->diags);
}

int weir_route_export(struct weir_route_run *run, char **operands)
{
	_cleanup_json_ json_t *list = NULL;
	int r = read_list(run, &list);

	(void)operands;
	return r ?: weir_cmd_print(weir_route_list_file(list), &run->diags);
}
