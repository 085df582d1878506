/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames that are wrong in one place: every value of that place, and what it must be called.
 * Each starts from a frame that passes, so that only what was changed can be the reason.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <string.h>

#include "fixture.h"

static char name[100];

static struct frame built(struct frame_spec spec)
{
	struct frame frame;

	frame_build(&spec, &frame);
	return frame;
}

static struct frame good(void)
{
	return built(
		(struct frame_spec){.from = CLIENT, .to = INGRESS, .flags = ACK, .payload = 100});
}

/* A prefix of the frame, IPv4 length and all, is truncated: nothing of it is read as if there. */
static void expect_truncations(struct gate *gate, const char *what, struct frame_spec spec,
			       unsigned int whole)
{
	struct frame frame = built(spec);
	size_t size = frame.size;

	gate_expect(gate, what, &frame, whole);
	for (frame.size = ETH_HLEN; frame.size < size; frame.size++) {
		snprintf(name, sizeof(name), "%s, %zu of %zu bytes", what, frame.size, size);
		gate_expect(gate, name, &frame, WEIR_DROP_TRUNCATED);
	}
}

Test(gate_parse, calls_every_shorter_frame_truncated)
{
	struct gate *gate = gate_start_configured();

	expect_truncations(gate, "TCP",
			   (struct frame_spec){.from = CLIENT, .to = INGRESS, .payload = 9},
			   WEIR_PASS_INGRESS);
	expect_truncations(
		gate, "TCP with options",
		(struct frame_spec){
			.from = CLIENT, .to = INGRESS, .ip_options = 8, .tcp_options = 12},
		WEIR_PASS_INGRESS);
	expect_truncations(gate, "TCP behind two tags",
			   (struct frame_spec){.from = CLIENT, .to = INGRESS, .tags = 2},
			   WEIR_PASS_INGRESS);
	expect_truncations(gate, "UDP",
			   (struct frame_spec){.from = OPERATOR,
					       .to = MACHINE,
					       .protocol = IPPROTO_UDP,
					       .sport = 67,
					       .port = 68,
					       .payload = 5},
			   WEIR_PASS_MANAGEMENT);
	expect_truncations(
		gate, "ICMP",
		(struct frame_spec){
			.from = CLIENT, .to = INGRESS, .protocol = IPPROTO_ICMP, .type = 8},
		WEIR_DROP_ICMP);
}

/* The IPv4 length follows the cut: then it is the transport header that is too short. */
Test(gate_parse, names_the_header_that_the_ipv4_length_cuts)
{
	struct gate *gate = gate_start_configured();
	static const struct {
		__u8 protocol;
		__u8 whole_bytes;
		unsigned int want;
	} rows[] = {
		{IPPROTO_TCP, 20, WEIR_DROP_TCP_HEADER},
		{IPPROTO_UDP, 8, WEIR_DROP_UDP_HEADER},
		{IPPROTO_ICMP, 8, WEIR_DROP_ICMP_HEADER},
	};

	for (int row = 0; row < 3; row++) {
		for (int bytes = 0; bytes < rows[row].whole_bytes; bytes++) {
			struct frame frame = built((struct frame_spec){
				.from = CLIENT, .to = MACHINE, .protocol = rows[row].protocol});

			snprintf(name, sizeof(name), "protocol %u, %d bytes", rows[row].protocol,
				 bytes);
			frame_ip(&frame)->tot_len = htons(20 + bytes);
			gate_expect(gate, name, &frame, rows[row].want);
			frame.size = frame.transport_at + bytes;
			gate_expect(gate, name, &frame, rows[row].want);
		}
	}
}

Test(gate_parse, takes_ip_header_lengths_5_to_15)
{
	struct gate *gate = gate_start_configured();

	for (unsigned int ihl = 0; ihl < 16; ihl++) {
		struct frame frame = good();

		snprintf(name, sizeof(name), "ihl %u", ihl);
		if (ihl > 5)
			frame = built((struct frame_spec){
				.from = CLIENT, .to = INGRESS, .ip_options = ihl * 4 - 20});
		frame_ip(&frame)->ihl = ihl;
		gate_expect(gate, name, &frame, ihl < 5 ? WEIR_DROP_IP_HEADER : WEIR_PASS_INGRESS);
	}
}

Test(gate_parse, takes_ip_version_4_alone)
{
	struct gate *gate = gate_start_configured();

	for (unsigned int version = 0; version < 16; version++) {
		struct frame frame = good();

		snprintf(name, sizeof(name), "version %u", version);
		frame_ip(&frame)->version = version;
		gate_expect(gate, name, &frame,
			    version == 4 ? WEIR_PASS_INGRESS : WEIR_DROP_IP_HEADER);
	}
}

