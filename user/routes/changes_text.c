/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live changes <-> journal lines, and the words that their values are made of.
 *
 * A line has a checksum in front: one that is damaged is skipped and counted, and a request whose last
 * line is missing is not taken at all. changes.h shows the lines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/prefix.h"
#include "routes/changes.h"

static const char *const kinds[] = {"route", "drain", "rate"};

static void print_change(FILE *to, const struct weir_change *change, bool has_more)
{
	char who[WEIR_WHO_MAX];

	weir_journal_clean(change->who, who, sizeof(who), true);
	/* The blanks are where sealing the line puts the checksum. */
	fprintf(to, "%*s%c %c %s " WEIR_JOURNAL_TIME " %s %s%s%s\n", WEIR_JOURNAL_HEAD, "",
		change->sign, has_more ? '&' : '.', kinds[change->kind],
		WEIR_JOURNAL_TIME_ARG(change->at_ns), *who ? who : "?", change->key,
		*change->value ? " " : "", change->value);
}

static char *format(const struct weir_changes *changes, bool is_one, size_t *ret_size)
{
	char *text = NULL, *at, *newline;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (size_t i = 0; i < changes->count; i++)
		print_change(to, &changes->items[i], is_one && i + 1 < changes->count);
	if (fclose(to))
		return free(text), NULL;
	for (at = text; at < text + size && (newline = strchr(at, '\n')); at = newline + 1) {
		char next = newline[1];

		weir_journal_line_seal(at, newline - at - WEIR_JOURNAL_HEAD);
		newline[1] = next; /* sealing ends the line for those who have but one */
	}
	*ret_size = size;
	return text;
}

char *weir_changes_format(const struct weir_changes *request, size_t *ret_size)
{
	return format(request, true, ret_size);
}

char *weir_changes_format_all(const struct weir_changes *changes, size_t *ret_size)
{
	return format(changes, false, ret_size);
}

static bool parse_sign(struct weir_token token, struct weir_change *change)
{
	if (token.size != 1 || !strchr("+-=", *token.text))
		return false;
	change->sign = (unsigned char)*token.text;
	return true;
}

static bool parse_kind(struct weir_token token, struct weir_change *change)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (weir_token_is(token, kinds[i])) {
			change->kind = i;
			return true;
		}
	return false;
}

/* Add the change of one line, without its newline. Returns 0, -EINVAL: damaged, or -ENOMEM. */
static int parse_line(const char *text, size_t size, struct weir_changes *changes, bool *ret_more)
{
	struct weir_change change = {};
	struct weir_token sign, more, kind, at, who, key;
	_cleanup_free_ char *key_text = NULL, *value = NULL;
	struct weir_line line;
	const char *body;

	/* Keys and values are text: a NUL would cut them short. */
	if (weir_journal_line_open(text, size, &body, &size) || memchr(body, 0, size))
		return -EINVAL;
	line = (struct weir_line){.start = body, .at = body, .end = body + size};
	if (!weir_line_take(&line, &sign) || !weir_line_take(&line, &more) ||
	    !weir_line_take(&line, &kind) || !weir_line_take(&line, &at) ||
	    !weir_line_take(&line, &who) || !weir_line_take(&line, &key) ||
	    !parse_sign(sign, &change) || !parse_kind(kind, &change) ||
	    weir_journal_time_parse(at, &change.at_ns) || who.size >= WEIR_WHO_MAX)
		return -EINVAL;
	memcpy(change.who, who.text, who.size);
	while (line.at < line.end && *line.at == ' ')
		line.at++;
	change.key = key_text = strndup(key.text, key.size);
	change.value = value = strndup(line.at, line.end - line.at);
	if (!key_text || !value)
		return -ENOMEM;
	*ret_more = weir_token_is(more, "&");
	return weir_changes_add(changes, &change);
}

static void drop_from(struct weir_changes *changes, size_t count)
{
	while (changes->count > count) {
		changes->count--;
		free(changes->items[changes->count].key);
		free(changes->items[changes->count].value);
	}
}

int weir_changes_parse(const char *bytes, size_t size, struct weir_changes_read *ret_read)
{
	static const struct weir_changes none;
	struct weir_changes_read read = {};
	_cleanup_changes_ struct weir_changes all = {};
	const char *at = bytes, *end = bytes + size, *newline;
	size_t whole = 0;
	int r;

	for (; at < end && (newline = memchr(at, '\n', end - at)); at = newline + 1) {
		bool has_more = false;

		r = parse_line(at, newline - at, &all, &has_more);
		if (r == -ENOMEM)
			return r;
		read.damaged_lines += r != 0;
		read.lines++;
		if (has_more)
			continue;
		whole = all.count;
		read.whole_bytes = newline + 1 - bytes;
	}
	drop_from(&all, whole);
	r = weir_changes_merge(&none, &all, &read.changes);
	if (r)
		return r;
	*ret_read = read;
	return 0;
}

/* ---- values ---------------------------------------------------------------------------- */

char *weir_container_format(struct weir_container container,
			    char to[static WEIR_CONTAINER_TEXT_MAX])
{
	char address[WEIR_PREFIX_TEXT_MAX];

	snprintf(to, WEIR_CONTAINER_TEXT_MAX, "%s:%u",
		 weir_address_format(container.address, address), container.port);
	return to;
}

static void print_containers(FILE *to, const struct weir_route *route, enum weir_protocol protocol)
{
	static const char *const prefaces[] = {"", " proxy=v1", " proxy=v2"};
	char text[WEIR_CONTAINER_TEXT_MAX];

	if (route->containers_count[protocol])
		fprintf(to, " %s%s", protocol == WEIR_TLS ? "tls" : "http",
			prefaces[route->preface[protocol]]);
	for (size_t i = 0; i < route->containers_count[protocol]; i++)
		fprintf(to, " %s", weir_container_format(route->containers[protocol][i], text));
}

char *weir_route_value(const struct weir_route *route)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	fprintf(to, "app=%s", route->app);
	print_containers(to, route, WEIR_HTTP);
	print_containers(to, route, WEIR_TLS);
	return take_text(to, &text);
}

static bool parse_number(struct weir_token token, __u64 *ret_number)
{
	char text[24], *end;

	if (token.size >= sizeof(text) || *token.text < '0' || *token.text > '9')
		return false;
	memcpy(text, token.text, token.size);
	text[token.size] = 0;
	errno = 0;
	*ret_number = strtoull(text, &end, 10);
	return !errno && !*end;
}

int weir_rate_value_parse(const char *value, __u64 *ret_bytes_per_s, __u64 *ret_burst_bytes)
{
	struct weir_line line = {.start = value, .at = value, .end = value + strlen(value)};
	struct weir_token rate, burst, rest;
	__u64 bytes_per_s, burst_bytes;

	if (!weir_line_take(&line, &rate) || !weir_line_take(&line, &burst) ||
	    weir_line_take(&line, &rest) || !parse_number(rate, &bytes_per_s) ||
	    !parse_number(burst, &burst_bytes))
		return -EINVAL;
	*ret_bytes_per_s = bytes_per_s;
	*ret_burst_bytes = burst_bytes;
	return 0;
}
