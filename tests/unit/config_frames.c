/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames as hexadecimal digits and as captures, and what is neither. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/frames.h"

static struct weir_frames frames;
static struct weir_diags diags;
static bool is_capture;
static char path[] = "/tmp/weir-frames-XXXXXX";

static void done(void)
{
	weir_frames_done(&frames);
	weir_diags_done(&diags);
	unlink(path);
}

TestSuite(frames, .fini = done);

static int read_frames(const char *text)
{
	return weir_frames_read(text, &diags, &frames, &is_capture);
}

/* A capture of one packet, of which it has `kept` bytes. */
static void write_capture(__u32 link_type, const void *packet, __u32 kept, __u32 size)
{
	const __u32 head[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, link_type};
	const __u32 record[] = {1, 0, kept, size};
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	cr_assert(file);
	fwrite(head, sizeof(head), 1, file);
	fwrite(record, sizeof(record), 1, file);
	fwrite(packet, kept, 1, file);
	fclose(file);
}

Test(frames, in_hexadecimal_may_have_separators_anywhere)
{
	static const __u8 want[] = {0x01, 0xab, 0xcd, 0xef, 0x10};

	cr_assert_eq(read_frames("01:Ab-cd\tEF 1\n0"), 0);
	cr_expect_eq(frames.count, 1);
	cr_expect_eq(frames.items[0].size, sizeof(want));
	cr_expect_arr_eq(frames.items[0].bytes, want, sizeof(want));
	cr_expect_not(is_capture);
}

Test(frames, need_an_even_number_of_digits)
{
	cr_expect_eq(read_frames("012"), -EINVAL);
	cr_expect(strstr(diags.items[0].text, "even number"), "%s", diags.items[0].text);
	cr_expect_eq(frames.count, 0);
}

Test(frames, of_a_capture_are_filled_up_to_the_length_they_had)
{
	__u8 packet[60] = {[12] = 8, [14] = 0x45, [33] = 7};

	write_capture(1, packet, 34, 60);
	cr_assert_eq(read_frames(path), 0);
	cr_expect(is_capture);
	cr_expect_eq(frames.count, 1);
	cr_expect_eq(frames.items[0].size, 60);
	cr_expect_arr_eq(frames.items[0].bytes, packet, 60);
}

Test(frames, of_bare_packets_get_an_ethernet_header)
{
	__u8 packet[20] = {0x45};

	write_capture(101, packet, 20, 20);
	cr_assert_eq(read_frames(path), 0);
	cr_expect_eq(frames.items[0].size, 34);
	cr_expect_eq(frames.items[0].bytes[12], 8);
	cr_expect_eq(frames.items[0].bytes[14], 0x45);
}

Test(frames, of_another_link_type_are_refused_by_its_name)
{
	__u8 packet[20] = {};

	write_capture(105, packet, 20, 20);
	cr_expect_eq(read_frames(path), -EINVAL);
	cr_expect(strstr(diags.items[0].text, "IEEE802_11"), "%s", diags.items[0].text);
}

Test(frames, of_a_cut_or_foreign_file_are_an_error)
{
	__u8 packet[60] = {};

	write_capture(1, packet, 60, 60);
	cr_assert_eq(truncate(path, 70), 0);
	cr_expect_eq(read_frames(path), -EINVAL);
	cr_assert_eq(truncate(path, 10), 0);
	cr_expect_eq(read_frames(path), -EINVAL);
	cr_expect_eq(read_frames("/nonexistent/weir.pcap"), -EINVAL);
	cr_expect_eq(read_frames(""), -EINVAL);
	cr_expect_eq(diags.errors, 4);
}

Test(frames, of_a_capture_are_bounded_in_size)
{
	__u8 packet[60] = {};

	write_capture(1, packet, 60, WEIR_FRAME_BYTES_MAX + 1);
	cr_expect_eq(read_frames(path), -EINVAL);
	cr_expect(strstr(diags.items[0].text, "more than 65535 bytes"), "%s", diags.items[0].text);
}

Test(frames, of_a_capture_may_be_as_long_as_a_packet_gets)
{
	__u8 packet[60] = {};

	write_capture(1, packet, 60, WEIR_FRAME_BYTES_MAX);
	cr_assert_eq(read_frames(path), 0);
	cr_expect_eq(frames.items[0].size, WEIR_FRAME_BYTES_MAX);
}
