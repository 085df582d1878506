/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments of explain -> the packet that they describe. Every word is checked before use. */
#include "cmd/packet.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/prefix.h"
#include "cmd/common.h"

enum { SOURCE_PORT = 40000, ICMP_ECHO_REQUEST = 8 };

static int read_address(const char *text, size_t size, struct weir_diags *diags, __u32 *ret_address)
{
	const char *why = NULL;

	if (!weir_address_parse(text, size, ret_address, &why))
		return 0;
	return weir_diags_error(diags, NULL, 0, 0, "'%.*s': %s", (int)size, text, why);
}

static int read_protocol(const char *text, struct weir_diags *diags, __u8 *ret_protocol)
{
	unsigned long long number = !strcmp(text, "tcp")    ? IPPROTO_TCP
				    : !strcmp(text, "udp")  ? IPPROTO_UDP
				    : !strcmp(text, "icmp") ? IPPROTO_ICMP
							    : 0;
	int r = number ? 0 : weir_cmd_number("--proto", text, 0, 255, diags, &number);

	if (!r)
		*ret_protocol = number;
	return r;
}

static int read_option(int option, struct weir_diags *diags, struct weir_asked *asked)
{
	unsigned long long number;
	int r;

	switch (option) {
	case 'p':
		return read_protocol(optarg, diags, &asked->header.protocol);
	case 's':
		r = weir_cmd_number("--sport", optarg, 0, 65535, diags, &number);
		if (!r)
			asked->header.source_port = number;
		return r;
	case 'f':
		asked->has_flags = true;
		if (weir_tcp_flags_parse(optarg, &asked->header.tcp_flags))
			return weir_diags_error(diags, NULL, 0, 0,
						"--flags '%s' is not of fin,syn,rst,psh,ack,urg "
						"or none",
						optarg);
		return 0;
	case 'F':
		asked->frame = optarg;
		return 0;
	default:
		return 1;
	}
}

static bool has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* SRC and DST[:PORT]. 1: usage. */
static int read_ends(char **operands, struct weir_diags *diags, struct weir_header *header)
{
	const char *destination = operands[1], *colon = strchr(destination, ':');
	unsigned long long port = 0;
	int r = read_address(operands[0], strlen(operands[0]), diags, &header->source)
			?: read_address(destination, strcspn(destination, ":"), diags,
					&header->destination);

	if (r)
		return r;
	if (has_ports(header->protocol) != !!colon)
		return weir_diags_error(diags, NULL, 0, 0,
					colon ? "'%s': this protocol has no ports"
					      : "'%s': TCP and UDP need a port, %s:PORT",
					destination, destination);
	r = colon ? weir_cmd_number("port", colon + 1, 0, 65535, diags, &port) : 0;
	header->port = port;
	if (!has_ports(header->protocol))
		header->source_port = 0;
	return r;
}

int weir_packet_parse(int argc, char **argv, struct weir_diags *diags, struct weir_asked *asked)
{
	static const struct option known[] = {{"proto", required_argument, NULL, 'p'},
					      {"sport", required_argument, NULL, 's'},
					      {"flags", required_argument, NULL, 'f'},
					      {"frame", required_argument, NULL, 'F'},
					      {}};
	int option, r = 0;

	asked->header = (struct weir_header){.protocol = IPPROTO_TCP,
					     .source_port = SOURCE_PORT,
					     .tcp_flags = WEIR_TCP_SYN,
					     .icmp_type = ICMP_ECHO_REQUEST};
	while (!r && (option = getopt_long(argc, argv, "", known, NULL)) != -1)
		r = read_option(option, diags, asked);
	if (r || argc - optind != (asked->frame ? 0 : 2))
		return r ?: 1;
	if (asked->frame)
		return 0;
	if (asked->header.protocol != IPPROTO_TCP) {
		if (asked->has_flags)
			return weir_diags_error(diags, NULL, 0, 0, "--flags: only TCP has flags");
		asked->header.tcp_flags = 0;
	}
	if (asked->header.protocol != IPPROTO_ICMP)
		asked->header.icmp_type = 0;
	return read_ends(argv + optind, diags, &asked->header);
}
