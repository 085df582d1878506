/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A survey of the machine -> the text of a weir.yaml, one function a key. Each says in a comment what
 * was seen, so that the operator can judge it; what cannot be seen is proposed as a comment. The
 * survey is only read, the text is the caller's.
 */
#include "report/init.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "weir/limits.h"

enum { PORT_BGP = 179, PORT_BFD = 3784, PORT_MULTIHOP_BFD = 4784 };

/* What is being written: rules are counted, since a file may have WEIR_RULES_MAX. */
struct writer {
	FILE *to;
	const struct weir_survey *survey;
	size_t rules;
};

void weir_survey_done(struct weir_survey *survey)
{
	free(survey->addresses);
	free(survey->peers);
	free(survey->bgp);
	*survey = (struct weir_survey){};
}

static struct weir_prefix network_of(const struct weir_survey_address *address)
{
	return (struct weir_prefix){address->address & weir_prefix_mask(address->length),
				    address->length};
}

/* ---- interfaces ------------------------------------------------------------------------- */

static bool is_gate(const struct weir_survey *survey, const char *interface)
{
	for (size_t i = 0; i < survey->gates_count; i++)
		if (!strcmp(survey->gates[i], interface))
			return true;
	return false;
}

static void write_address(struct writer *writer, const struct weir_survey_address *address)
{
	char text[WEIR_PREFIX_TEXT_MAX];

	fprintf(writer->to, "#   %-15s %s/%u%s%s\n", address->interface,
		weir_address_format(address->address, text), address->length,
		address->is_dynamic ? ", with a lifetime" : "",
		is_gate(writer->survey, address->interface) ? ""
		: address->is_gated                         ? ", on an interface below"
							    : ", not filtered");
}

/* A name may have any byte but a slash and blanks; YAML has its own mind about some. */
static void write_name(FILE *to, const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (strspn(name, plain) == strlen(name)) {
		fputs(name, to);
		return;
	}
	fputc('\'', to);
	for (; *name; name++)
		fprintf(to, *name == '\'' ? "''" : "%c", *name);
	fputc('\'', to);
}

static void write_interfaces(struct writer *writer)
{
	const struct weir_survey *survey = writer->survey;

	fputs("# The machine's addresses:\n", writer->to);
	for (size_t i = 0; i < survey->addresses_count; i++)
		write_address(writer, &survey->addresses[i]);
	if (*survey->way)
		fprintf(writer->to, "# The default route leads by %s%s.\n", survey->way,
			is_gate(survey, survey->way) ? "" : ", which lies on what is named here");
	else
		fputs("# There is no default route: is this where the Internet comes in?\n",
		      writer->to);
	if (!survey->gates_count) {
		fputs("# None was found that is up and has an address: name it.\ninterfaces: "
		      "[eth0]\n\n",
		      writer->to);
		return;
	}
	fputs("interfaces: [", writer->to);
	for (size_t i = 0; i < survey->gates_count; i++) {
		fputs(i ? ", " : "", writer->to);
		write_name(writer->to, survey->gates[i]);
	}
	fputs("]\n\n", writer->to);
}

/* Needed only where packets for other addresses than those of the interfaces come in. */
static void write_machine(struct writer *writer)
{
	const struct weir_survey *survey = writer->survey;
	char text[WEIR_PREFIX_TEXT_MAX];
	bool is_needed = false;
	size_t written = 0;

	for (size_t i = 0; i < survey->addresses_count; i++)
		is_needed |= survey->addresses[i].is_gated && !survey->addresses[i].is_own;
	if (!is_needed)
		return;
	fputs("# The machine's own addresses that packets come to by these interfaces. Leave out\n"
	      "# those of the region.\nmachine: [",
	      writer->to);
	for (size_t i = 0; i < survey->addresses_count; i++)
		if (survey->addresses[i].is_gated)
			fprintf(writer->to, "%s%s", written++ ? ", " : "",
				weir_address_format(survey->addresses[i].address, text));
	fputs("]\n\n", writer->to);
}

static void write_dhcp(struct writer *writer)
{
	bool is_dynamic = false;

	for (size_t i = 0; i < writer->survey->addresses_count; i++)
		is_dynamic |= writer->survey->addresses[i].is_gated &&
			      writer->survey->addresses[i].is_dynamic;
	if (is_dynamic || writer->survey->has_dhcp_client)
		fprintf(writer->to,
			"# A DHCP client lives here: %s%s%s. Its server's answers come in.\n"
			"dhcp: true\n\n",
			is_dynamic ? "an address has a lifetime" : "",
			is_dynamic && writer->survey->has_dhcp_client ? ", and " : "",
			writer->survey->has_dhcp_client ? "UDP port 68 is open" : "");
	else
		fputs("# No lease was seen, and nobody waits on UDP port 68.\ndhcp: false\n\n",
		      writer->to);
}

/* ---- management ------------------------------------------------------------------------- */

/* Is there room for one more rule? */
static bool rule_begin(struct writer *writer)
{
	if (writer->rules == WEIR_RULES_MAX - 1) /* dhcp is one too */
		fputs("  # More than fit: see to it that narrower rules become wider ones.\n",
		      writer->to);
	if (writer->rules >= WEIR_RULES_MAX - 1) {
		writer->rules = WEIR_RULES_MAX;
		return false;
	}
	writer->rules++;
	return true;
}

