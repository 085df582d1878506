/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of a generation that is one struct: ports, management rules, backends and settings
 * of the configuration in, the fields of struct weir_policy out.
 *
 * The counts of lists and destinations in it belong to generation.c; where its blocks begin and
 * when it was applied are for whoever writes it into the kernel.
 */
#include <arpa/inet.h>
#include <errno.h>

#include "plan/policy.h"

/* Lookups in vain, of return traffic, a second on one CPU: at some 400 ns each, 4 % of it. */
#define PROOFS_PER_S 100000ULL
#define NS_PER_S     1000000000ULL

int weir_no_space(struct weir_diags *diags, const char *path, const char *what, size_t count,
		  size_t max)
{
	weir_diags_error(diags, path, 0, 0, "%s: %zu, and at most %zu fit", what, count, max);
	return -ENOSPC;
}

static __u32 fill_ports(const struct weir_port *ports, size_t count, __u32 to[WEIR_PORTS_MAX])
{
	__u32 tls = 0;

	for (size_t i = 0; i < count && i < WEIR_PORTS_MAX; i++) {
		to[i] = WEIR_PORT_USED | ports[i].port;
		tls |= (ports[i].protocol == WEIR_TLS) << i;
	}
	return tls;
}

static struct weir_masked masked(struct weir_prefix prefix)
{
	return (struct weir_masked){htonl(prefix.address), htonl(weir_prefix_mask(prefix.length))};
}

struct weir_rule weir_rule_of(const struct weir_management *management)
{
	struct weir_masked from = masked(management->from), to = masked(management->to);

	return (struct weir_rule){
		.source = from.address,
		.source_mask = from.mask,
		.destination = to.address,
		.destination_mask = to.mask,
		.source_port_low = management->source_port_low,
		.source_port_high = management->source_port_high,
		.port_low = management->port_low,
		.port_high = management->port_high,
		.protocol = management->protocol,
	};
}

static int fill_rules(const struct weir_config *config, struct weir_diags *diags,
		      struct weir_policy *policy)
{
	if (config->management_count > WEIR_RULES_MAX)
		return weir_no_space(diags, config->path, "management rules",
				     config->management_count, WEIR_RULES_MAX);
	if (config->backends_count > WEIR_BACKENDS_MAX)
		return weir_no_space(diags, config->path, "backend prefixes",
				     config->backends_count, WEIR_BACKENDS_MAX);

	for (size_t i = 0; i < config->management_count; i++)
		policy->rules[i] = weir_rule_of(&config->management[i]);
	policy->rules_count = config->management_count;
	for (size_t i = 0; i < config->backends_count; i++)
		policy->backends[i] = masked(config->backends[i].prefix);
	policy->backends_count = config->backends_count;
	return 0;
}

int weir_policy_fill(const struct weir_config *config, __u64 tick_ns, struct weir_diags *diags,
		     struct weir_policy *policy)
{
	__u64 proofs = PROOFS_PER_S * tick_ns / NS_PER_S;

	policy->tls_ports =
		fill_ports(config->open_ports, config->open_ports_count, policy->open_ports) |
		fill_ports(config->cdn_ports, config->cdn_ports_count, policy->cdn_ports)
			<< WEIR_TLS_CDN_SHIFT;
	policy->proofs_per_tick = proofs ? proofs : 1;
	policy->does_nat = config->does_nat;
	policy->hands_off = config->routes.paths_count > 0;
	policy->fingerprint = config->fingerprint;
	policy->is_complete = 1;
	return fill_rules(config, diags, policy);
}