Test(gate_parse, compares_the_ipv4_length_with_header_and_frame)
{
	struct gate *gate = gate_start_configured();
	static const struct {
		int total;
		unsigned int want;
	} rows[] = {
		{0, WEIR_DROP_IP_LENGTH},    {1, WEIR_DROP_IP_LENGTH},
		{19, WEIR_DROP_IP_LENGTH},   {20, WEIR_DROP_TCP_HEADER},
		{39, WEIR_DROP_TCP_HEADER},  {40, WEIR_PASS_INGRESS},
		{140, WEIR_PASS_INGRESS},    {141, WEIR_DROP_TRUNCATED},
		{1500, WEIR_DROP_TRUNCATED}, {65535, WEIR_DROP_TRUNCATED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame frame = good();

		snprintf(name, sizeof(name), "total length %d of 140", rows[i].total);
		frame_ip(&frame)->tot_len = htons(rows[i].total);
		gate_expect(gate, name, &frame, rows[i].want);
	}
}

Test(gate_parse, takes_tcp_header_lengths_that_fit)
{
	struct gate *gate = gate_start_configured();

	for (unsigned int doff = 0; doff < 16; doff++) {
		/* 36 bytes of TCP: a header length of 9 is the last that fits. */
		struct frame frame = built(
			(struct frame_spec){.from = CLIENT, .to = INGRESS, .payload = 16});

		snprintf(name, sizeof(name), "doff %u", doff);
		frame_tcp(&frame)->doff = doff;
		gate_expect(gate, name, &frame,
			    doff < 5 || doff > 9 ? WEIR_DROP_TCP_HEADER : WEIR_PASS_INGRESS);
	}
}

Test(gate_parse, drops_port_zero)
{
	struct gate *gate = gate_start_configured();
	struct frame frame = good();

	frame_tcp(&frame)->source = 0;
	gate_expect(gate, "TCP from port 0", &frame, WEIR_DROP_TCP_HEADER);
	frame = good();
	frame_tcp(&frame)->dest = 0;
	gate_expect(gate, "TCP to port 0", &frame, WEIR_DROP_TCP_HEADER);
	frame = built((struct frame_spec){.from = CLIENT, .to = MACHINE, .protocol = IPPROTO_UDP});
	frame_udp(&frame)->dest = 0;
	gate_expect(gate, "UDP to port 0", &frame, WEIR_DROP_UDP_HEADER);
	frame = built((struct frame_spec){.from = CLIENT, .to = MACHINE, .protocol = IPPROTO_UDP});
	frame_udp(&frame)->source = 0;
	gate_expect(gate, "UDP from port 0, which is none", &frame, WEIR_DROP_UNSOLICITED);
}

/* In words: who opens sets SYN alone or with ACK; who ends sets RST or FIN with ACK; all else ACK. */
static bool can_be_sent(unsigned int flags)
{
	bool syn = flags & SYN, fin = flags & FIN, rst = flags & RST, ack = flags & ACK;

	if (syn && fin)
		return false; /* opens and closes */
	if (syn && rst)
		return false; /* opens and refuses */
	if (syn && flags & URG)
		return false; /* urgent data before any data */
	if (rst && fin)
		return false;     /* closes in two ways */
	return syn || rst || ack; /* none of them: NULL, FIN, Xmas scans */
}

Test(gate_parse, tells_possible_from_impossible_tcp_flags)
{
	struct gate *gate = gate_start_configured();

	for (unsigned int flags = 0; flags < 64; flags++) {
		unsigned int want = can_be_sent(flags) ? WEIR_PASS_INGRESS : WEIR_DROP_TCP_FLAGS;
		struct frame frame = good();

		snprintf(name, sizeof(name), "flags %02x", flags);
		*frame_flags(&frame) = flags;
		gate_expect(gate, name, &frame, want);
		/* ECE and CWR go with anything. */
		*frame_flags(&frame) = flags | 0xc0;
		gate_expect(gate, name, &frame, want);
	}
}

Test(gate_parse, compares_the_udp_length_with_header_and_packet)
{
	struct gate *gate = gate_start_configured();

	for (unsigned int length = 0; length < 30; length++) {
		struct frame frame = built((struct frame_spec){
			.from = CLIENT, .to = MACHINE, .protocol = IPPROTO_UDP, .payload = 12});
		bool fits = length >= 8 && length <= 20;

		snprintf(name, sizeof(name), "UDP length %u", length);
		frame_udp(&frame)->len = htons(length);
		gate_expect(gate, name, &frame,
			    fits ? WEIR_DROP_UNSOLICITED : WEIR_DROP_UDP_HEADER);
	}
}

Test(gate_parse, reads_quotes_of_icmp_errors_strictly)
{
	struct gate *gate = gate_start_configured();
	struct frame_spec spec = {.from = CLIENT,
				  .to = EGRESS,
				  .protocol = IPPROTO_ICMP,
				  .type = 3,
				  .code = 4,
				  .quote_from = EGRESS,
				  .quote_to = CLIENT,
				  .quote_sport = 1,
				  .quote_port = 2};
	struct frame frame = built(spec);
	struct iphdr *quoted = (struct iphdr *)(frame.bytes + frame.transport_at + 8);
	size_t size = frame.size;

	quoted->version = 6;
	gate_expect(gate, "quotes IPv6", &frame, WEIR_DROP_ICMP_HEADER);
	quoted->version = 4;
	quoted->ihl = 4;
	gate_expect(gate, "quotes ihl 4", &frame, WEIR_DROP_ICMP_HEADER);
	quoted->ihl = 6;
	gate_expect(gate, "quotes options that are not there", &frame, WEIR_DROP_ICMP_HEADER);
	quoted->ihl = 5;
	gate_expect(gate, "quotes all it must", &frame, WEIR_DROP_UNSOLICITED);
	for (int cut = 1; cut <= 28; cut++) {
		snprintf(name, sizeof(name), "quote cut by %d", cut);
		frame.size = size - cut;
		frame_ip(&frame)->tot_len = htons(frame.size - frame.ip_at);
		gate_expect(gate, name, &frame, WEIR_DROP_ICMP_HEADER);
	}
}

Test(gate_parse, counts_jumbo_frames_with_their_whole_length)
{
	struct gate *gate = gate_start_configured();

	gate_expect_spec(
		gate, "9000 bytes",
		(struct frame_spec){.from = CLIENT, .to = INGRESS, .flags = ACK, .payload = 8960},
		WEIR_PASS_INGRESS);
	gate_expect_spec(
		gate, "9000 bytes behind two tags",
		(struct frame_spec){
			.from = CLIENT, .to = INGRESS, .flags = ACK, .payload = 8960, .tags = 2},
		WEIR_PASS_INGRESS);
	gate_expect_spec(
		gate, "9000 bytes, listed",
		(struct frame_spec){.from = LISTED, .to = INGRESS, .flags = ACK, .payload = 8960},
		WEIR_DROP_DENIED);
	gate_expect_spec(
		gate, "16000 bytes",
		(struct frame_spec){.from = CLIENT, .to = INGRESS, .flags = ACK, .payload = 16000},
		WEIR_PASS_INGRESS);
}

Test(gate_parse, counts_what_follows_the_packet_in_a_jumbo_frame)
{
	struct gate *gate = gate_start_configured();
	struct frame frame = built(
		(struct frame_spec){.from = CLIENT, .to = INGRESS, .flags = ACK, .payload = 8960});

	frame_ip(&frame)->tot_len = htons(40);
	gate_expect(gate, "40 bytes of IPv4 in 9000", &frame, WEIR_PASS_INGRESS);
	frame_ip(&frame)->version = 5;
	gate_expect(gate, "not even IPv4", &frame, WEIR_DROP_IP_HEADER);
	*(__be16 *)((char *)frame_ip(&frame) - 2) = htons(0x86dd);
	gate_expect(gate, "IPv6", &frame, WEIR_DROP_IPV6);
}

/* One of these packets ends where the first buffer does, so that all seems to be said. */
Test(gate_parse, counts_what_follows_a_packet_that_fills_the_first_buffer)
{
	struct gate *gate = gate_start_configured();
	struct frame frame = built(
		(struct frame_spec){.from = CLIENT, .to = INGRESS, .flags = ACK, .payload = 8960});

	for (int bytes = 1600; bytes < 4096; bytes++) {
		frame_ip(&frame)->tot_len = htons(bytes);
		cr_assert_eq(gate_run(gate, frame.bytes, frame.size).bytes, frame.size,
			     "%d bytes of IPv4 in %zu", bytes, frame.size);
	}
}

Test(gate_parse, calls_a_jumbo_frame_truncated_by_its_whole_length)
{
	struct gate *gate = gate_start_configured();
	struct frame frame = built(
		(struct frame_spec){.from = CLIENT, .to = INGRESS, .flags = ACK, .payload = 8960});

	frame.size--;
	gate_expect(gate, "one byte short", &frame, WEIR_DROP_TRUNCATED);
}

/*
 * As NICs do that split headers from data. Kernels before 6.18 cannot be asked to: they refuse, and
 * what is checked there is nothing.
 */
Test(gate_parse, finds_the_data_behind_headers_that_have_the_first_buffer_to_themselves)
{
	struct gate *gate = gate_start_configured();
	struct frame frame = built(
		(struct frame_spec){.from = CLIENT, .to = INGRESS, .flags = ACK, .payload = 1400});

	for (__u32 first = 54; first <= frame.size; first++) {
		struct xdp_md split = {.data_end = first};
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.bytes,
			    .data_size_in = frame.size, .ctx_in = &split,
			    .ctx_size_in = sizeof(split));

		if (bpf_prog_test_run_opts(gate_program_fd(gate), &options) && errno == EINVAL)
			break;
		cr_assert_eq(options.retval, XDP_PASS, "%u bytes in the first buffer", first);
	}
}
