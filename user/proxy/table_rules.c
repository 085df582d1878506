/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What holds for containers besides their routes: drains, and rates of their own.
 *
 * Sorted rules -> each container of a table. A rule for the container itself goes before one for its
 * app, and that before the default. Rules are looked up, not walked: there may be many of both.
 */
#include <stdlib.h>
#include <string.h>

#include "proxy/table.h"

static int compare_rules(const void *a, const void *b)
{
	const struct weir_container_rule *x = a, *y = b;

	if (x->is_drain != y->is_drain)
		return x->is_drain - y->is_drain;
	if (!x->app != !y->app)
		return !x->app - !y->app;
	if (x->app)
		return strcmp(x->app, y->app);
	if (x->container.address != y->container.address)
		return x->container.address < y->container.address ? -1 : 1;
	return x->container.port - y->container.port;
}

void weir_rules_sort(struct weir_rules *rules)
{
	if (rules->count)
		qsort(rules->items, rules->count, sizeof(*rules->items), compare_rules);
}

static const struct weir_container_rule *find_rule(const struct weir_rules *rules,
						   struct weir_container_rule wanted)
{
	return bsearch(&wanted, rules->items, rules->count, sizeof(wanted), compare_rules);
}

static void apply_rules(struct weir_container_state *container, const struct weir_rules *rules,
			__u64 now_ns)
{
	struct weir_container_rule wanted = {
		.container = {ntohl(container->address.sin_addr.s_addr),
			      ntohs(container->address.sin_port)}};
	const struct weir_container_rule *rate = NULL, *drain = NULL;

	if (rules->count) {
		rate = find_rule(rules, wanted)
			       ?: find_rule(rules,
					    (struct weir_container_rule){.app = container->app});
		wanted.is_drain = true;
		drain = find_rule(rules, wanted);
	}
	weir_container_drain(container, drain != NULL);
	weir_container_set_rate(container, rate ? rate->bytes_per_s : rules->bytes_per_s,
				rate ? rate->burst_bytes : rules->burst_bytes, now_ns);
}

void weir_table_apply(const struct weir_table *table, const struct weir_rules *rules,
		      bool with_base, __u64 now_ns)
{
	for (; table; table = with_base ? table->base : NULL)
		for (size_t i = 0; i < table->containers_count; i++)
			apply_rules(table->containers[i], rules, now_ns);
}
