/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of routes -> aligned tables, routes files. */
#include "report/route_list.h"

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

static int widest(const json_t *rows, const char *name, int width)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		int size = (int)strlen(member(row, name));

		width = size > width ? size : width;
	}
	return width < COLUMN_MAX ? width : COLUMN_MAX;
}

static void print_routes(FILE *to, const json_t *list)
{
	const json_t *rows = json_object_get(list, "routes"), *row;
	int host = widest(rows, "host", 4), app = widest(rows, "app", 3), from = 4;
	char origin[2 * WORD_MAX];
	size_t i;

	json_array_foreach(rows, i, row)
	{
		origin_text(row, origin, sizeof(origin));
		from = (int)strlen(origin) > from ? (int)strlen(origin) : from;
	}
	from = from < COLUMN_MAX ? from : COLUMN_MAX;
	if (json_array_size(rows))
		fprintf(to, "%-*s  %-*s  %-*s  containers\n", host, "host", app, "app", from,
			"from");
	json_array_foreach(rows, i, row)
	{
		origin_text(row, origin, sizeof(origin));
		fprintf(to, "%-*s  %-*s  %-*s ", host, member(row, "host"), app, member(row, "app"),
			from, origin);
		print_containers(to, row, "http", list);
		print_containers(to, row, "tls", list);
		fputc('\n', to);
	}
}

static void print_gone(FILE *to, const json_t *list)
{
	char origin[2 * WORD_MAX];
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(list, "gone"), i, row)
	{
		origin_text(row, origin, sizeof(origin));
		fprintf(to, "taken out: %s  %s\n", member(row, "host"), origin);
	}
}

static void print_drains(FILE *to, const json_t *list)
{
	char at[WEIR_TIME_TEXT_MAX];
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(list, "drains"), i, row)
	{
		fprintf(to, "drained: %s  %lld connections%s  live: %s, %s\n",
			member(row, "container"),
			(long long)json_integer_value(json_object_get(row, "connections")),
			json_is_true(json_object_get(row, "routed")) ? "" : ", in no route",
			member(row, "who"), at_text(row, at));
	}
}

static void print_rates(FILE *to, const json_t *list)
{
	char at[WEIR_TIME_TEXT_MAX], rate[WEIR_QUANTITY_TEXT_MAX], burst[WEIR_QUANTITY_TEXT_MAX];
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(list, "rates"), i, row)
	{
		fprintf(to, "rate: %s  %s burst %s  live: %s, %s\n", member(row, "of"),
			weir_rate_format(json_integer_value(json_object_get(row, "bytes_per_s")),
					 rate),
			weir_bytes_format(json_integer_value(json_object_get(row, "burst_bytes")),
					  burst),
			member(row, "who"), at_text(row, at));
	}
}

char *weir_route_list_table(const json_t *list)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	print_routes(to, list);
	print_gone(to, list);
	print_drains(to, list);
	print_rates(to, list);
	fclose(to);
	return text;
}

char *weir_route_list_file(const json_t *list)
{
	char *text = NULL;
	size_t size, i;
	FILE *to = open_memstream(&text, &size);
	const json_t *row;

	if (!to)
		return NULL;
	json_array_foreach(json_object_get(list, "routes"), i, row)
	{
		fprintf(to, "%s app=%s", member(row, "host"), member(row, "app"));
		print_containers(to, row, "http", NULL);
		print_containers(to, row, "tls", NULL);
		fputc('\n', to);
	}
	fclose(to);
	return text;
}

char *weir_route_list_hosts(const json_t *list)
{
	char *text = NULL;
	size_t size, i;
	FILE *to = open_memstream(&text, &size);
	const json_t *row;

	if (!to)
		return NULL;
	json_array_foreach(json_object_get(list, "routes"), i, row)
		fprintf(to, "%s\n", member(row, "host"));
	fclose(to);
	return text;
}
