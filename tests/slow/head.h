/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the slow readers of heads share: heads as strings, each rule a search over all of it.
 * Obviously right is all that they are; what they read ends in a NUL and has none within. Unit
 * tests feed them random heads that are nearly right, fuzzers whatever they come upon.
 */
#ifndef WEIR_TESTS_SLOW_HEAD_H
#define WEIR_TESTS_SLOW_HEAD_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SLOW_LINE_MAX = 400 }; /* their buffers are a little larger */

static inline const char *line_end(const char *from)
{
	return strstr(from, "\r\n");
}

static inline bool is_token(const char *from, const char *to)
{
	for (const char *c = from; c < to; c++)
		if (!strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
			    *c) ||
		    !*c)
			return false;
	return to > from;
}

/* How often a field is there, and the value of the last one without the space around it. */
static inline int count_fields(const char *head, const char *name, char *ret_value)
{
	int count = 0;

	for (const char *line = line_end(head) + 2; *line != '\r'; line = line_end(line) + 2) {
		size_t size = strlen(name);
		const char *from = line + size + 1, *to = line_end(line);

		if (strncasecmp(line, name, size) || line[size] != ':')
			continue;
		count++;
		if (*from == '\t' && !strcmp(name, "transfer-encoding"))
			from = to;
		while (from < to && (*from == ' ' || *from == '\t'))
			from++;
		while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
			to--;
		sprintf(ret_value, "%.*s", (int)(to - from), from);
	}
	return count;
}

/* Every line ends in CR LF, has a name and a colon, and no byte that no line may have. */
static inline bool slow_lines(const char *head)
{
	const char *end = head + strlen(head);

	for (const char *c = head; c < end; c++)
		if (((__u8)*c < 32 && !strchr("\t\r\n", *c)) || *c == 127 ||
		    (*c == '\r' && c[1] != '\n') || (*c == '\n' && (c == head || c[-1] != '\r')))
			return false;
	for (const char *line = line_end(head) + 2; *line != '\r'; line = line_end(line) + 2) {
		const char *colon = strchr(line, ':');

		if (!colon || colon > line_end(line) || !is_token(line, colon))
			return false;
	}
	return true;
}

#endif
