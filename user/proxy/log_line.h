/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line of the log, field by field, as text or as JSON. Pure: values in, bytes out.
 *
 *   text   TIME PROTOCOL key=value key=value ...
 *   JSON   {"time":"...","protocol":"...","key":"value","number":1}
 *
 * Text from the wire is escaped so that no two inputs look alike and every line is one line:
 * in text, whatever is not printable ASCII, space, `"` and `\` are \xNN; in JSON the same bytes,
 * space aside, are \u00NN, one code point a byte, because the wire need not be UTF-8.
 */
#ifndef WEIR_PROXY_LOG_LINE_H
#define WEIR_PROXY_LOG_LINE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* A byte escaped takes this many at most, in either format. */
enum { WEIR_LOG_ESCAPED_MAX = 6 };

enum { WEIR_LOG_KEY_ROOM = 24 };

/* What stands in front of a value, in both formats: made by the compiler, copied at one size. */
struct weir_log_key {
	struct {
		char bytes[WEIR_LOG_KEY_ROOM];
		__u8 size;
	} by_format[2]; /* text, JSON */
};

#define WEIR_LOG_KEY(name, quote)                                                                  \
	{                                                                                          \
		{                                                                                  \
			{" " name "=", sizeof(" " name "=") - 1},                                  \
				{",\"" name "\":" quote, sizeof(",\"" name "\":" quote) - 1},      \
		}                                                                                  \
	}

/* For a literal name: of a number, or of text, which JSON quotes. */
#define WEIR_LOG_NUMBER(name)                                                                      \
	({                                                                                         \
		static const struct weir_log_key key_ = WEIR_LOG_KEY(name, "");                    \
		&key_;                                                                             \
	})
#define WEIR_LOG_TEXT(name)                                                                        \
	({                                                                                         \
		static const struct weir_log_key key_ = WEIR_LOG_KEY(name, "\"");                  \
		&key_;                                                                             \
	})

/* The caller's buffer has room for all that is put into it, and for a key more: nothing here looks. */
struct weir_log_line {
	char *start, *at;
	bool is_json;
};

/* Begin a line in the caller's buffer. */
void weir_log_line_begin(struct weir_log_line *line, bool is_json, char *buffer);

/* The first two fields. `wall_ms` since 1970, UTC. `kind`: a plain word. */
void weir_log_line_head(struct weir_log_line *line, __u64 wall_ms, const char *kind);

/* Bytes from outside, escaped. */
void weir_log_line_text(struct weir_log_line *line, const struct weir_log_key *key,
			const char *bytes, size_t size);

/* A word of ours, as it is. */
void weir_log_line_word(struct weir_log_line *line, const struct weir_log_key *key,
			const char *word);

void weir_log_line_number(struct weir_log_line *line, const struct weir_log_key *key, __u64 number);

/* `a.b.c.d:port`, from network order; a key of text. */
void weir_log_line_address(struct weir_log_line *line, const struct weir_log_key *key,
			   __be32 address, __be16 port);

/* The line is whole. Returns its bytes, newline included. */
size_t weir_log_line_end(struct weir_log_line *line);

#endif
