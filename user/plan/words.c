/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of a generation as an operator would write them: map values in, one line of words
 * out. Always ends in NUL; what is too long is cut, which no value of the maps is.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/quantity.h"
#include "plan/diff.h"

static const char *const role_words[] = {
	"unused",
	"ingress",
	"egress",
	"ingress and egress",
	"machine",
	"ingress and machine",
	"egress and machine",
	"ingress, egress and machine",
};

void weir_words_destination(const struct weir_slot *slot, const struct weir_rate *rate,
			    char to[static WEIR_WORDS_MAX])
{
	char address[WEIR_PREFIX_TEXT_MAX];
	char bytes_per_s[WEIR_QUANTITY_TEXT_MAX], burst[WEIR_QUANTITY_TEXT_MAX];
	const char *roles = role_words[slot->roles & 7];

	weir_address_format(ntohl(slot->address), address);
	if (!rate->factor) {
		snprintf(to, WEIR_WORDS_MAX, "%s %s", address, roles);
		return;
	}
	snprintf(to, WEIR_WORDS_MAX, "%s %s %s burst %s%s", address, roles,
		 weir_rate_format(rate->bytes_per_s, bytes_per_s),
		 weir_bytes_format(rate->burst_bytes, burst), rate->exact_clock ? " exact" : "");
}

void weir_words_port(__u32 port, bool is_tls, char to[static WEIR_WORDS_MAX])
{
	snprintf(to, WEIR_WORDS_MAX, "%u %s", port & 0xffff, is_tls ? "tls" : "http");
}

void weir_words_masked(const struct weir_masked *masked, char to[static WEIR_PREFIX_TEXT_MAX])
{
	struct weir_prefix prefix = {ntohl(masked->address), __builtin_popcount(masked->mask)};

	weir_prefix_format(prefix, to);
}

/* ` port 22`, ` port 67-68`, or nothing when any port will do. */
static void words_ports(const char *what, __u16 low, __u16 high, char to[static 32])
{
	to[0] = '\0';
	if (low == high)
		snprintf(to, 32, " %s %u", what, low);
	else if (low || high != 65535)
		snprintf(to, 32, " %s %u-%u", what, low, high);
}

static void words_protocol(__u8 protocol, char to[static 16])
{
	if (protocol == IPPROTO_TCP)
		snprintf(to, 16, "tcp");
	else if (protocol == IPPROTO_UDP)
		snprintf(to, 16, "udp");
	else if (!protocol)
		snprintf(to, 16, "any");
	else
		snprintf(to, 16, "protocol %u", protocol);
}

void weir_words_rule(const struct weir_rule *rule, char *to, size_t size)
{
	struct weir_masked source = {rule->source, rule->source_mask};
	struct weir_masked destination = {rule->destination, rule->destination_mask};
	char protocol[16], from[WEIR_PREFIX_TEXT_MAX], into[WEIR_PREFIX_TEXT_MAX];
	char source_ports[32], ports[32];

	words_protocol(rule->protocol, protocol);
	weir_words_masked(&source, from);
	weir_words_masked(&destination, into);
	words_ports("source-port", rule->source_port_low, rule->source_port_high, source_ports);
	words_ports("port", rule->port_low, rule->port_high, ports);
	snprintf(to, size, "%s from %s%s to %s%s", protocol, from, source_ports, into, ports);
}
