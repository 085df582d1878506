/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy as one would tell it. Bytes are read by offset, one at a time; the questions come in
 * the order of ARCHITECTURE.md; every set is a loop over all that the operator wrote.
 */
#include <string.h>

#include "oracle.h"

enum { TCP = 6, UDP = 17, ICMP = 1 };

/* What the frame says, as far as it could be read. */
struct said {
	__u32 source, destination;
	__u8 protocol;
	__u16 source_port, port;
	bool syn, ack, rst;
	bool is_too_large; /* ICMP: fragmentation needed */
	__u32 quote_source, quote_destination;
	__u16 quote_source_port, quote_port;
	__u8 quote_protocol;
};

static __u16 u16(const unsigned char *at)
{
	return at[0] * 256 + at[1];
}

static __u32 u32(const unsigned char *at)
{
	return (__u32)u16(at) << 16 | u16(at + 2);
}

/* ---- can it be read? --------------------------------------------------------------------- */

static enum weir_reason read_tcp(const unsigned char *tcp, size_t said_bytes, struct said *said)
{
	size_t header_bytes;
	bool fin, urg;

	if (said_bytes < 20)
		return WEIR_DROP_TCP_HEADER;
	header_bytes = (tcp[12] >> 4) * 4;
	if (header_bytes < 20 || header_bytes > said_bytes)
		return WEIR_DROP_TCP_HEADER;
	said->source_port = u16(tcp);
	said->port = u16(tcp + 2);
	if (said->source_port == 0 || said->port == 0)
		return WEIR_DROP_TCP_HEADER;

	fin = tcp[13] & 1;
	said->syn = tcp[13] & 2;
	said->rst = tcp[13] & 4;
	said->ack = tcp[13] & 16;
	urg = tcp[13] & 32;
	if (said->syn && (fin || said->rst || urg))
		return WEIR_DROP_TCP_FLAGS;
	if (said->rst && fin)
		return WEIR_DROP_TCP_FLAGS;
	if (!said->syn && !said->rst && !said->ack)
		return WEIR_DROP_TCP_FLAGS;
	return 0;
}

static enum weir_reason read_udp(const unsigned char *udp, size_t said_bytes, struct said *said)
{
	if (said_bytes < 8)
		return WEIR_DROP_UDP_HEADER;
	said->source_port = u16(udp);
	said->port = u16(udp + 2);
	if (said->port == 0 || u16(udp + 4) < 8 || u16(udp + 4) > said_bytes)
		return WEIR_DROP_UDP_HEADER;
	return 0;
}

/* `left` is what the frame has from here, padding included. */
static enum weir_reason read_icmp(const unsigned char *icmp, size_t said_bytes, size_t left,
				  struct said *said)
{
	const unsigned char *quote = icmp + 8;
	size_t quote_header_bytes;

	if (said_bytes < 8)
		return WEIR_DROP_ICMP_HEADER;
	if (icmp[0] != 3 || icmp[1] != 4)
		return 0;
	said->is_too_large = true;
	if (left < 8 + 20 || quote[0] >> 4 != 4)
		return WEIR_DROP_ICMP_HEADER;
	quote_header_bytes = (quote[0] & 15) * 4;
	if (quote_header_bytes < 20 || left < 8 + quote_header_bytes + 8)
		return WEIR_DROP_ICMP_HEADER;
	said->quote_protocol = quote[9];
	said->quote_source = u32(quote + 12);
	said->quote_destination = u32(quote + 16);
	said->quote_source_port = u16(quote + quote_header_bytes);
	said->quote_port = u16(quote + quote_header_bytes + 2);
	return 0;
}

static enum weir_reason read_ipv4(const unsigned char *ip, size_t left, struct said *said)
{
	size_t header_bytes, total_bytes;

	if (left < 20)
		return WEIR_DROP_TRUNCATED;
	header_bytes = (ip[0] & 15) * 4;
	total_bytes = u16(ip + 2);
	if (ip[0] >> 4 != 4 || header_bytes < 20 || ip[6] & 0x80)
		return WEIR_DROP_IP_HEADER;
	if (total_bytes < header_bytes)
		return WEIR_DROP_IP_LENGTH;
	if (total_bytes > left)
		return WEIR_DROP_TRUNCATED;
	if (ip[6] & 0x20 || u16(ip + 6) & 0x1fff)
		return WEIR_DROP_FRAGMENT;
	said->source = u32(ip + 12);
	said->destination = u32(ip + 16);
	said->protocol = ip[9];
	if (ip[12] == 0 || ip[12] == 127 || ip[12] >= 224)
		return WEIR_DROP_SOURCE;

