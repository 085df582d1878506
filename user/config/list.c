/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists of IPv4 prefixes as they are met in the wild: a file image -> struct weir_list.
 *
 *   192.0.2.1                  an address
 *   192.0.2.0/24               a prefix; host bits are masked off, with a warning
 *   192.0.2.5-192.0.2.9        a range, both ends included: the fewest prefixes that make it
 *   192.0.2.1<TAB>7            with a count, which is not used
 *   # text, ; text             comments, also behind an entry
 *
 * Blank lines, CR before the newline and a missing last newline are fine. IPv6 lines are left
 * out and counted in one warning, since public lists mix both. Every other line is an error of
 * its own. Entries keep the file's order and their line.
 */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "config/parse.h"

/* Warnings about lines of one list before they are only counted. */
enum { HOST_BITS_SHOWN = 3 };

struct reader {
	const char *path;
	struct weir_diags *diags;
	struct weir_list list;
	unsigned int line;
	unsigned int ipv6_first_line;
	size_t ipv6_count;
	size_t host_bits_count;
};

static int entry_add(struct reader *reader, struct weir_prefix prefix)
{
	struct weir_listed *entry;

	if (reader->list.count >= WEIR_PREFIXES_MAX)
		return -ENOSPC;
	entry = weir_array_add(&reader->list.entries, &reader->list.count);
	if (!entry)
		return -ENOMEM;
	*entry = (struct weir_listed){prefix, reader->line};
	return 0;
}

/* The shortest prefix that begins at `low` and does not reach beyond `high`. */
static struct weir_prefix range_head(__u32 low, __u32 high)
{
	__u8 length = low ? 32 - __builtin_ctz(low) : 0;

	while (low + ~weir_prefix_mask(length) > high || low + ~weir_prefix_mask(length) < low)
		length++;
	return (struct weir_prefix){low, length};
}

static int range_add(struct reader *reader, struct weir_token from, struct weir_token to)
{
	__u32 low, high;
	const char *why;

	if (weir_address_parse(from.text, from.size, &low, &why))
		return weir_diags_error(reader->diags, reader->path, reader->line, from.column,
					"'%.*s' %s", WEIR_TOKEN_ARG(from), why);
	if (weir_address_parse(to.text, to.size, &high, &why))
		return weir_diags_error(reader->diags, reader->path, reader->line, to.column,
					"'%.*s' %s", WEIR_TOKEN_ARG(to), why);
	if (low > high)
		return weir_diags_error(reader->diags, reader->path, reader->line, to.column,
					"the range ends before it begins");
	for (;;) {
		struct weir_prefix prefix = range_head(low, high);
		int r = entry_add(reader, prefix);

		if (r || weir_prefix_last(prefix) == high)
			return r;
		low = weir_prefix_last(prefix) + 1;
	}
}

static void warn_host_bits(struct reader *reader, struct weir_token token,
			   struct weir_prefix prefix)
{
	char text[WEIR_PREFIX_TEXT_MAX];

	if (reader->host_bits_count++ < HOST_BITS_SHOWN)
		weir_diags_warning(reader->diags, reader->path, reader->line, token.column,
				   "'%.*s' has host bits; it is read as %s", WEIR_TOKEN_ARG(token),
				   weir_prefix_format(prefix, text));
}

/* Hexadecimal digits and two colons or more: whatever it is, it is no IPv4 typo. */
static bool is_ipv6(struct weir_token token)
{
	size_t colons = 0, digits = 0;

	while (digits < token.size && strchr("0123456789abcdefABCDEF:./", token.text[digits]))
		colons += token.text[digits++] == ':';
	return colons >= 2 && digits == token.size;
}

static int prefix_add(struct reader *reader, struct weir_token token)
{
	struct weir_prefix prefix;
	bool had_host_bits;
	const char *why;

	if (weir_prefix_parse(token.text, token.size, &prefix, &had_host_bits, &why)) {
		if (!is_ipv6(token))
			return weir_diags_error(reader->diags, reader->path, reader->line,
						token.column, "'%.*s' %s", WEIR_TOKEN_ARG(token),
						why);
		if (!reader->ipv6_count++)
			reader->ipv6_first_line = reader->line;
		return 0;
	}
	if (had_host_bits)
		warn_host_bits(reader, token, prefix);
	return entry_add(reader, prefix);
}

