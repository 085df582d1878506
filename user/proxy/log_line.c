/* SPDX-License-Identifier: GPL-2.0-only */
/* Fields of a log line, written by hand: a line a request has no time for printf or a JSON tree. */
#include "proxy/log_line.h"

#include <netinet/in.h>
#include <string.h>
#include <time.h>

static const char hex[] = "0123456789abcdef";

static void put(struct weir_log_line *line, const char *bytes, size_t size)
{
	memcpy(line->at, bytes, size);
	line->at += size;
}

static void put_text(struct weir_log_line *line, const char *text)
{
	put(line, text, strlen(text));
}

static void put_number(struct weir_log_line *line, __u64 number)
{
	char digits[20], *from = digits + sizeof(digits);

	do
		*--from = '0' + number % 10;
	while (number /= 10);
	put(line, from, digits + sizeof(digits) - from);
}

/* So many digits, zeros in front. */
static void put_digits(struct weir_log_line *line, unsigned int number, int digits)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		line->at[i] = '0' + number % 10;
	line->at += digits;
}

static void put_key(struct weir_log_line *line, const char *key)
{
	if (!line->is_json) {
		*line->at++ = ' ';
		put_text(line, key);
		*line->at++ = '=';
		return;
	}
	put(line, ",\"", 2);
	put_text(line, key);
	put(line, "\":", 2);
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

/* RFC 3339. The broken-down time of a second is kept: most lines share it with the one before. */
static void put_time(struct weir_log_line *line, __u64 wall_ms)
{
	static _Thread_local time_t second = -1;
	static _Thread_local struct tm tm;

	if (second != (time_t)(wall_ms / 1000)) {
		second = wall_ms / 1000;
		gmtime_r(&second, &tm);
	}
	put_digits(line, tm.tm_year + 1900, 4);
	*line->at++ = '-';
	put_digits(line, tm.tm_mon + 1, 2);
	*line->at++ = '-';
	put_digits(line, tm.tm_mday, 2);
	*line->at++ = 'T';
	put_digits(line, tm.tm_hour, 2);
	*line->at++ = ':';
	put_digits(line, tm.tm_min, 2);
	*line->at++ = ':';
	put_digits(line, tm.tm_sec, 2);
	*line->at++ = '.';
	put_digits(line, wall_ms % 1000, 3);
	*line->at++ = 'Z';
}

void weir_log_line_head(struct weir_log_line *line, __u64 wall_ms, const char *kind)
{
	if (line->is_json)
		put_text(line, "{\"time\":\"");
	put_time(line, wall_ms);
	put_text(line, line->is_json ? "\",\"protocol\":\"" : " ");
	put_text(line, kind);
	put_quote(line);
}

static bool is_plain(__u8 byte, bool is_json)
{
	return byte > 0x20 - is_json && byte < 0x7f && byte != '"' && byte != '\\';
}

void weir_log_line_text(struct weir_log_line *line, const char *key, const char *bytes, size_t size)
{
	put_key(line, key);
	put_quote(line);
	for (size_t i = 0; i < size; i++) {
		__u8 byte = bytes[i];

		if (is_plain(byte, line->is_json)) {
			*line->at++ = byte;
			continue;
		}
		put_text(line, line->is_json ? "\\u00" : "\\x");
		*line->at++ = hex[byte >> 4];
		*line->at++ = hex[byte & 15];
	}
	put_quote(line);
}

void weir_log_line_word(struct weir_log_line *line, const char *key, const char *word)
{
	put_key(line, key);
	put_quote(line);
	put_text(line, word);
	put_quote(line);
}

void weir_log_line_number(struct weir_log_line *line, const char *key, __u64 number)
{
	put_key(line, key);
	put_number(line, number);
}

void weir_log_line_address(struct weir_log_line *line, const char *key, __be32 address, __be16 port)
{
	const __u8 *bytes = (const __u8 *)&address;

	put_key(line, key);
	put_quote(line);
	for (int i = 0; i < 4; i++) {
		put_number(line, bytes[i]);
		*line->at++ = i < 3 ? '.' : ':';
	}
	put_number(line, ntohs(port));
	put_quote(line);
}

size_t weir_log_line_end(struct weir_log_line *line)
{
	if (line->is_json)
		*line->at++ = '}';
	*line->at++ = '\n';
	return line->at - line->start;
}