	ip += header_bytes;
	total_bytes -= header_bytes;
	if (said->protocol == TCP)
		return read_tcp(ip, total_bytes, said);
	if (said->protocol == UDP)
		return read_udp(ip, total_bytes, said);
	if (said->protocol == ICMP)
		return read_icmp(ip, total_bytes, left - header_bytes, said);
	return 0;
}

static enum weir_reason read_frame(const unsigned char *frame, size_t size, struct said *said)
{
	size_t at = 12;
	int tags = 0;

	if (size < 14)
		return WEIR_DROP_TRUNCATED;
	while (u16(frame + at) == 0x8100 || u16(frame + at) == 0x88a8) {
		if (++tags > 2)
			return WEIR_DROP_VLAN;
		at += 4;
		if (at + 2 > size)
			return WEIR_DROP_TRUNCATED;
	}
	switch (u16(frame + at)) {
	case 0x0800:
		return read_ipv4(frame + at + 2, size - at - 2, said);
	case 0x86dd:
		return WEIR_DROP_IPV6;
	case 0x0806: /* ARP */
	case 0x8809: /* LACP */
	case 0x88cc: /* LLDP */
	case 0x888e: /* EAPOL */
		return WEIR_PASS_LINK;
	default:
		return WEIR_DROP_NOT_IPV4;
	}
}

/* ---- what is it to us? ------------------------------------------------------------------- */

static bool list_has(const struct weir_list *list, __u32 address)
{
	for (size_t i = 0; i < list->count; i++)
		if (weir_prefix_has(list->entries[i].prefix, address))
			return true;
	return false;
}

static bool has_port(const struct weir_port *ports, size_t count, __u16 port)
{
	for (size_t i = 0; i < count; i++)
		if (ports[i].port == port)
			return true;
	return false;
}

static bool has_address(const __u32 *addresses, size_t count, __u32 address)
{
	for (size_t i = 0; i < count; i++)
		if (addresses[i] == address)
			return true;
	return false;
}

static bool is_ingress(const struct weir_config *config, __u32 address)
{
	for (size_t i = 0; i < config->region.ingress_count; i++)
		if (config->region.ingress[i].address == address)
			return true;
	return false;
}

static bool is_egress(const struct weir_config *config, __u32 address)
{
	for (size_t i = 0; i < config->region.egress_count; i++)
		if (config->region.egress[i].address == address)
			return true;
	return false;
}

static enum weir_reason as_ingress(const struct weir_config *config, const struct said *said)
{
	if (said->protocol == ICMP)
		return WEIR_DROP_ICMP;
	if (said->protocol != TCP)
		return WEIR_DROP_NOT_TCP;
	if (has_port(config->open_ports, config->open_ports_count, said->port))
		return WEIR_PASS_INGRESS;
	if (!has_port(config->cdn_ports, config->cdn_ports_count, said->port))
		return WEIR_DROP_PORT;
	return list_has(&config->cdn, said->source) ? WEIR_PASS_CDN : WEIR_DROP_CDN_SOURCE;
}

static bool has_rule(const struct weir_config *config, const struct said *said)
{
	for (size_t i = 0; i < config->management_count; i++) {
		const struct weir_management *rule = &config->management[i];

		if (rule->protocol && rule->protocol != said->protocol)
			continue;
		if (!weir_prefix_has(rule->from, said->source) ||
		    !weir_prefix_has(rule->to, said->destination))
			continue;
		if (said->source_port < rule->source_port_low ||
		    said->source_port > rule->source_port_high)
			continue;
		if (said->port < rule->port_low || said->port > rule->port_high)
			continue;
		return true;
	}
	return false;
}

static bool is_backend_answer(const struct weir_config *config, const struct said *said)
{
	if (said->protocol != TCP || (!said->ack && !said->rst))
		return false;
	for (size_t i = 0; i < config->backends_count; i++)
		if (weir_prefix_has(config->backends[i].prefix, said->source))
			return true;
	return false;
}

