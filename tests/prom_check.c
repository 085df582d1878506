/* SPDX-License-Identifier: GPL-2.0-only */
/* Line by line, with a set of the samples seen. */
#include "prom_check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128, SAMPLES_MAX = 20000 };

struct check {
	char family[NAME_MAX_BYTES];
	bool has_type;
	char *seen[SAMPLES_MAX]; /* each sample up to its value; each family */
	size_t seen_count;
	const char *why;
};

static bool fails(struct check *check, const char *why)
{
	check->why = why;
	return false;
}

static bool is_name(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!(isalpha((unsigned char)text[i]) || text[i] == '_' ||
		      (i && isdigit((unsigned char)text[i]))))
			return false;
	return size > 0 && size < NAME_MAX_BYTES;
}

static bool is_new(struct check *check, const char *text, size_t size)
{
	char *copy = strndup(text, size);

	for (size_t i = 0; i < check->seen_count; i++)
		if (!strcmp(check->seen[i], copy)) {
			free(copy);
			return false;
		}
	if (check->seen_count < SAMPLES_MAX)
		check->seen[check->seen_count++] = copy;
	return true;
}

static bool check_help(struct check *check, const char *line)
{
	size_t size = strcspn(line, " ");

	if (!is_name(line, size) || line[size] != ' ' || !line[size + 1])
		return fails(check, "HELP without a name or a text");
	if (!is_new(check, line - strlen("# HELP "), size + strlen("# HELP ")))
		return fails(check, "the family begins twice");
	memcpy(check->family, line, size);
	check->family[size] = 0;
	check->has_type = false;
	return true;
}

static bool ends_in(const char *text, const char *tail)
{
	size_t size = strlen(text), tail_size = strlen(tail);

	return size >= tail_size && !strcmp(text + size - tail_size, tail);
}

static bool check_type(struct check *check, const char *line)
{
	size_t size = strlen(check->family);
	bool is_counter;

	if (check->has_type || strncmp(line, check->family, size) != 0 || line[size] != ' ')
		return fails(check, "TYPE is not of the family before it");
	is_counter = !strcmp(line + size + 1, "counter");
	if (!is_counter && strcmp(line + size + 1, "gauge") != 0)
		return fails(check, "neither counter nor gauge");
	if (is_counter != ends_in(check->family, "_total"))
		return fails(check, "a counter ends in _total, a gauge does not");
	check->has_type = true;
	return true;
}

/* `a="b",c="d"}`: returns what follows, or NULL. */
static const char *skip_labels(const char *at)
{
	for (;;) {
		size_t size = strcspn(at, "=");

		if (!is_name(at, size) || at[size] != '=' || at[size + 1] != '"')
			return NULL;
		for (at += size + 2; *at && *at != '"'; at++)
			if (*at == '\\' && !strchr("\\\"n", *++at))
				return NULL;
		if (*at++ != '"')
			return NULL;
		if (*at == '}')
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static bool check_sample(struct check *check, const char *line)
{
	size_t size = strcspn(line, "{ ");
	const char *at = line + size;
	char *end;

	if (!check->has_type || size != strlen(check->family) ||
	    strncmp(line, check->family, size) != 0)
		return fails(check, "a sample outside its family");
	if (*at == '{' && !(at = skip_labels(at + 1)))
		return fails(check, "malformed labels");
	if (*at != ' ')
		return fails(check, "no blank before the value");
	strtod(at + 1, &end);
	if (end == at + 1 || *end)
		return fails(check, "the value is no number");
	return is_new(check, line, at - line) || fails(check, "the sample is there twice");
}

static bool check_line(struct check *check, const char *line)
{
	if (!strncmp(line, "# HELP ", 7))
		return check_help(check, line + 7);
	if (!strncmp(line, "# TYPE ", 7))
		return check_type(check, line + 7);
	return check_sample(check, line);
}

bool prom_check(const char *text, const char **ret_why)
{
	static char why[512];
	struct check *check = calloc(1, sizeof(*check));
	bool is_good = true;

	while (is_good && *text) {
		size_t size = strcspn(text, "\n");
		char *line = strndup(text, size);

		is_good = text[size] ? check_line(check, line) : fails(check, "the end is missing");
		if (!is_good)
			snprintf(why, sizeof(why), "%s: %.300s", check->why, line);
		free(line);
		text += size + !!text[size];
	}
	for (size_t i = 0; i < check->seen_count; i++)
		free(check->seen[i]);
	free(check);
	*ret_why = is_good ? "" : why;
	return is_good;
}
