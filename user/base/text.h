/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Line-oriented files: an image in memory -> lines -> tokens, each knowing its column.
 *
 *   struct weir_lines lines = weir_lines_of(bytes, size, "#");
 *   struct weir_line line;
 *   struct weir_token token;
 *
 *   while (weir_lines_next(&lines, &line))
 *           while (weir_line_take(&line, &token))
 *                   ... token.text, token.size, line.number, token.column ...
 *
 * Nothing is copied or changed: lines and tokens point into the image, which must outlive them
 * and need not end in a newline or a NUL. Comments, CR, blanks and tabs are never part of a token.
 */
#ifndef WEIR_BASE_TEXT_H
#define WEIR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct weir_token {
	const char *text; /* not terminated */
	size_t size;
	unsigned int column; /* from 1, in bytes */
};

struct weir_line {
	const char *start; /* of the line, for columns */
	const char *at;    /* what is left of it: comment and line end are cut off */
	const char *end;
	unsigned int number; /* from 1 */
};

struct weir_lines {
	const char *at;
	const char *end;
	const char *comments; /* the characters that begin a comment */
	unsigned int number;  /* of the last line given */
};

struct weir_lines weir_lines_of(const char *bytes, size_t size, const char *comments);

/* The next line that holds more than blanks and a comment. False at the end of the image. */
bool weir_lines_next(struct weir_lines *lines, struct weir_line *ret_line);

/* The next run of non-blank bytes. False at the end of the line. */
bool weir_line_take(struct weir_line *line, struct weir_token *ret_token);

/* The column just behind the last token, where something is missing. */
unsigned int weir_line_column(const struct weir_line *line);

bool weir_token_is(struct weir_token token, const char *word);

/* Does the token begin with `head`? If so, cut it off: column and size follow. */
bool weir_token_skip(struct weir_token *token, const char *head);

/* A token as arguments of "%.*s", cut to a length that fits a message. */
#define WEIR_TOKEN_ARG(token) (int)((token).size < 80 ? (token).size : 80), (token).text

/* Does one become the other by at most two letters more, less or otherwise? For a word `a` of 4 to 63. */
bool weir_text_is_near(const char *a, const char *b);

/*
 * Write `size` bytes as one printable line: printable ASCII as it is, a backslash doubled,
 * every other byte as \xNN. Cut to fit, always terminated, never inside an escape.
 * Returns `to`.
 */
char *weir_text_escape(const char *text, size_t size, char *to, size_t to_size);

#endif
