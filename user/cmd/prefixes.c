/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operands of deny and allow -> prefixes. `-` reads them from standard input, one a line, with
 * comments as in a list file; every wrong one is reported, with its line and column there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/live.h"

enum { INPUT_MAX_BYTES = 256 << 20 };

struct prefixes {
	struct weir_prefix *items;
	size_t count;
};

static int add(struct prefixes *prefixes, const char *text, size_t size, const char *path,
	       unsigned int line, unsigned int column, struct weir_diags *diags)
{
	struct weir_token token = {text, size, column};
	struct weir_prefix prefix, *next;
	bool had_host_bits = false;
	const char *why = NULL;
	if (weir_prefix_parse(token.text, token.size, &prefix, &had_host_bits, &why))
		return weir_diags_error(diags, path, line, column, "'%.*s': %s",
					WEIR_TOKEN_ARG(token), why);
	if (had_host_bits) {
		char masked[WEIR_PREFIX_TEXT_MAX];

		weir_diags_warning(diags, path, line, column, "'%.*s' has host bits: taken as %s",
				   WEIR_TOKEN_ARG(token), weir_prefix_format(prefix, masked));
	}
	next = weir_array_add(&prefixes->items, &prefixes->count);
	if (!next)
		return -ENOMEM;
	*next = prefix;
	return 0;
}

static int read_input(struct weir_diags *diags, struct weir_file *ret_input)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size = 0, room = 0;

	for (;;) {
		size_t got;

		if (size == room) {
			char *grown = realloc(bytes, room = room ? room * 2 : 65536);

			if (!grown)
				return -ENOMEM;
			bytes = grown;
		}
		got = fread(bytes + size, 1, room - size, stdin);
		size += got;
		if (size > INPUT_MAX_BYTES)
			return weir_diags_error(diags, "<stdin>", 0, 0, "more than %d MiB",
						INPUT_MAX_BYTES >> 20);
		if (!got)
			break;
	}
	if (ferror(stdin))
		return weir_diags_error(diags, "<stdin>", 0, 0, "cannot read");
	*ret_input = (struct weir_file){take_pointer(bytes), size};
	return 0;
}

static int add_input(struct prefixes *prefixes, struct weir_diags *diags)
{
	_cleanup_file_ struct weir_file input = {};
	struct weir_lines lines;
	struct weir_line line;
	struct weir_token token, more;
	int r = read_input(diags, &input), bad = 0;
	const char *why = r ? NULL : weir_file_refusal(&input);

	if (r || why)
		return r ?: weir_diags_error(diags, "<stdin>", 0, 0, "%s", why);
	lines = weir_lines_of(input.bytes, input.size, "#;");
	while (r != -ENOMEM && weir_lines_next(&lines, &line)) {
		if (!weir_line_take(&line, &token))
			continue;
		r = add(prefixes, token.text, token.size, "<stdin>", line.number, token.column,
			diags);
		if (!r && weir_line_take(&line, &more))
			r = weir_diags_error(diags, "<stdin>", line.number, more.column,
					     "one prefix a line");
		bad = r ?: bad;
	}
	return bad;
}

int weir_live_prefixes(char **arguments, struct weir_diags *diags,
		       struct weir_prefix **ret_prefixes, size_t *ret_count)
{
	struct prefixes prefixes = {};
	int bad = 0;

	for (; *arguments; arguments++) {
		int r = strcmp(*arguments, "-")
				? add(&prefixes, *arguments, strlen(*arguments), NULL, 0, 0, diags)
				: add_input(&prefixes, diags);
		bad = r ?: bad;
	}
	if (bad) {
		free(prefixes.items);
		return bad;
	}
	*ret_prefixes = prefixes.items;
	*ret_count = prefixes.count;
	return 0;
}