static bool is_number(struct weir_token token)
{
	for (size_t i = 0; i < token.size; i++)
		if (token.text[i] < '0' || token.text[i] > '9')
			return false;
	return true;
}

/* What may follow an entry: nothing, or one count. */
static int rest_check(struct reader *reader, struct weir_line *line)
{
	struct weir_token token;

	if (!weir_line_take(line, &token) || (is_number(token) && !weir_line_take(line, &token)))
		return 0;
	return weir_diags_error(reader->diags, reader->path, reader->line, token.column,
				"'%.*s' does not belong behind an address", WEIR_TOKEN_ARG(token));
}

/* Cut a token at its first `-`: `a-b` -> `a`, `b`. */
static bool token_cut(struct weir_token *token, struct weir_token *ret_behind)
{
	const char *dash = memchr(token->text, '-', token->size);
	size_t head;

	if (!dash)
		return false;
	head = dash - token->text;
	*ret_behind = (struct weir_token){dash + 1, token->size - head - 1,
					  token->column + head + 1};
	token->size = head;
	return true;
}

static int line_parse(struct reader *reader, struct weir_line *line)
{
	struct weir_token token = {0}, dash, to;
	struct weir_line ahead;
	int r, rest;

	weir_line_take(line, &token);
	ahead = *line;
	if (token_cut(&token, &to)) {
		r = range_add(reader, token, to);
	} else if (weir_line_take(&ahead, &dash) && weir_token_is(dash, "-") &&
		   weir_line_take(&ahead, &to)) {
		*line = ahead;
		r = range_add(reader, token, to);
	} else {
		r = prefix_add(reader, token);
	}
	/* One error a line: what follows something unreadable says nothing new. */
	rest = r ? 0 : rest_check(reader, line);
	return r ? r : rest;
}

/* What is worth saying once about the whole list. */
static void list_summarise(struct reader *reader)
{
	if (reader->host_bits_count > HOST_BITS_SHOWN)
		weir_diags_warning(reader->diags, reader->path, 0, 0,
				   "%zu more prefixes have host bits",
				   reader->host_bits_count - HOST_BITS_SHOWN);
	if (reader->ipv6_count)
		weir_diags_warning(reader->diags, reader->path, reader->ipv6_first_line, 0,
				   "IPv6 entries are left out: %zu from this line on",
				   reader->ipv6_count);
	if (!reader->list.count && !reader->ipv6_count)
		weir_diags_warning(reader->diags, reader->path, 0, 0, "lists nothing");
}

int weir_list_parse(const char *name, const char *path, const char *bytes, size_t size,
		    struct weir_diags *diags, struct weir_list *ret_list)
{
	__attribute__((cleanup(weir_list_done))) struct weir_list list = {0};
	struct reader reader = {.path = path, .diags = diags};
	struct weir_lines lines = weir_lines_of(bytes, size, "#;");
	struct weir_line line;
	int r, failed = 0;

	while (weir_lines_next(&lines, &line)) {
		reader.line = line.number;
		r = line_parse(&reader, &line);
		if (r == -ENOMEM || r == -ENOSPC) {
			failed = r;
			break;
		}
		failed = failed ? failed : r;
	}
	list = reader.list;
	if (failed == -ENOSPC)
		return weir_diags_error(diags, path, line.number, 0,
					"is longer than %d prefixes (WEIR_PREFIXES_MAX)",
					WEIR_PREFIXES_MAX);
	list.name = strdup(name);
	list.path = strdup(path);
	if (failed == -ENOMEM || !list.name || !list.path)
		return weir_no_memory(diags, path);
	if (failed)
		return failed;
	list_summarise(&reader);
	*ret_list = list;
	list = (struct weir_list){0};
	return 0;
}

void weir_list_done(struct weir_list *list)
{
	free(list->name);
	free(list->path);
	free(list->entries);
	*list = (struct weir_list){0};
}
