/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reason + packet -> the lines behind them. The order of evidence is the order of the gate:
 * what decided, then what stood in the way and was overruled (a released denylist entry).
 */
#include "plan/explain.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/quantity.h"
#include "plan/diff.h"
#include "plan/explain_parts.h"
#include "plan/policy.h"

void weir_explain_say(struct explain *explain, const char *path, unsigned int line,
		      const char *format, ...)
{
	struct weir_evidence *item;
	va_list arguments;

	if (explain->to->count == WEIR_EVIDENCE_MAX)
		return;
	item = &explain->to->items[explain->to->count++];
	*item = (struct weir_evidence){.path = path, .line = line};
	va_start(arguments, format);
	vsnprintf(item->text, sizeof(item->text), format, arguments);
	va_end(arguments);
}

/* ---- sources ---------------------------------------------------------------------------- */

static void explain_denied(struct explain *explain)
{
	if (!weir_explain_denylists(explain))
		say(explain, NULL, 0, "the policy in force lists it; the files do not");
}

static void explain_banned(struct explain *explain)
{
	if (!weir_explain_live(explain, WEIR_LIVE_BAN))
		say(explain, NULL, 0, "a ban that has just ended");
}

/* ---- destinations ---------------------------------------------------------------------- */

static bool say_ingress(struct explain *explain)
{
	char address[WEIR_PREFIX_TEXT_MAX], rate[WEIR_QUANTITY_TEXT_MAX];
	char burst[WEIR_QUANTITY_TEXT_MAX];
	const struct weir_config *config = explain->known->config;

	for (size_t i = 0; config && i < config->region.ingress_count; i++) {
		const struct weir_ingress *ingress = &config->region.ingress[i];

		if (ingress->address != explain->header->destination)
			continue;
		say(explain, ingress->origin.path, ingress->origin.line,
		    "ingress %s, rate %s, burst %s", weir_address_format(ingress->address, address),
		    weir_rate_format(ingress->bytes_per_s, rate),
		    weir_bytes_format(ingress->burst_bytes, burst));
		return true;
	}
	return false;
}

static bool say_egress(struct explain *explain)
{
	char address[WEIR_PREFIX_TEXT_MAX];
	const struct weir_config *config = explain->known->config;

	for (size_t i = 0; config && i < config->region.egress_count; i++) {
		const struct weir_egress *egress = &config->region.egress[i];

		if (egress->address != explain->header->destination)
			continue;
		say(explain, egress->origin.path, egress->origin.line, "egress %s",
		    weir_address_format(egress->address, address));
		return true;
	}
	return false;
}

/* Whatever the destination is to the gate. */
static void say_destination(struct explain *explain)
{
	char address[WEIR_PREFIX_TEXT_MAX];
	bool is_ingress = say_ingress(explain), is_egress = say_egress(explain);

	if (!is_ingress && !is_egress)
		say(explain, NULL, 0, "%s is the machine's own address",
		    weir_address_format(explain->header->destination, address));
}

/* `to` an ingress address: its open port, or its CDN port. */
static void say_port(struct explain *explain, bool is_cdn)
{
	const struct weir_config *config = explain->known->config;
	const struct weir_port *ports = is_cdn ? config->cdn_ports : config->open_ports;
	size_t count = is_cdn ? config->cdn_ports_count : config->open_ports_count;
	const struct weir_origin *origins = is_cdn ? config->cdn_ports_origins
						   : config->open_ports_origins;

	for (size_t i = 0; i < count; i++)
		if (ports[i].port == explain->header->port)
			say(explain, origins[i].path, origins[i].line, "%s port %u%s",
			    is_cdn ? "CDN" : "open", ports[i].port,
			    origins[i].path ? "" : ", the platform's default");
}

static void explain_ingress(struct explain *explain, bool is_cdn)
{
	if (explain->known->config)
		say_port(explain, is_cdn);
	if (is_cdn && explain->known->config)
		weir_explain_listed(explain, &explain->known->config->cdn, "the CDN's ranges have");
	say_ingress(explain);
	weir_explain_released(explain);
}

static void explain_port(struct explain *explain)
{
	const struct weir_config *config = explain->known->config;

	if (config)
		say(explain, config->path, 0,
		    "port %u is none of `ports`, and no `management` rule opens it",
		    explain->header->port);
	say_ingress(explain);
}

static void explain_cdn_source(struct explain *explain)
{
	char source[WEIR_PREFIX_TEXT_MAX];
	const struct weir_config *config = explain->known->config;

	if (!config)
		return;
	say(explain, config->cdn.path, 0, "no range of the CDN has %s",
	    weir_address_format(explain->header->source, source));
	say_port(explain, true);
}

