/* SPDX-License-Identifier: GPL-2.0-only */
/* One line of the log, as text and as JSON: what came from the wire can be read back, whatever it is. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/log_line.h"
#include "proxy_lab.h"
#include "random.h"

static char buffer[WEIR_LOG_LINE_MAX];

static const char *line_of(bool is_json, const char *bytes, size_t size)
{
	struct weir_log_line line;

	weir_log_line_begin(&line, is_json, buffer);
	weir_log_line_head(&line, 1700000000123, "http");
	weir_log_line_text(&line, WEIR_LOG_TEXT("target"), bytes, size);
	weir_log_line_number(&line, WEIR_LOG_NUMBER("up_bytes"), ~0ULL);
	weir_log_line_number(&line, WEIR_LOG_NUMBER("down_bytes"), 0);
	weir_log_line_address(&line, WEIR_LOG_TEXT("client"), htonl(0xc0000207), htons(65535));
	weir_log_line_word(&line, WEIR_LOG_TEXT("ending"), "complete");
	buffer[weir_log_line_end(&line)] = 0;
	return buffer;
}

Test(log_line, is_one_line_of_keys_and_values)
{
	cr_expect_str_eq(line_of(false, "/a b", 4),
			 "2023-11-14T22:13:20.123Z http target=/a\\x20b "
			 "up_bytes=18446744073709551615 down_bytes=0 client=192.0.2.7:65535 "
			 "ending=complete\n");
	cr_expect_str_eq(line_of(true, "/a b", 4),
			 "{\"time\":\"2023-11-14T22:13:20.123Z\",\"protocol\":\"http\","
			 "\"target\":\"/a b\",\"up_bytes\":18446744073709551615,\"down_bytes\":0,"
			 "\"client\":\"192.0.2.7:65535\",\"ending\":\"complete\"}\n");
}

/* The bytes that an escaped text stands for: the text format read back. */
static size_t unescape(const char *from, const char *to, char *bytes)
{
	size_t size = 0;

	for (; from < to; size++) {
		unsigned int byte = (__u8)*from;

		cr_assert_neq(byte, '"');
		if (byte == '\\')
			byte = strtoul((char[]){from[2], from[3], 0}, NULL, 16);
		from += *from == '\\' ? 4 : 1;
		bytes[size] = (char)byte;
	}
	return size;
}

Test(log_line, can_be_read_back_whatever_came_from_the_wire)
{
	struct random random = {random_seed()};

	for (int round = 0; round < 2000; round++) {
		char bytes[300], back[300];
		size_t size = random_below(&random, sizeof(bytes));
		const char *from;

		for (size_t i = 0; i < size; i++)
			bytes[i] = (char)random_below(&random, 256);
		from = strstr(line_of(false, bytes, size), " target=") + 8;
		cr_assert_eq(unescape(from, strchr(from, ' '), back), size);
		cr_assert_arr_eq(back, bytes, size);
	}
}

/* One code point a byte, from JSON's UTF-8. */
static void expect_latin1(const char *utf8, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned int point = (__u8)*utf8++;

		if (point >= 0x80)
			point = (point & 0x1f) << 6 | ((__u8)*utf8++ & 0x3f);
		cr_assert_eq(point, (__u8)bytes[i]);
	}
	cr_assert_eq(*utf8, 0);
}

Test(log_line, is_valid_json_whatever_came_from_the_wire)
{
	struct random random = {random_seed()};

	for (int round = 0; round < 2000; round++) {
		char bytes[300];
		size_t size = random_below(&random, sizeof(bytes));
		json_error_t error;
		json_t *json;

		for (size_t i = 0; i < size; i++)
			bytes[i] = (char)random_below(&random, 255) + 1;
		line_of(true, bytes, size);
		/* The largest number of all is more than jansson takes. */
		memset(strstr(buffer, "8446744073709551615"), ' ', 19);
		json = json_loads(buffer, JSON_REJECT_DUPLICATES, &error);
		cr_assert(json, "%s: %s", error.text, buffer);
		expect_latin1(json_string_value(json_object_get(json, "target")), bytes, size);
		json_decref(json);
	}
}

Test(log_line, escapes_a_nul)
{
	expect_has(line_of(true, "a\0b", 3), "\"target\":\"a\\u0000b\"");
	expect_has(line_of(false, "a\0b", 3), " target=a\\x00b ");
}
