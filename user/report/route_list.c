/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages of routes -> one text: an aligned table, a routes file, hosts, or JSON.
 *
 * Each page becomes rows of text at once, and is forgotten but for what the first one has besides
 * routes. A table's columns are as wide as their widest word, which is known only after the last
 * page: until then its rows have tabs between columns.
 */
#include "report/route_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/json.h"
#include "report/route_words.h"

enum { COLUMN_MAX = 48 };

/* ---- a line a route, as pages come ----------------------------------------------------- */

struct weir_route_list {
	enum weir_route_form form;
	json_t *rest; /* of the first page: all but the routes */
	FILE *to;     /* into text */
	char *text;
	size_t size, count;
	int host, app, from; /* widths of the table's columns */
};

struct weir_route_list *weir_route_list_new(enum weir_route_form form)
{
	struct weir_route_list *list = calloc(1, sizeof(*list));

	if (!list)
		return NULL;
	*list = (struct weir_route_list){.form = form, .host = 4, .app = 3, .from = 4};
	list->to = open_memstream(&list->text, &list->size);
	if (!list->to)
		weir_route_list_free(&list);
	return list;
}

void weir_route_list_free(struct weir_route_list **list)
{
	struct weir_route_list *old = take_pointer(*list);

	if (!old)
		return;
	if (old->to)
		fclose(old->to);
	free(old->text);
	json_decref(old->rest);
	free(old);
}

static void widen(int *width, const char *text)
{
	int size = (int)strlen(text);

	size = size < COLUMN_MAX ? size : COLUMN_MAX;
	*width = size > *width ? size : *width;
}

/* Its columns, with a tab between them: no word holds one, escaped as they are. */
static void add_table_row(struct weir_route_list *list, const json_t *row)
{
	char origin[2 * WEIR_ROUTE_WORD_MAX];

	weir_route_origin(row, origin, sizeof(origin));
	widen(&list->host, weir_route_member(row, "host"));
	widen(&list->app, weir_route_member(row, "app"));
	widen(&list->from, origin);
	fprintf(list->to, "%s\t%s\t%s\t", weir_route_member(row, "host"),
		weir_route_member(row, "app"), origin);
	weir_route_print_containers(list->to, row, "http", list->rest);
	weir_route_print_containers(list->to, row, "tls", list->rest);
	fputc('\n', list->to);
}

static void add_file_row(struct weir_route_list *list, const json_t *row)
{
	fprintf(list->to, "%s app=%s", weir_route_member(row, "host"),
		weir_route_member(row, "app"));
	weir_route_print_containers(list->to, row, "http", NULL);
	weir_route_print_containers(list->to, row, "tls", NULL);
	fputc('\n', list->to);
}

/* Times as everywhere in JSON, where the socket has seconds. */
static void set_time(json_t *row)
{
	json_int_t at_s = json_integer_value(json_object_get(row, "at"));

	if (at_s > 0)
		json_object_set_new(row, "at",
				    weir_json_time((unsigned long long)at_s * 1000000000ULL));
}

static void add_json_row(struct weir_route_list *list, json_t *row)
{
	const char *comma = !list->count ? "" : list->form == WEIR_ROUTES_JSON ? ",\n    " : ",";

	set_time(row);
	fputs(comma, list->to);
	json_dumpf(row, list->to, JSON_COMPACT | JSON_ENCODE_ANY);
}

static void add_row(struct weir_route_list *list, json_t *row)
{
	if (list->form == WEIR_ROUTES_TABLE)
		add_table_row(list, row);
	else if (list->form == WEIR_ROUTES_FILE)
		add_file_row(list, row);
	else if (list->form == WEIR_ROUTES_HOSTS)
		fprintf(list->to, "%s\n", weir_route_word(row));
	else
		add_json_row(list, row);
	list->count++;
}

int weir_route_list_add(struct weir_route_list *list, json_t *page)
{
	json_t *row;
	size_t i;

	if (!list->rest) {
		list->rest = json_copy(page);
		if (!list->rest)
			return -ENOMEM;
		json_object_del(list->rest, "routes");
	}
	json_array_foreach(json_object_get(page, "routes"), i, row) add_row(list, row);
	return ferror(list->to) ? -ENOMEM : 0;
}

/* ---- the end of it --------------------------------------------------------------------- */

static void print_routes(FILE *to, const struct weir_route_list *list, char *rows)
{
	char *rest = rows, *line;

	if (list->count)
		fprintf(to, "%-*s  %-*s  %-*s  containers\n", list->host, "host", list->app, "app",
			list->from, "from");
	while (*rest && (line = strsep(&rest, "\n"))) {
		const char *host = strsep(&line, "\t"), *app = strsep(&line, "\t");
		const char *origin = strsep(&line, "\t");

		fprintf(to, "%-*s  %-*s  %-*s %s\n", list->host, host, list->app, app, list->from,
			origin, line);
	}
}

static void print_each(FILE *to, const json_t *rows, void (*print)(FILE *to, const json_t *row))
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) print(to, row);
}

static void print_table(FILE *to, const struct weir_route_list *list, char *rows)
{
	print_routes(to, list, rows);
	print_each(to, json_object_get(list->rest, "gone"), weir_route_print_gone);
	print_each(to, json_object_get(list->rest, "drains"), weir_route_print_drain);
	print_each(to, json_object_get(list->rest, "rates"), weir_route_print_rate);
}

/* The rows as an array in front of what else there is, so that they are never all values at once. */
static void print_json(FILE *to, const struct weir_route_list *list, const char *rows)
{
	bool is_line = list->form != WEIR_ROUTES_JSON;
	const char *gap = is_line ? "" : "\n  ", *name;
	json_t *value, *row;
	size_t i;

	fprintf(to, "{%s\"%s\":%s[%s%s%s]", gap,
		list->form == WEIR_ROUTES_HOSTS_JSON ? "hosts" : "routes", is_line ? "" : " ",
		is_line || !list->count ? "" : "\n    ", rows,
		is_line || !list->count ? "" : "\n  ");
	json_object_foreach(list->rest, name, value)
	{
		if (!strcmp(name, "version") || !strcmp(name, "ok") || !strcmp(name, "more"))
			continue;
		json_array_foreach(value, i, row) set_time(row);
		fprintf(to, ",%s\"%s\":%s", gap, name, is_line ? "" : " ");
		json_dumpf(value, to, JSON_COMPACT | JSON_ENCODE_ANY);
	}
	fputs(is_line ? "}\n" : "\n}\n", to);
}

/* The rows, which the list has no more; NULL when memory has run out. */
static char *take_rows(struct weir_route_list *list)
{
	bool has_failed = fclose(take_pointer(list->to)) != 0;
	_cleanup_free_ char *rows = take_pointer(list->text);

	return has_failed ? NULL : take_pointer(rows);
}

char *weir_route_list_text(struct weir_route_list *list)
{
	_cleanup_free_ char *rows = take_rows(list);
	char *text = NULL;
	size_t size;
	FILE *to;

	if (!rows || list->form == WEIR_ROUTES_FILE || list->form == WEIR_ROUTES_HOSTS)
		return take_pointer(rows);
	to = open_memstream(&text, &size);
	if (!to)
		return NULL;
	if (list->form == WEIR_ROUTES_TABLE)
		print_table(to, list, rows);
	else
		print_json(to, list, rows);
	return take_text(to, &text);
}
