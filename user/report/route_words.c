/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of a list of routes: how does each thing that the control socket says read?
 *
 * Members of a JSON row -> an origin, containers, a line about a drain or a rate. What comes from
 * there is escaped, because the proxy reads what strangers send; what is missing is `-`.
 */
#include "report/route_words.h"

#include <string.h>

#include "base/quantity.h"
#include "base/text.h"
#include "report/json.h"

const char *weir_route_word(const json_t *value)
{
	static char words[4][WEIR_ROUTE_WORD_MAX];
	static unsigned int turn;
	const char *text = json_string_value(value) ?: "-";

	return weir_text_escape(text, strlen(text), words[turn++ % 4], WEIR_ROUTE_WORD_MAX);
}

const char *weir_route_member(const json_t *row, const char *name)
{
	return weir_route_word(json_object_get(row, name));
}

static const char *at_text(const json_t *row, char to[static WEIR_TIME_TEXT_MAX])
{
	json_int_t at_s = json_integer_value(json_object_get(row, "at"));

	return weir_time_text(at_s > 0 ? (unsigned long long)at_s * 1000000000ULL : 0, to);
}

void weir_route_origin(const json_t *row, char *to, size_t size)
{
	const json_t *path = json_object_get(row, "path");
	int line = (int)json_integer_value(json_object_get(row, "line"));
	char at[WEIR_TIME_TEXT_MAX], base[WEIR_ROUTE_WORD_MAX + 16] = "";

	if (path)
		snprintf(base, sizeof(base), "%s:%d", weir_route_word(path), line);
	if (!json_object_get(row, "who"))
		snprintf(to, size, "%s", base);
	else
		snprintf(to, size, "live: %s, %s%s%s", weir_route_member(row, "who"),
			 at_text(row, at),
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

void weir_route_print_containers(FILE *to, const json_t *row, const char *protocol,
				 const json_t *marks)
{
	const json_t *array = json_object_get(row, protocol), *item;
	const json_t *preface = json_object_get(row, *protocol == 'h' ? "http_proxy" : "tls_proxy");
	size_t i;

	if (json_array_size(array))
		fprintf(to, " %s", protocol);
	if (preface)
		fprintf(to, " proxy=%s", weir_route_word(preface));
	json_array_foreach(array, i, item)
	{
		const char *text = json_string_value(item) ?: "-";

		fprintf(to, " %s%s", weir_route_word(item),
			marks && is_drained(marks, text) ? "(drained)" : "");
	}
}

void weir_route_print_gone(FILE *to, const json_t *row)
{
	char origin[2 * WEIR_ROUTE_WORD_MAX];

	weir_route_origin(row, origin, sizeof(origin));
	fprintf(to, "taken out: %s  %s\n", weir_route_member(row, "host"), origin);
}

void weir_route_print_drain(FILE *to, const json_t *row)
{
	char at[WEIR_TIME_TEXT_MAX];

	fprintf(to, "drained: %s  %lld connections%s  live: %s, %s\n",
		weir_route_member(row, "container"),
		(long long)json_integer_value(json_object_get(row, "connections")),
		json_is_true(json_object_get(row, "routed")) ? "" : ", in no route",
		weir_route_member(row, "who"), at_text(row, at));
}

void weir_route_print_rate(FILE *to, const json_t *row)
{
	char at[WEIR_TIME_TEXT_MAX], rate[WEIR_QUANTITY_TEXT_MAX], burst[WEIR_QUANTITY_TEXT_MAX];

	fprintf(to, "rate: %s  %s burst %s  live: %s, %s\n", weir_route_member(row, "of"),
		weir_rate_format(json_integer_value(json_object_get(row, "bytes_per_s")), rate),
		weir_bytes_format(json_integer_value(json_object_get(row, "burst_bytes")), burst),
		weir_route_member(row, "who"), at_text(row, at));
}
