/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy, one line a case: this frame, that reason. Each is run through the real program and
 * must move exactly one counter by one packet and the frame's length.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "fixture.h"

struct row {
	const char *name;
	unsigned int want;
	struct frame_spec spec;
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void expect_rows(struct gate *gate, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		gate_expect_spec(gate, rows[i].name, rows[i].spec, rows[i].want);
}

/* ICMP error 3/4 quoting a connection of INGRESS to CLIENT. */
#define QUOTE .quote_from = EGRESS, .quote_to = CLIENT, .quote_sport = 50000, .quote_port = 443

static const struct row scope_rows[] = {
	{"SYN to port 80", WEIR_PASS_INGRESS, {.from = CLIENT, .to = INGRESS}},
	{"SYN to port 443", WEIR_PASS_INGRESS, {.from = CLIENT, .to = INGRESS, .port = 443}},
	{"SYN to the second ingress address", WEIR_PASS_INGRESS, {.from = CLIENT, .to = INGRESS2}},
	{"data to port 443",
	 WEIR_PASS_INGRESS,
	 {.from = CLIENT, .to = INGRESS, .port = 443, .flags = ACK | PSH, .payload = 1000}},
	{"SYN to port 22 of an ingress address",
	 WEIR_DROP_PORT,
	 {.from = CLIENT, .to = INGRESS, .port = 22}},
	{"SYN to port 81", WEIR_DROP_PORT, {.from = CLIENT, .to = INGRESS, .port = 81}},
	{"SYN to port 65535", WEIR_DROP_PORT, {.from = CLIENT, .to = INGRESS, .port = 65535}},
	{"UDP to port 80",
	 WEIR_DROP_NOT_TCP,
	 {.from = CLIENT, .to = INGRESS, .protocol = IPPROTO_UDP}},
	{"UDP to port 443",
	 WEIR_DROP_NOT_TCP,
	 {.from = CLIENT, .to = INGRESS, .protocol = IPPROTO_UDP, .port = 443}},
	{"SCTP", WEIR_DROP_NOT_TCP, {.from = CLIENT, .to = INGRESS, .protocol = IPPROTO_SCTP}},
	{"GRE", WEIR_DROP_NOT_TCP, {.from = CLIENT, .to = INGRESS, .protocol = IPPROTO_GRE}},
	{"protocol 255", WEIR_DROP_NOT_TCP, {.from = CLIENT, .to = INGRESS, .protocol = 255}},
	{"SYN to an address of nobody", WEIR_DROP_NOT_INGRESS, {.from = CLIENT, .to = NOBODY}},
	{"UDP to an address of nobody",
	 WEIR_DROP_NOT_INGRESS,
	 {.from = CLIENT, .to = NOBODY, .protocol = IPPROTO_UDP}},
	{"echo to an address of nobody",
	 WEIR_DROP_NOT_INGRESS,
	 {.from = CLIENT, .to = NOBODY, .protocol = IPPROTO_ICMP, .type = 8}},
	{"SYN to 0.0.0.0", WEIR_DROP_NOT_INGRESS, {.from = CLIENT, .to = 0}},
	{"SYN to a multicast address", WEIR_DROP_NOT_INGRESS, {.from = CLIENT, .to = 0xe0000001}},
	{"SYN to broadcast", WEIR_DROP_NOT_INGRESS, {.from = CLIENT, .to = 0xffffffff}},
};

static const struct row cdn_rows[] = {
	{"the CDN to 8080", WEIR_PASS_CDN, {.from = CDN, .to = INGRESS, .port = 8080}},
	{"the CDN to 8443", WEIR_PASS_CDN, {.from = CDN, .to = INGRESS, .port = 8443}},
	{"the CDN to 80", WEIR_PASS_INGRESS, {.from = CDN, .to = INGRESS, .port = 80}},
	{"the CDN's first address",
	 WEIR_PASS_CDN,
	 {.from = 0xc6120000, .to = INGRESS, .port = 8080}},
	{"the CDN's last address",
	 WEIR_PASS_CDN,
	 {.from = 0xc612ffff, .to = INGRESS, .port = 8080}},
	{"one before the CDN's",
	 WEIR_DROP_CDN_SOURCE,
	 {.from = 0xc611ffff, .to = INGRESS, .port = 8080}},
	{"one after the CDN's",
	 WEIR_DROP_CDN_SOURCE,
	 {.from = 0xc6130000, .to = INGRESS, .port = 8080}},
	{"a client to 8443", WEIR_DROP_CDN_SOURCE, {.from = CLIENT, .to = INGRESS, .port = 8443}},
	{"a listed CDN address to 8080",
	 WEIR_DROP_DENIED,
	 {.from = CDN_LISTED, .to = INGRESS, .port = 8080}},
	{"the CDN to 22", WEIR_DROP_PORT, {.from = CDN, .to = INGRESS, .port = 22}},
	{"the CDN by UDP",
	 WEIR_DROP_NOT_TCP,
	 {.from = CDN, .to = INGRESS, .protocol = IPPROTO_UDP, .port = 8080}},
};

static const struct row deny_rows[] = {
	{"a listed source to 80", WEIR_DROP_DENIED, {.from = LISTED, .to = INGRESS}},
	{"a listed source to 443", WEIR_DROP_DENIED, {.from = LISTED, .to = INGRESS, .port = 443}},
	{"a listed source with data",
	 WEIR_DROP_DENIED,
	 {.from = LISTED, .to = INGRESS, .flags = ACK}},
	{"the first listed", WEIR_DROP_DENIED, {.from = 0xcb007100, .to = INGRESS}},
	{"the last listed", WEIR_DROP_DENIED, {.from = 0xcb0071ff, .to = INGRESS}},
	{"one before the listed", WEIR_PASS_INGRESS, {.from = 0xcb0070ff, .to = INGRESS}},
	{"one after the listed", WEIR_PASS_INGRESS, {.from = 0xcb007200, .to = INGRESS}},
	{"an allowed source within", WEIR_PASS_INGRESS, {.from = ALLOWED, .to = INGRESS}},
	{"a listed source to a closed port",
	 WEIR_DROP_PORT,
	 {.from = LISTED, .to = INGRESS, .port = 22}},
	{"a listed operator",
	 WEIR_DROP_DENIED,
	 {.from = OPERATOR_LISTED, .to = MACHINE, .port = 22}},
	{"a listed source, as return traffic",
	 WEIR_DROP_DENIED,
	 {.from = LISTED, .to = EGRESS, .sport = 443, .flags = ACK}},
	{"a listed source, by ICMP",
	 WEIR_DROP_DENIED,
	 {.from = LISTED, .to = EGRESS, .protocol = IPPROTO_ICMP, .type = 3, .code = 4, QUOTE}},
	{"a listed source, by UDP",
	 WEIR_DROP_DENIED,
	 {.from = LISTED, .to = MACHINE, .protocol = IPPROTO_UDP, .sport = 53}},
};

static const struct row machine_rows[] = {
	{"an operator's SYN to SSH",
	 WEIR_PASS_MANAGEMENT,
	 {.from = OPERATOR, .to = MACHINE, .port = 22}},
	{"an operator's data to SSH",
	 WEIR_PASS_MANAGEMENT,
	 {.from = OPERATOR, .to = MACHINE, .port = 22, .flags = ACK}},
	{"an operator to port 23",
	 WEIR_DROP_UNSOLICITED,
	 {.from = OPERATOR, .to = MACHINE, .port = 23}},
	{"an operator by UDP",
	 WEIR_DROP_UNSOLICITED,
	 {.from = OPERATOR, .to = MACHINE, .protocol = IPPROTO_UDP, .port = 22}},
	{"one before the operators",
	 WEIR_DROP_UNSOLICITED,
	 {.from = 0x0a00ffff, .to = MACHINE, .port = 22}},
	{"one after the operators",
	 WEIR_DROP_UNSOLICITED,
	 {.from = 0x0a020000, .to = MACHINE, .port = 22}},
	{"a client's SYN to SSH",
	 WEIR_DROP_UNSOLICITED,
	 {.from = CLIENT, .to = MACHINE, .port = 22}},
	{"a DHCP answer",
	 WEIR_PASS_MANAGEMENT,
	 {.from = OPERATOR, .to = MACHINE, .protocol = IPPROTO_UDP, .sport = 67, .port = 68}},
	{"a DHCP answer to broadcast",
	 WEIR_PASS_MANAGEMENT,
	 {.from = OPERATOR, .to = 0xffffffff, .protocol = IPPROTO_UDP, .sport = 67, .port = 68}},
	{"a DHCP request",
	 WEIR_DROP_NOT_INGRESS,
	 {.from = OPERATOR, .to = 0xffffffff, .protocol = IPPROTO_UDP, .sport = 68, .port = 67}},
	{"a container's answer",
	 WEIR_PASS_BACKEND,
	 {.from = BACKEND, .to = MACHINE, .sport = 8080, .port = 50000, .flags = SYN | ACK}},
	{"a container's data",
	 WEIR_PASS_BACKEND,
	 {.from = BACKEND,
	  .to = MACHINE,
	  .sport = 8080,
	  .port = 50000,
	  .flags = ACK | PSH,
	  .payload = 1400}},
	{"a container's reset",
	 WEIR_PASS_BACKEND,
	 {.from = BACKEND, .to = MACHINE, .sport = 8080, .port = 50000, .flags = RST}},
	{"a container's SYN", WEIR_DROP_UNSOLICITED, {.from = BACKEND, .to = MACHINE, .port = 22}},
	{"a container's UDP",
	 WEIR_DROP_UNSOLICITED,
	 {.from = BACKEND, .to = MACHINE, .protocol = IPPROTO_UDP, .port = 53}},
	{"a container to an egress address",
	 WEIR_DROP_UNSOLICITED,
	 {.from = BACKEND, .to = EGRESS, .flags = ACK}},
	{"one after the containers",
	 WEIR_DROP_UNSOLICITED,
	 {.from = 0x0a030000, .to = MACHINE, .flags = ACK}},
	{"an unsolicited ACK to an egress address",
	 WEIR_DROP_UNSOLICITED,
	 {.from = CLIENT, .to = EGRESS, .sport = 443, .port = 50000, .flags = ACK}},
	{"a SYN to an egress address", WEIR_DROP_UNSOLICITED, {.from = CLIENT, .to = EGRESS}},
	{"unsolicited UDP to the machine",
	 WEIR_DROP_UNSOLICITED,
	 {.from = CLIENT, .to = MACHINE, .protocol = IPPROTO_UDP, .sport = 53, .port = 50000}},
	{"GRE to the machine",
	 WEIR_DROP_UNSOLICITED,
	 {.from = CLIENT, .to = MACHINE, .protocol = IPPROTO_GRE}},
	{"VRRP to its group",
	 WEIR_DROP_NOT_INGRESS,
	 {.from = OPERATOR, .to = 0xe0000012, .protocol = 112}},
};

static const struct row icmp_rows[] = {
	{"echo to an ingress address",
	 WEIR_DROP_ICMP,
	 {.from = CLIENT, .to = INGRESS, .protocol = IPPROTO_ICMP, .type = 8}},
	{"echo to the machine",
	 WEIR_DROP_ICMP,
	 {.from = CLIENT, .to = MACHINE, .protocol = IPPROTO_ICMP, .type = 8}},
	{"echo reply", WEIR_DROP_ICMP, {.from = CLIENT, .to = EGRESS, .protocol = IPPROTO_ICMP}},
	{"host unreachable",
	 WEIR_DROP_ICMP,
	 {.from = CLIENT, .to = EGRESS, .protocol = IPPROTO_ICMP, .type = 3, .code = 1, QUOTE}},
	{"redirect",
	 WEIR_DROP_ICMP,
	 {.from = CLIENT, .to = EGRESS, .protocol = IPPROTO_ICMP, .type = 5, .code = 1, QUOTE}},
	{"time exceeded",
	 WEIR_DROP_ICMP,
	 {.from = CLIENT, .to = INGRESS, .protocol = IPPROTO_ICMP, .type = 11, QUOTE}},
	{"fragmentation needed without a quote",
	 WEIR_DROP_ICMP_HEADER,
	 {.from = CLIENT, .to = EGRESS, .protocol = IPPROTO_ICMP, .type = 3, .code = 4}},
	{"fragmentation needed for a connection that is not",
	 WEIR_DROP_UNSOLICITED,
	 {.from = CLIENT, .to = EGRESS, .protocol = IPPROTO_ICMP, .type = 3, .code = 4, QUOTE}},
	{"fragmentation needed that quotes another address",
	 WEIR_DROP_UNSOLICITED,
	 {.from = CLIENT, .to = INGRESS, .protocol = IPPROTO_ICMP, .type = 3, .code = 4, QUOTE}},
	{"fragmentation needed that quotes ICMP",
	 WEIR_DROP_UNSOLICITED,
	 {.from = CLIENT,
	  .to = EGRESS,
	  .protocol = IPPROTO_ICMP,
	  .type = 3,
	  .code = 4,
	  QUOTE,
	  .quote_protocol = IPPROTO_ICMP}},
};

static const struct row link_rows[] = {
	{"ARP", WEIR_PASS_LINK, {.ethertype = ETH_P_ARP}},
	{"LACP", WEIR_PASS_LINK, {.ethertype = ETH_P_SLOW}},
	{"LLDP", WEIR_PASS_LINK, {.ethertype = ETH_P_LLDP}},
	{"EAPOL", WEIR_PASS_LINK, {.ethertype = ETH_P_PAE}},
	{"ARP in a VLAN", WEIR_PASS_LINK, {.ethertype = ETH_P_ARP, .tags = 1}},
	{"IPv6", WEIR_DROP_IPV6, {.ethertype = ETH_P_IPV6}},
	{"IPv6 in a VLAN", WEIR_DROP_IPV6, {.ethertype = ETH_P_IPV6, .tags = 1}},
	{"IPX", WEIR_DROP_NOT_IPV4, {.ethertype = ETH_P_IPX}},
	{"MPLS", WEIR_DROP_NOT_IPV4, {.ethertype = ETH_P_MPLS_UC}},
	{"PPPoE", WEIR_DROP_NOT_IPV4, {.ethertype = ETH_P_PPP_SES}},
	{"RARP", WEIR_DROP_NOT_IPV4, {.ethertype = ETH_P_RARP}},
	{"spanning tree: a length, not a type", WEIR_DROP_NOT_IPV4, {.ethertype = 0x0026}},
	{"one tag", WEIR_PASS_INGRESS, {.from = CLIENT, .to = INGRESS, .tags = 1}},
	{"two tags", WEIR_PASS_INGRESS, {.from = CLIENT, .to = INGRESS, .tags = 2}},
	{"three tags", WEIR_DROP_VLAN, {.from = CLIENT, .to = INGRESS, .tags = 3}},
	{"one tag, listed", WEIR_DROP_DENIED, {.from = LISTED, .to = INGRESS, .tags = 1}},
	{"two tags, listed", WEIR_DROP_DENIED, {.from = LISTED, .to = INGRESS, .tags = 2}},
	{"two tags, closed port",
	 WEIR_DROP_PORT,
	 {.from = CLIENT, .to = INGRESS, .tags = 2, .port = 22}},
};

static const struct row ip_rows[] = {
	{"IP options", WEIR_PASS_INGRESS, {.from = CLIENT, .to = INGRESS, .ip_options = 4}},
	{"the most IP options",
	 WEIR_PASS_INGRESS,
	 {.from = CLIENT, .to = INGRESS, .ip_options = 40}},
	{"IP options before a closed port",
	 WEIR_DROP_PORT,
	 {.from = CLIENT, .to = INGRESS, .ip_options = 12, .port = 22}},
	{"the most TCP options",
	 WEIR_PASS_INGRESS,
	 {.from = CLIENT, .to = INGRESS, .tcp_options = 40}},
	{"do not fragment", WEIR_PASS_INGRESS, {.from = CLIENT, .to = INGRESS, .fragment = 0x4000}},
	{"the reserved bit",
	 WEIR_DROP_IP_HEADER,
	 {.from = CLIENT, .to = INGRESS, .fragment = 0x8000}},
	{"a first fragment",
	 WEIR_DROP_FRAGMENT,
	 {.from = CLIENT, .to = INGRESS, .fragment = 0x2000}},
	{"a middle fragment",
	 WEIR_DROP_FRAGMENT,
	 {.from = CLIENT, .to = INGRESS, .fragment = 0x2001}},
	{"a last fragment",
	 WEIR_DROP_FRAGMENT,
	 {.from = CLIENT, .to = INGRESS, .fragment = 0x0064}},
	{"a fragment that overlaps the TCP header",
	 WEIR_DROP_FRAGMENT,
	 {.from = CLIENT, .to = INGRESS, .fragment = 0x0001}},
	{"a fragment of UDP",
	 WEIR_DROP_FRAGMENT,
	 {.from = CLIENT, .to = MACHINE, .protocol = IPPROTO_UDP, .fragment = 0x00b9}},
	{"padding after the packet",
	 WEIR_PASS_INGRESS,
	 {.from = CLIENT, .to = INGRESS, .trailer = 6}},
	{"source 0.0.0.0", WEIR_DROP_SOURCE, {.from = 0, .to = INGRESS}},
	{"source 0.1.2.3", WEIR_DROP_SOURCE, {.from = 0x00010203, .to = INGRESS}},
	{"source 127.0.0.1", WEIR_DROP_SOURCE, {.from = 0x7f000001, .to = INGRESS}},
	{"a multicast source", WEIR_DROP_SOURCE, {.from = 0xe0000001, .to = INGRESS}},
	{"a reserved source", WEIR_DROP_SOURCE, {.from = 0xf0000001, .to = INGRESS}},
	{"the broadcast source", WEIR_DROP_SOURCE, {.from = 0xffffffff, .to = INGRESS}},
	{"the last source before multicast",
	 WEIR_PASS_INGRESS,
	 {.from = 0xdfffffff, .to = INGRESS}},
};

Test(gate_table, judges_by_destination_protocol_and_port)
{
	expect_rows(gate_start_configured(), scope_rows, COUNT_OF(scope_rows));
}

Test(gate_table, opens_cdn_ports_to_the_cdn_alone)
{
	expect_rows(gate_start_configured(), cdn_rows, COUNT_OF(cdn_rows));
}

Test(gate_table, drops_listed_sources_whatever_they_send)
{
	expect_rows(gate_start_configured(), deny_rows, COUNT_OF(deny_rows));
}

Test(gate_table, lets_the_machine_have_what_a_rule_names)
{
	expect_rows(gate_start_configured(), machine_rows, COUNT_OF(machine_rows));
}

Test(gate_table, drops_icmp)
{
	expect_rows(gate_start_configured(), icmp_rows, COUNT_OF(icmp_rows));
}

Test(gate_table, passes_link_control_and_looks_behind_tags)
{
	expect_rows(gate_start_configured(), link_rows, COUNT_OF(link_rows));
}

Test(gate_table, reads_ipv4_headers_strictly)
{
	expect_rows(gate_start_configured(), ip_rows, COUNT_OF(ip_rows));
}

Test(gate_table, drops_everything_but_link_control_without_a_policy)
{
	struct gate *gate = gate_start(1);

	gate_expect_spec(gate, "SYN to 80", (struct frame_spec){.from = CLIENT, .to = INGRESS},
			 WEIR_DROP_NO_POLICY);
	gate_expect_spec(
		gate, "UDP",
		(struct frame_spec){.from = CLIENT, .to = MACHINE, .protocol = IPPROTO_UDP},
		WEIR_DROP_NO_POLICY);
	gate_expect_spec(gate, "ARP", (struct frame_spec){.ethertype = ETH_P_ARP}, WEIR_PASS_LINK);
	gate_expect_spec(gate, "IPv6", (struct frame_spec){.ethertype = ETH_P_IPV6},
			 WEIR_DROP_IPV6);
}

Test(gate_table, drops_when_a_lookup_that_must_succeed_fails)
{
	struct gate *gate = gate_start_configured();

	/* The block of a listed CDN address lies where no map reaches. */
	gate_cell(gate, CDN_LISTED)->rank = 1u << 30;
	gate_expect_spec(gate, "a block beyond the map",
			 (struct frame_spec){.from = CDN_LISTED, .to = INGRESS}, WEIR_DROP_MAP);
}

Test(gate_table, counts_what_goes_to_an_ingress_address_for_it_too)
{
	struct gate *gate = gate_start_configured();
	struct weir_destination_counts counts;
	size_t passed = 0, dropped = 0;
	struct frame frame;

	frame_build(
		&(struct frame_spec){.from = CLIENT, .to = INGRESS, .payload = 500, .flags = ACK},
		&frame);
	gate_expect(gate, "passed", &frame, WEIR_PASS_INGRESS);
	passed = frame.size;
	frame_build(
		&(struct frame_spec){.from = LISTED, .to = INGRESS, .payload = 70, .flags = ACK},
		&frame);
	gate_expect(gate, "denied", &frame, WEIR_DROP_DENIED);
	dropped = frame.size;
	frame_build(&(struct frame_spec){.from = CLIENT, .to = INGRESS, .port = 25}, &frame);
	gate_expect(gate, "closed", &frame, WEIR_DROP_PORT);
	dropped += frame.size;

	counts = gate_destination_counts(gate, INGRESS);
	cr_assert_eq(counts.passed.packets, 1);
	cr_assert_eq(counts.passed.bytes, passed);
	cr_assert_eq(counts.dropped.packets, 2);
	cr_assert_eq(counts.dropped.bytes, dropped);
	counts = gate_destination_counts(gate, INGRESS2);
	cr_assert_eq(counts.passed.packets + counts.dropped.packets, 0);
}
