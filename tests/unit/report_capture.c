/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames as lines and as a capture file, which the reader of captures must read back. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/frames.h"
#include "plan/header.h"
#include "report/frame.h"
#include "report/pcapng.h"
#include "weir/reasons.h"

/* 2026-11-22T12:00:00.123456789Z */
#define AT_NS 1795348800123456789ULL

static struct weir_watch_frame shown(void)
{
	struct weir_header header = {.source = 0xc6336442,
				     .destination = 0xcb00710a,
				     .source_port = 40000,
				     .port = 80,
				     .protocol = 6,
				     .tcp_flags = WEIR_TCP_SYN};
	struct weir_watch_frame frame = {.reason = WEIR_DROP_DENIED,
					 .frame_bytes = 1514,
					 .size = WEIR_HEADER_FRAME_BYTES,
					 .queue = 3};

	weir_header_frame(&header, frame.bytes);
	return frame;
}

Test(report_frame, line_says_when_where_why_and_what)
{
	struct weir_watch_frame frame = shown();
	char text[WEIR_FRAME_TEXT_MAX];

	cr_expect_str_eq(weir_frame_text(&frame, AT_NS, "wan", text),
			 "12:00:00.123456 wan drop_denied 198.51.100.66:40000 > 203.0.113.10:80 "
			 "tcp syn, 1514 bytes");
	frame.size = 20;
	cr_expect_str_eq(weir_frame_text(&frame, AT_NS, "wan", text),
			 "12:00:00.123456 wan drop_denied no IPv4, 1514 bytes");
}

Test(report_frame, json_has_the_same)
{
	struct weir_watch_frame frame = shown();
	char *text = weir_frame_json(&frame, AT_NS, "wan");
	json_t *root = json_loads(text, 0, NULL);

	cr_assert_not_null(root, "%s", text);
	cr_expect_null(strchr(text, '\n'), "one line");
	cr_expect_str_eq(json_string_value(json_object_get(root, "time")),
			 "2026-11-22T12:00:00.123456789Z");
	cr_expect_str_eq(json_string_value(json_object_get(root, "outcome")), "dropped");
	cr_expect_str_eq(json_string_value(json_object_get(root, "source")), "198.51.100.66");
	cr_expect_eq(json_integer_value(json_object_get(root, "port")), 80);
	json_decref(root);
	free(text);
	frame.size = 0;
	text = weir_frame_json(&frame, AT_NS, "wan");
	root = json_loads(text, 0, NULL);
	cr_expect(json_is_null(json_object_get(root, "source")));
	json_decref(root);
	free(text);
}

/* A file of one section, one interface and frames of these sizes. Returns its path. */
static const char *write_capture(const __u32 *sizes, size_t count)
{
	static char path[] = "/tmp/weir-unit-capture-XXXXXX";
	struct weir_watch_frame frame = shown();
	FILE *to = fdopen(mkstemp(path), "w");

	weir_pcapng_begin(to, "weir test");
	weir_pcapng_interface(to, "wan", WEIR_WATCH_FRAME_BYTES);
	for (size_t i = 0; i < count; i++) {
		struct weir_pcapng_frame block = {.at_ns = AT_NS + i,
						  .bytes = frame.bytes,
						  .size = sizes[i],
						  .frame_bytes = sizes[i],
						  .comment = "four" + i % 4};

		weir_pcapng_frame(to, &block);
	}
	cr_assert_eq(fclose(to), 0);
	return path;
}

Test(report_pcapng, frames_of_every_size_read_back)
{
	__u32 sizes[40];
	_cleanup_diags_ struct weir_diags diags = {};
	_cleanup_frames_ struct weir_frames frames = {};
	struct weir_watch_frame frame = shown();
	bool is_capture = false;
	const char *path;

	for (__u32 i = 0; i < 40; i++)
		sizes[i] = 60 + i;
	path = write_capture(sizes, 40);
	cr_assert_eq(weir_frames_read(path, &diags, &frames, &is_capture), 0, "%s",
		     diags.count ? diags.items[0].text : "");
	unlink(path);
	cr_expect(is_capture);
	cr_assert_eq(frames.count, 40);
	for (__u32 i = 0; i < 40; i++) {
		cr_expect_eq(frames.items[i].size, sizes[i]);
		cr_expect_arr_eq(frames.items[i].bytes, frame.bytes, sizes[i]);
	}
}