static void explain_not_ingress(struct explain *explain)
{
	char address[WEIR_PREFIX_TEXT_MAX];
	const struct weir_config *config = explain->known->config;

	if (config)
		say(explain, config->region.path, 0,
		    "%s is no ingress or egress address, nor the machine's own",
		    weir_address_format(explain->header->destination, address));
}

/* ---- rules ----------------------------------------------------------------------------- */

static bool rule_has(const struct weir_management *rule, const struct weir_header *header)
{
	return (!rule->protocol || rule->protocol == header->protocol) &&
	       weir_prefix_has(rule->from, header->source) &&
	       weir_prefix_has(rule->to, header->destination) &&
	       header->source_port >= rule->source_port_low &&
	       header->source_port <= rule->source_port_high && header->port >= rule->port_low &&
	       header->port <= rule->port_high;
}

static void explain_management(struct explain *explain)
{
	const struct weir_config *config = explain->known->config;

	for (size_t i = 0; config && i < config->management_count; i++) {
		const struct weir_management *rule = &config->management[i];
		struct weir_rule words = weir_rule_of(rule);
		char text[WEIR_EVIDENCE_TEXT_MAX - 32];

		if (!rule_has(rule, explain->header))
			continue;
		weir_words_rule(&words, text, sizeof(text));
		say(explain, rule->origin.path ?: config->path, rule->origin.line,
		    "management: %s%s", text, rule->origin.line ? "" : " (`dhcp`, on by default)");
		weir_explain_released(explain);
		return;
	}
	say(explain, NULL, 0, "the policy in force has such a rule; the files do not");
	weir_explain_released(explain);
}

static void explain_backend(struct explain *explain)
{
	char prefix[WEIR_PREFIX_TEXT_MAX];
	const struct weir_config *config = explain->known->config;

	for (size_t i = 0; config && i < config->backends_count; i++) {
		const struct weir_backend *backend = &config->backends[i];

		if (!weir_prefix_has(backend->prefix, explain->header->source))
			continue;
		say(explain, backend->origin.path, backend->origin.line, "backends: %s",
		    weir_prefix_format(backend->prefix, prefix));
		break;
	}
	weir_explain_released(explain);
}

static void explain_unsolicited(struct explain *explain)
{
	const struct weir_config *config = explain->known->config;

	say_destination(explain);
	if (config)
		say(explain, config->path, 0, "no `management` rule names it");
	weir_explain_released(explain);
}

void weir_explain(const struct weir_circumstances *known, const struct weir_header *header,
		  enum weir_reason reason, struct weir_explanation *ret_explanation)
{
	struct explain explain = {known, header, ret_explanation};

	ret_explanation->count = 0;
	switch (reason) {
	case WEIR_PASS_INGRESS:
	case WEIR_PASS_CDN:
		return explain_ingress(&explain, reason == WEIR_PASS_CDN);
	case WEIR_DROP_NO_LISTENER:
		say(&explain, NULL, 0, "weir proxy does not run, or not for this gate");
		say_ingress(&explain);
		return;
	case WEIR_PASS_MANAGEMENT:
		return explain_management(&explain);
	case WEIR_PASS_BACKEND:
		return explain_backend(&explain);
	case WEIR_PASS_RETURN_TCP:
	case WEIR_PASS_RETURN_UDP:
	case WEIR_PASS_RETURN_NAT:
	case WEIR_PASS_ICMP:
		say_destination(&explain);
		return weir_explain_released(&explain);
	case WEIR_DROP_DENIED:
		return explain_denied(&explain);
	case WEIR_DROP_BANNED:
		return explain_banned(&explain);
	case WEIR_DROP_NOT_INGRESS:
		return explain_not_ingress(&explain);
	case WEIR_DROP_PORT:
		return explain_port(&explain);
	case WEIR_DROP_CDN_SOURCE:
		return explain_cdn_source(&explain);
	case WEIR_DROP_UNSOLICITED:
	case WEIR_DROP_PROOF_RATE:
		return explain_unsolicited(&explain);
	case WEIR_DROP_NOT_TCP:
	case WEIR_DROP_ICMP:
		return say_destination(&explain);
	case WEIR_DROP_RATE:
	case WEIR_DROP_CONTENDED:
		say_ingress(&explain);
		return;
	default: /* the packet itself is wrong: no file says so */
		return;
	}
}