static void write_peer(struct writer *writer, const struct weir_peer *peer)
{
	char line[WEIR_LINE_TEXT_MAX], ends[WEIR_ENDS_TEXT_MAX];

	weir_peer_format(peer, ends);
	if (peer->is_ipv6)
		fprintf(writer->to, "  # %s: by IPv6, which the gate drops\n", ends);
	else if (rule_begin(writer))
		fprintf(writer->to, "%s%s\n", weir_peer_rule(peer, line),
			peer->port == 22 ? " # SSH" : "");
}

/* A protocol from every network that the gate's interfaces are in. */
static void write_networks(struct writer *writer, const char *protocol, unsigned int port)
{
	char text[WEIR_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < writer->survey->addresses_count; i++) {
		const struct weir_survey_address *address = &writer->survey->addresses[i];

		if (!address->is_gated || address->length == 32 || !rule_begin(writer))
			continue;
		fprintf(writer->to, "  - {protocol: %s, from: %s", protocol,
			weir_prefix_format(network_of(address), text));
		fprintf(writer->to, port ? ", port: %u}\n" : "}\n", port);
	}
}

static void write_bfd(struct writer *writer, unsigned int port)
{
	char text[WEIR_PREFIX_TEXT_MAX];

	fprintf(writer->to, "# BFD: UDP port %u is open.\n", port);
	if (!writer->survey->bgp_count)
		write_networks(writer, "udp", port);
	for (size_t i = 0; i < writer->survey->bgp_count; i++)
		if (!writer->survey->bgp[i].is_ipv6 && rule_begin(writer))
			fprintf(writer->to, "  - {protocol: udp, from: %s/32, port: %u}\n",
				weir_address_format(weir_peer_address(&writer->survey->bgp[i]),
						    text),
				port);
}

static void write_routing(struct writer *writer)
{
	const struct weir_survey *survey = writer->survey;

	if (survey->bgp_count)
		fputs("# BGP sessions, whoever begins them.\n", writer->to);
	for (size_t i = 0; i < survey->bgp_count; i++)
		write_peer(writer, &survey->bgp[i]);
	if (survey->listens_bgp && !survey->bgp_count)
		fputs("# Somebody listens for BGP, and no session is up. Name its peers:\n"
		      "#  - {protocol: tcp, from: 192.0.2.1/32, port: 179}\n",
		      writer->to);
	if (survey->has_bfd)
		write_bfd(writer, PORT_BFD);
	if (survey->has_multihop_bfd)
		write_bfd(writer, PORT_MULTIHOP_BFD);
	if (survey->has_ospf)
		fputs("# A routing daemon speaks OSPF.\n", writer->to);
	if (survey->has_ospf)
		write_networks(writer, "ospf", 0);
	if (survey->has_vrrp)
		fputs("# Somebody speaks VRRP.\n", writer->to);
	if (survey->has_vrrp)
		write_networks(writer, "vrrp", 0);
	if (survey->has_pim)
		fputs("# A routing daemon speaks PIM.\n", writer->to);
	if (survey->has_pim)
		write_networks(writer, "pim", 0);
}

static void write_sessions(struct writer *writer)
{
	const struct weir_survey *survey = writer->survey;

	if (survey->peers_count)
		fputs("# Connected now. Make networks of them where many may come.\n", writer->to);
	for (size_t i = 0; i < survey->peers_count; i++)
		write_peer(writer, &survey->peers[i]);
	if (!survey->peers_count)
		fprintf(writer->to,
			"# Nobody is connected by these interfaces now%s. Leave yourself a way "
			"in:\n"
			"#  - {protocol: tcp, from: 198.51.100.0/24, port: 22}\n",
			survey->listens_ssh ? ", though port 22 is open" : "");
}

/* The rules first, elsewhere: only then it is known whether the key has any. */
static int write_management(struct writer *writer)
{
	_cleanup_free_ char *rules = NULL;
	size_t size;
	struct writer below = {open_memstream(&rules, &size), writer->survey, 0};

	if (!below.to)
		return -ENOMEM;
	write_sessions(&below);
	write_routing(&below);
	fclose(below.to);
	fputs("# What may reach the machine itself, besides answers to what it asked.\n",
	      writer->to);
	if (writer->survey->web_peers)
		fprintf(writer->to,
			"# Left out: %zu connected to port 80, 443, 8080 or 8443. Those of the\n"
			"# region's addresses pass anyway.\n",
			writer->survey->web_peers);
	fprintf(writer->to, "%smanagement:\n%s\n", below.rules ? "" : "#", rules);
	return 0;
}

char *weir_init_yaml(const struct weir_survey *survey, const char *region)
{
	char *text = NULL;
	size_t size;
	struct writer writer = {open_memstream(&text, &size), survey, 0};
	int r;

	if (!writer.to)
		return NULL;
	fprintf(writer.to,
		"# weir.yaml as weir init proposes it from what this machine is now. Read every\n"
		"# line; then weir check, weir apply and weir attach.\n\n"
		"# The file with the region's ingress and egress addresses; a bare NAME is\n"
		"# regions/NAME.region.\nregion: %s\n\n",
		region ?: "NAME");
	write_interfaces(&writer);
	write_machine(&writer);
	write_dhcp(&writer);
	r = write_management(&writer);
	if (survey->does_forward)
		fputs("# This machine forwards packets. Where containers go out through its NAT:\n"
		      "#egress: nat\n\n",
		      writer.to);
	fputs("# Sources that nothing comes in from: files of one prefix a line.\n"
	      "#denylists: [lists/known-bad.txt]\n",
	      writer.to);
	fclose(writer.to);
	if (r)
		free(take_pointer(text));
	return text;
}
