/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fields of a log line -> bytes, in text or JSON.
 *
 * By hand: a line a request has no time for printf or a tree of values. Nothing here looks whether
 * there is room: log_conn.c proves once, when it is compiled, that the longest line fits its buffer.
 */
#include "proxy/log_line.h"

#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "proxy/put.h"

static const char hex[] = "0123456789abcdef";

static void put_key(struct weir_log_line *line, const struct weir_log_key *key)
{
	memcpy(line->at, key->by_format[line->is_json].bytes, WEIR_LOG_KEY_ROOM);
	line->at += key->by_format[line->is_json].size;
}

static void put_quote(struct weir_log_line *line)
{
	if (line->is_json)
		*line->at++ = '"';
}

void weir_log_line_begin(struct weir_log_line *line, bool is_json, char *buffer)
{
	*line = (struct weir_log_line){.start = buffer, .at = buffer, .is_json = is_json};
}

/* RFC 3339. A second's digits are kept: most lines share them with the line before. */
static void put_time(struct weir_log_line *line, __u64 wall_ms)
{
	static _Thread_local time_t second = -1;
	static _Thread_local char digits[sizeof("2026-11-22T16:25:33.")];
	unsigned int ms = wall_ms % 1000;

	if (second != (time_t)(wall_ms / 1000)) {
		struct tm tm;

		second = wall_ms / 1000;
		gmtime_r(&second, &tm);
		strftime(digits, sizeof(digits), "%Y-%m-%dT%H:%M:%S.", &tm);
	}
	line->at = weir_put(line->at, digits, sizeof(digits) - 1);
	*line->at++ = '0' + ms / 100;
	*line->at++ = '0' + ms / 10 % 10;
	*line->at++ = '0' + ms % 10;
	*line->at++ = 'Z';
}

void weir_log_line_head(struct weir_log_line *line, __u64 wall_ms, const char *kind)
{
	if (line->is_json)
		line->at = weir_put_text(line->at, "{\"time\":\"");
	put_time(line, wall_ms);
	line->at = weir_put_text(line->at, line->is_json ? "\",\"protocol\":\"" : " ");
	line->at = weir_put_text(line->at, kind);
	put_quote(line);
}

static bool is_plain(__u8 byte, bool is_json)
{
	return byte > 0x20 - is_json && byte < 0x7f && byte != '"' && byte != '\\';
}

void weir_log_line_text(struct weir_log_line *line, const struct weir_log_key *key,
			const char *bytes, size_t size)
{
	/* Of its own, so that writing bytes cannot change it. */
	bool is_json = line->is_json;
	char *to;

	put_key(line, key);
	to = line->at;
	for (size_t i = 0; i < size; i++) {
		__u8 byte = bytes[i];

		if (is_plain(byte, is_json)) {
			*to++ = byte;
			continue;
		}
		to = stpcpy(to, is_json ? "\\u00" : "\\x");
		*to++ = hex[byte >> 4];
		*to++ = hex[byte & 15];
	}
	line->at = to;
	put_quote(line);
}

void weir_log_line_word(struct weir_log_line *line, const struct weir_log_key *key,
			const char *word)
{
	put_key(line, key);
	line->at = weir_put_text(line->at, word);
	put_quote(line);
}

void weir_log_line_number(struct weir_log_line *line, const struct weir_log_key *key, __u64 number)
{
	put_key(line, key);
	line->at = weir_put_number(line->at, number);
}

void weir_log_line_address(struct weir_log_line *line, const struct weir_log_key *key,
			   __be32 address, __be16 port)
{
	put_key(line, key);
	line->at = weir_put_address(line->at, address);
	*line->at++ = ':';
	line->at = weir_put_number(line->at, ntohs(port));
	put_quote(line);
}

size_t weir_log_line_end(struct weir_log_line *line)
{
	if (line->is_json)
		*line->at++ = '}';
	*line->at++ = '\n';
	return line->at - line->start;
}
