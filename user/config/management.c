/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Management rules: what may reach the machine itself besides the answers it waits for.
 *
 *   {protocol: tcp, from: 198.51.100.0/24, to: 10.0.0.1, port: 22}
 *
 * Protocols are named here and not looked up in /etc/protocols, which a small system lacks.
 */
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "config/loader.h"

static const struct protocol {
	const char *name;
	__u8 number;
	bool has_ports;
} protocols[] = {
	{"any", 0, false},
	{"icmp", IPPROTO_ICMP, false},
	{"igmp", IPPROTO_IGMP, false},
	{"ipip", 4, false},
	{"tcp", IPPROTO_TCP, true},
	{"udp", IPPROTO_UDP, true},
	{"gre", 47, false},
	{"esp", IPPROTO_ESP, false},
	{"ah", IPPROTO_AH, false},
	{"ospf", 89, false},
	{"pim", IPPROTO_PIM, false},
	{"vrrp", 112, false},
	{"sctp", IPPROTO_SCTP, true},
};

enum { PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]) };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool protocol_read(struct weir_loader *loader, const char *text, __u8 *ret_protocol)
{
	__u32 number;

	for (int i = 0; i < PROTOCOLS; i++) {
		if (!strcmp(text, protocols[i].name)) {
			*ret_protocol = protocols[i].number;
			return true;
		}
	}
	if (!is_digit(*text)) {
		weir_loader_error(loader, text,
				  "'%s' is no protocol: tcp, udp, icmp, vrrp, ospf, gre, esp, ah, "
				  "any, or a number",
				  text);
		return false;
	}
	if (!weir_loader_number(loader, text, 1, 255, &number))
		return false;
	*ret_protocol = number;
	return true;
}

static bool has_ports(__u8 protocol)
{
	for (int i = 0; i < PROTOCOLS; i++)
		if (protocols[i].number == protocol)
			return protocols[i].has_ports;
	return false;
}

/* Digits up to `end`: a port, or false. */
static bool port_parse(const char *text, const char *end, __u16 *ret_port)
{
	unsigned int port = 0;

	if (text == end)
		return false;
	for (; text < end; text++) {
		if (!is_digit(*text))
			return false;
		port = port * 10 + (*text - '0');
		if (port > 65535)
			return false;
	}
	*ret_port = port;
	return true;
}

/* `22` or `8000-8010`; NULL: every port. */
static bool ports_read(struct weir_loader *loader, const char *text, __u8 protocol, __u16 *ret_low,
		       __u16 *ret_high)
{
	const char *dash = text ? strchr(text, '-') : NULL, *end = text ? strchr(text, '\0') : NULL;

	*ret_low = 0;
	*ret_high = 65535;
	if (!text)
		return true;
	if (!has_ports(protocol)) {
		weir_loader_error(loader, text, "this protocol has no ports");
		return false;
	}
	if (strchr(text, ','))
		weir_loader_error(loader, text,
				  "'%s': a rule has one port or range; write a rule for each",
				  text);
	else if (!port_parse(text, dash ? dash : end, ret_low) ||
		 !port_parse(dash ? dash + 1 : text, end, ret_high) || !*ret_high)
		weir_loader_error(loader, text,
				  "'%s' is no port or range of ports up to 65535: 22, or 8000-8010",
				  text);
	else if (*ret_low > *ret_high)
		weir_loader_error(loader, text, "'%s' ends before it begins", text);
	else
		return true;
	return false;
}

static void rule_add(struct weir_loader *loader, const struct weir_management *rule,
		     const void *written)
{
	struct weir_config *config = loader->config;
	struct weir_management *item;

	if (config->management_count >= WEIR_RULES_MAX) {
		weir_loader_error(loader, written, "more than %d rules (WEIR_RULES_MAX)",
				  WEIR_RULES_MAX);
		return;
	}
	item = weir_loader_add(loader, &config->management, &config->management_count);
	if (item)
		*item = *rule;
}

static void rule_read(struct weir_loader *loader, const struct raw_management *raw)
{
	struct weir_management rule = {.origin = weir_loader_origin(loader, raw)};
	bool is_good = true;

	if (!raw->from)
		weir_loader_error(loader, raw, "the rule lacks `from`: who may reach the machine");
	if (!raw->protocol)
		weir_loader_error(loader, raw, "the rule lacks `protocol`: tcp, or any");
	is_good &= weir_loader_prefix(loader, raw->from, &rule.from);
	is_good &= weir_loader_prefix(loader, raw->to, &rule.to);
	if (!raw->protocol || !protocol_read(loader, raw->protocol, &rule.protocol))
		return;
	is_good &= ports_read(loader, raw->port, rule.protocol, &rule.port_low, &rule.port_high);
	is_good &= ports_read(loader, raw->source_port, rule.protocol, &rule.source_port_low,
			      &rule.source_port_high);
	if (is_good && raw->from)
		rule_add(loader, &rule, raw);
}

void weir_loader_management(struct weir_loader *loader)
{
	static const char *const words[] = {"false", "true", NULL};
	/* RFC 2131, section 4.1: a server answers from port 67 to port 68. */
	struct weir_management dhcp = {
		.protocol = IPPROTO_UDP,
		.source_port_low = 67,
		.source_port_high = 67,
		.port_low = 68,
		.port_high = 68,
		.origin = weir_loader_origin(loader, loader->raw->dhcp),
	};
	unsigned int has_dhcp = 1;

	weir_loader_word(loader, loader->raw->dhcp, words, &has_dhcp);
	if (has_dhcp)
		rule_add(loader, &dhcp, loader->raw->dhcp);
	for (size_t i = 0; i < loader->raw->management_count; i++)
		rule_read(loader, &loader->raw->management[i]);
}
