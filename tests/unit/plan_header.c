/* SPDX-License-Identifier: GPL-2.0-only */
/* Headers to frames and back, and every way that a frame can be no such thing. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "guard.h"
#include "plan/header.h"
#include "random.h"

static const struct weir_header syn = {
	.source = 0xc6336407,
	.destination = 0xcb00710a,
	.source_port = 40000,
	.port = 443,
	.protocol = IPPROTO_TCP,
	.tcp_flags = WEIR_TCP_SYN,
};

Test(header, reads_back_every_frame_that_it_builds)
{
	static const __u8 protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, 89};
	__u64 seed = random_seed();
	struct random random = {seed};

	for (int i = 0; i < 10000; i++) {
		struct weir_header header = {.source = random_u32(&random),
					     .destination = random_u32(&random),
					     .protocol = protocols[i % 4]},
				   read = {};
		__u8 frame[WEIR_HEADER_FRAME_BYTES];

		if (i % 4 < 2) {
			header.source_port = random_u32(&random);
			header.port = random_u32(&random);
		}
		if (header.protocol == IPPROTO_TCP)
			header.tcp_flags = random_u32(&random);
		if (header.protocol == IPPROTO_ICMP) {
			header.icmp_type = random_u32(&random);
			header.icmp_code = random_u32(&random);
		}
		weir_header_frame(&header, frame);
		cr_assert_eq(weir_header_read(frame, sizeof(frame), &read), 0);
		cr_assert_arr_eq(&read, &header, sizeof(header), "WEIR_SEED=%llu", seed);
	}
}

Test(header, of_a_cut_frame_has_what_is_there_and_reads_no_further)
{
	__u8 frame[WEIR_HEADER_FRAME_BYTES];

	weir_header_frame(&syn, frame);
	for (size_t size = 0; size <= sizeof(frame); size++) {
		_cleanup_guard_ struct guard cut = guard_of(frame, size);
		struct weir_header read = {};
		int r = weir_header_read(cut.bytes, size, &read);

		cr_assert_eq(r, size < 34 ? -EINVAL : 0, "%zu bytes", size);
		cr_assert_eq(read.port, size < 38 ? 0 : 443, "%zu bytes", size);
		cr_assert_eq(read.tcp_flags, size < 48 ? 0 : WEIR_TCP_SYN, "%zu bytes", size);
	}
}

Test(header, is_found_behind_two_tags_but_not_behind_three)
{
	static const __u8 tag[] = {0x81, 0x00, 0x00, 0x07};
	__u8 frame[WEIR_HEADER_FRAME_BYTES + 12];
	size_t size = WEIR_HEADER_FRAME_BYTES;
	struct weir_header read = {};

	weir_header_frame(&syn, frame);
	for (int tags = 1; tags <= 3; tags++, size += 4) {
		memmove(frame + 16, frame + 12, size - 12);
		memcpy(frame + 12, tag, sizeof(tag));
		cr_expect_eq(weir_header_read(frame, size + 4, &read), tags < 3 ? 0 : -EINVAL);
	}
	cr_expect_eq(read.port, 443);
}

Test(header, of_a_later_fragment_has_no_ports)
{
	__u8 frame[WEIR_HEADER_FRAME_BYTES];
	struct weir_header read = {};

	weir_header_frame(&syn, frame);
	frame[14 + 7] = 8;
	cr_assert_eq(weir_header_read(frame, sizeof(frame), &read), 0);
	cr_expect_eq(read.port, 0);
	cr_expect_eq(read.destination, syn.destination);
}

Test(header, is_written_as_people_write_it)
{
	char text[WEIR_HEADER_TEXT_MAX];
	struct weir_header icmp = {
		.source = 0xc0000201, .destination = 0xc0000202, .protocol = 1, .icmp_type = 8};

	cr_expect_str_eq(weir_header_format(&syn, text),
			 "198.51.100.7:40000 > 203.0.113.10:443 tcp syn");
	cr_expect_str_eq(weir_header_format(&icmp, text),
			 "192.0.2.1 > 192.0.2.2 icmp type 8 code 0");
}

Test(header, flags_are_names_joined_by_commas)
{
	__u8 flags = 0;

	cr_expect_eq(weir_tcp_flags_parse("syn,ack", &flags), 0);
	cr_expect_eq(flags, WEIR_TCP_SYN | WEIR_TCP_ACK);
	cr_expect_eq(weir_tcp_flags_parse("none", &flags), 0);
	cr_expect_eq(flags, 0);
	cr_expect_eq(weir_tcp_flags_parse("fin", &flags), 0);
	cr_expect_eq(flags, WEIR_TCP_FIN);
	cr_expect_eq(weir_tcp_flags_parse("", &flags), -EINVAL);
	cr_expect_eq(weir_tcp_flags_parse("syn,", &flags), -EINVAL);
	cr_expect_eq(weir_tcp_flags_parse("synack", &flags), -EINVAL);
	cr_expect_eq(flags, WEIR_TCP_FIN, "untouched on failure");
}
