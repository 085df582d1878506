/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of routes -> aligned tables, JSON, routes files. */
#include "report/route_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"
#include "base/text.h"
#include "report/json.h"

enum { WORD_MAX = 1100, COLUMN_MAX = 48 };

/* A member's text, printable, in one of a few buffers that are used in turn. */
static const char *word(const json_t *value)
{
	static char words[4][WORD_MAX];
	static unsigned int turn;
	const char *text = json_string_value(value) ?: "-";

	return weir_text_escape(text, strlen(text), words[turn++ % 4], WORD_MAX);
}

static const char *member(const json_t *row, const char *name)
{
	return word(json_object_get(row, name));
}

static const char *at_text(const json_t *row, char to[static WEIR_TIME_TEXT_MAX])
{
	json_int_t at_s = json_integer_value(json_object_get(row, "at"));

	return weir_time_text(at_s > 0 ? (unsigned long long)at_s * 1000000000ULL : 0, to);
}

/* `apps.routes:3`, or `live: alice, TIME, in apps.routes:3 otherwise`. */
static void origin_text(const json_t *row, char *to, size_t size)
{
	const json_t *path = json_object_get(row, "path");
	int line = (int)json_integer_value(json_object_get(row, "line"));
	char at[WEIR_TIME_TEXT_MAX], base[WORD_MAX + 16] = "";

	if (path)
		snprintf(base, sizeof(base), "%s:%d", word(path), line);
	if (!json_object_get(row, "who"))
		snprintf(to, size, "%s", base);
	else
		snprintf(to, size, "live: %s, %s%s%s", member(row, "who"), at_text(row, at),
			 json_is_true(json_object_get(row, "caught_up")) ? ", files agree"
			 : path                                          ? ", over "
									 : "",
			 json_is_true(json_object_get(row, "caught_up")) ? "" : base);
}

static bool is_drained(const json_t *list, const char *container)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(list, "drains"), i, row)
	{
		const char *drained = json_string_value(json_object_get(row, "container"));

		if (drained && !strcmp(drained, container))
			return true;
	}
	return false;
}

/* ` http A:P A:P`; `marks`: the list to mark drained ones by, or NULL. */
static void print_containers(FILE *to, const json_t *row, const char *protocol, const json_t *marks)
{
	const json_t *array = json_object_get(row, protocol), *item;
	const json_t *preface = json_object_get(row, *protocol == 'h' ? "http_proxy" : "tls_proxy");
	size_t i;

	if (json_array_size(array))
		fprintf(to, " %s", protocol);
	if (preface)
		fprintf(to, " proxy=%s", word(preface));
	json_array_foreach(array, i, item)
	{
		const char *text = json_string_value(item) ?: "-";

		fprintf(to, " %s%s", word(item),
			marks && is_drained(marks, text) ? "(drained)" : "");
	}
}

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
	struct weir_route_list *old = *list;

	*list = NULL;
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
	char origin[2 * WORD_MAX];

	origin_text(row, origin, sizeof(origin));
	widen(&list->host, member(row, "host"));
	widen(&list->app, member(row, "app"));
	widen(&list->from, origin);
	fprintf(list->to, "%s\t%s\t%s\t", member(row, "host"), member(row, "app"), origin);
	print_containers(list->to, row, "http", list->rest);
	print_containers(list->to, row, "tls", list->rest);
	fputc('\n', list->to);
}

static void add_file_row(struct weir_route_list *list, const json_t *row)
{
	fprintf(list->to, "%s app=%s", member(row, "host"), member(row, "app"));
	print_containers(list->to, row, "http", NULL);
	print_containers(list->to, row, "tls", NULL);
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
		fprintf(list->to, "%s\n", word(row));
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

static void print_gone(FILE *to, const json_t *row)
{
	char origin[2 * WORD_MAX];

	origin_text(row, origin, sizeof(origin));
	fprintf(to, "taken out: %s  %s\n", member(row, "host"), origin);
}

static void print_drain(FILE *to, const json_t *row)
{
	char at[WEIR_TIME_TEXT_MAX];

	fprintf(to, "drained: %s  %lld connections%s  live: %s, %s\n", member(row, "container"),
		(long long)json_integer_value(json_object_get(row, "connections")),
		json_is_true(json_object_get(row, "routed")) ? "" : ", in no route",
		member(row, "who"), at_text(row, at));
}

static void print_rate(FILE *to, const json_t *row)
{
	char at[WEIR_TIME_TEXT_MAX], rate[WEIR_QUANTITY_TEXT_MAX], burst[WEIR_QUANTITY_TEXT_MAX];

	fprintf(to, "rate: %s  %s burst %s  live: %s, %s\n", member(row, "of"),
		weir_rate_format(json_integer_value(json_object_get(row, "bytes_per_s")), rate),
		weir_bytes_format(json_integer_value(json_object_get(row, "burst_bytes")), burst),
		member(row, "who"), at_text(row, at));
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
	print_each(to, json_object_get(list->rest, "gone"), print_gone);
	print_each(to, json_object_get(list->rest, "drains"), print_drain);
	print_each(to, json_object_get(list->rest, "rates"), print_rate);
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

char *weir_route_list_text(struct weir_route_list *list)
{
	char *rows, *text = NULL;
	bool has_failed = fclose(list->to) != 0;
	size_t size;
	FILE *to;

	list->to = NULL;
	rows = list->text;
	list->text = NULL;
	if (has_failed || !rows || list->form == WEIR_ROUTES_FILE ||
	    list->form == WEIR_ROUTES_HOSTS)
		return has_failed ? (free(rows), NULL) : rows;
	to = open_memstream(&text, &size);
	if (to && list->form == WEIR_ROUTES_TABLE)
		print_table(to, list, rows);
	else if (to)
		print_json(to, list, rows);
	free(rows);
	if (to && fclose(to)) {
		free(text);
		return NULL;
	}
	return text;
}