/* The reason under which it would pass if nothing else objected, or the one that drops it. */
static enum weir_reason classify(const struct oracle *oracle, const struct said *said)
{
	const struct weir_config *config = oracle->config;
	bool ingress = is_ingress(config, said->destination);
	bool egress = is_egress(config, said->destination);
	bool machine = has_address(oracle->machine, oracle->machine_count, said->destination);
	enum weir_reason reason = ingress ? as_ingress(config, said) : WEIR_DROP_NOT_INGRESS;

	if (reason == WEIR_PASS_INGRESS || reason == WEIR_PASS_CDN)
		return reason;
	if (has_rule(config, said))
		return WEIR_PASS_MANAGEMENT;
	if (!ingress && !egress && !machine)
		return WEIR_DROP_NOT_INGRESS;
	if (machine && is_backend_answer(config, said))
		return WEIR_PASS_BACKEND;
	if (said->protocol == ICMP)
		return said->is_too_large ? WEIR_PASS_ICMP : WEIR_DROP_ICMP;
	if (!egress && !machine)
		return reason;
	return said->protocol == TCP ? WEIR_PASS_RETURN_TCP : WEIR_PASS_RETURN_UDP;
}

/* ---- may its source? --------------------------------------------------------------------- */

static bool has_live(const struct oracle *oracle, __u32 kind, __u32 address)
{
	for (size_t i = 0; i < oracle->live_count; i++)
		if (oracle->live[i].kind == kind && !oracle->live[i].has_expired &&
		    weir_prefix_has(oracle->live[i].prefix, address))
			return true;
	return false;
}

static enum weir_reason judge_source(const struct oracle *oracle, __u32 source)
{
	const struct weir_config *config = oracle->config;

	if (has_live(oracle, WEIR_LIVE_RELEASE, source) || list_has(&config->allowlist, source))
		return 0;
	for (size_t i = 0; i < config->denylists_count; i++)
		if (list_has(&config->denylists[i], source))
			return WEIR_DROP_DENIED;
	return has_live(oracle, WEIR_LIVE_BAN, source) ? WEIR_DROP_BANNED : 0;
}

/* ---- does it answer? --------------------------------------------------------------------- */

static bool has_socket(const struct oracle *oracle, __u8 protocol, __u32 far, __u16 far_port,
		       __u32 near, __u16 near_port)
{
	for (size_t i = 0; i < oracle->sockets_count; i++) {
		const struct oracle_socket *socket = &oracle->sockets[i];

		if (socket->protocol == protocol && socket->far == far && socket->near == near &&
		    socket->far_port == far_port && socket->near_port == near_port)
			return true;
	}
	return false;
}

static bool has_proof(const struct oracle *oracle, const struct said *said)
{
	if (said->protocol == ICMP)
		return said->quote_source == said->destination &&
		       has_socket(oracle, said->quote_protocol, said->quote_destination,
				  said->quote_port, said->quote_source, said->quote_source_port);
	if (said->protocol == TCP && said->syn && !said->ack)
		return false;
	return has_socket(oracle, said->protocol, said->source, said->source_port,
			  said->destination, said->port);
}

/* ---- all of it --------------------------------------------------------------------------- */

static bool needs_proof(enum weir_reason reason)
{
	return reason == WEIR_PASS_RETURN_TCP || reason == WEIR_PASS_RETURN_UDP ||
	       reason == WEIR_PASS_ICMP;
}

static bool is_metered(enum weir_reason reason)
{
	return reason == WEIR_PASS_INGRESS || reason == WEIR_PASS_CDN;
}

enum weir_reason oracle_judge(const struct oracle *oracle, const unsigned char *frame, size_t size)
{
	struct said said = {};
	enum weir_reason reason = read_frame(frame, size, &said), refusal;

	if (reason)
		return reason;
	reason = classify(oracle, &said);
	if (!weir_reason_passes(reason))
		return reason;
	refusal = judge_source(oracle, said.source);
	if (refusal)
		return refusal;
	if (needs_proof(reason) && !has_proof(oracle, &said))
		return WEIR_DROP_UNSOLICITED;
	if (is_metered(reason) &&
	    has_address(oracle->drained, oracle->drained_count, said.destination))
		return WEIR_DROP_RATE;
	return reason;
}
