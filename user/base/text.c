/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines and tokens of a file image, and text made safe to print.
 *
 * All of it only moves pointers between `at` and `end`, and never reads at `end`: an image may
 * lie flush against memory that must not be touched.
 */
#include "base/text.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

struct weir_lines weir_lines_of(const char *bytes, size_t size, const char *comments)
{
	static const char bom[] = "\xef\xbb\xbf"; /* some editors put it in front of UTF-8 */
	size_t skip = size >= strlen(bom) && !memcmp(bytes, bom, strlen(bom)) ? strlen(bom) : 0;

	return (struct weir_lines){.at = bytes + skip, .end = bytes + size, .comments = comments};
}

/* Where the first comment character is, or `end`. */
static const char *comment_find(const char *at, const char *end, const char *comments)
{
	for (; *comments; comments++) {
		const char *found = memchr(at, *comments, end - at);

		if (found)
			end = found;
	}
	return end;
}

bool weir_lines_next(struct weir_lines *lines, struct weir_line *ret_line)
{
	while (lines->at < lines->end) {
		const char *start = lines->at, *at = start, *end;
		const char *newline = memchr(start, '\n', lines->end - start);

		end = newline ? newline : lines->end;
		lines->at = newline ? newline + 1 : lines->end;
		lines->number++;
		end = comment_find(start, end, lines->comments);
		while (at < end && is_blank(*at))
			at++;
		if (at == end)
			continue;
		*ret_line = (struct weir_line){start, at, end, lines->number};
		return true;
	}
	return false;
}

bool weir_line_take(struct weir_line *line, struct weir_token *ret_token)
{
	const char *at = line->at, *start;

	while (at < line->end && is_blank(*at))
		at++;
	if (at == line->end)
		return false;
	start = at;
	while (at < line->end && !is_blank(*at))
		at++;
	line->at = at;
	*ret_token = (struct weir_token){start, at - start, start - line->start + 1};
	return true;
}

unsigned int weir_line_column(const struct weir_line *line)
{
	return line->at - line->start + 1;
}

bool weir_token_is(struct weir_token token, const char *word)
{
	return token.size == strlen(word) && !memcmp(token.text, word, token.size);
}

bool weir_token_skip(struct weir_token *token, const char *head)
{
	size_t size = strlen(head);

	if (token->size < size || memcmp(token->text, head, size) != 0)
		return false;
	token->text += size;
	token->size -= size;
	token->column += size;
	return true;
}

char *weir_text_escape(const char *text, size_t size, char *to, size_t to_size)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned char c = text[i];
		bool is_plain = c >= ' ' && c <= '~' && c != '\\';
		size_t need = is_plain ? 1 : c == '\\' ? 2 : 4;

		if (used + need >= to_size)
			break;
		if (!is_plain)
			to[used++] = '\\';
		if (need == 4) {
			to[used++] = 'x';
			to[used++] = digits[c >> 4];
			to[used++] = digits[c & 15];
		} else {
			to[used++] = c;
		}
	}
	if (to_size)
		to[used] = '\0';
	return to;
}

bool weir_text_is_near(const char *a, const char *b)
{
	size_t a_size = strlen(a), b_size = strlen(b);
	unsigned char row[64], corner, above; /* Levenshtein's, one row at a time */

	if (a_size < 4 || a_size >= sizeof(row) || b_size >= sizeof(row))
		return false;
	for (size_t j = 0; j <= b_size; j++)
		row[j] = (unsigned char)j;
	for (size_t i = 1; i <= a_size; i++) {
		corner = row[0];
		row[0] = (unsigned char)i;
		for (size_t j = 1; j <= b_size; j++) {
			unsigned char least = corner + (a[i - 1] != b[j - 1]);

			above = row[j];
			if (above + 1 < least)
				least = above + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			row[j] = least;
			corner = above;
		}
	}
	return row[b_size] <= 2;
}
