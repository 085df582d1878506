/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON values and times -> text, the same in every report.
 *
 * Keys stand in the order in which they were set. Times are RFC 3339 in UTC, whole seconds; `-` or
 * null where there is none.
 */
#include "report/json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *text_of(json_t *value, size_t flags)
{
	char *text = json_dumps(value, flags);
	size_t size = text ? strlen(text) : 0;
	char *line = text ? realloc(text, size + 2) : NULL;

	json_decref(value);
	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + size, "\n", 2);
	return line;
}

char *weir_json_text(json_t *value)
{
	return text_of(value, JSON_INDENT(2));
}

char *weir_json_line(json_t *value)
{
	return text_of(value, JSON_COMPACT);
}

char *weir_json_form(json_t *value, bool is_line)
{
	return is_line ? weir_json_line(value) : weir_json_text(value);
}

char *weir_time_text(unsigned long long at_ns, char to[static WEIR_TIME_TEXT_MAX])
{
	time_t seconds = at_ns / 1000000000ULL;
	struct tm utc;

	if (!at_ns || !gmtime_r(&seconds, &utc) ||
	    !strftime(to, WEIR_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc))
		memcpy(to, "-", 2);
	return to;
}

json_t *weir_json_time(unsigned long long at_ns)
{
	char text[WEIR_TIME_TEXT_MAX];

	return at_ns ? json_string(weir_time_text(at_ns, text)) : json_null();
}
