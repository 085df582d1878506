/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the lists and the live entries say of a packet's source: what denies it, and, where it got
 * past all the same, what released it first. The order is the gate's.
 */
#include <stdio.h>

#include "plan/explain_parts.h"
#include "weir/deny.h"

bool weir_explain_listed(struct explain *explain, const struct weir_list *list, const char *what)
{
	char prefix[WEIR_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < list->count; i++) {
		const struct weir_listed *entry = &list->entries[i];

		if (!weir_prefix_has(entry->prefix, explain->header->source))
			continue;
		say(explain, list->path, entry->line, "%s %s", what,
		    weir_prefix_format(entry->prefix, prefix));
		return true;
	}
	return false;
}

bool weir_explain_denylists(struct explain *explain)
{
	const struct weir_config *config = explain->known->config;
	bool is_listed = false;
	char what[64];

	for (size_t i = 0; config && i < config->denylists_count; i++) {
		snprintf(what, sizeof(what), "denylist %s has", config->denylists[i].name);
		is_listed |= weir_explain_listed(explain, &config->denylists[i], what);
	}
	return is_listed;
}

bool weir_explain_live(struct explain *explain, __u32 kind)
{
	char prefix[WEIR_PREFIX_TEXT_MAX];
	bool is_found = false;

	for (size_t i = 0; i < explain->known->records_count; i++) {
		const struct weir_record *record = &explain->known->records[i];
		size_t at = explain->to->count;

		if (record->kind != kind ||
		    !weir_prefix_has(record->prefix, explain->header->source))
			continue;
		say(explain, NULL, 0, "live %s of %s", kind == WEIR_LIVE_BAN ? "ban" : "release",
		    weir_prefix_format(record->prefix, prefix));
		if (at < WEIR_EVIDENCE_MAX)
			explain->to->items[at].record = record;
		is_found = true;
	}
	return is_found;
}

static bool is_listed(const struct weir_list *list, __u32 address)
{
	for (size_t i = 0; i < list->count; i++)
		if (weir_prefix_has(list->entries[i].prefix, address))
			return true;
	return false;
}

/* Does anything deny the source that something else must have released, since it got past? */
static bool is_denied(const struct explain *explain)
{
	const struct weir_circumstances *known = explain->known;

	for (size_t i = 0; i < known->records_count; i++)
		if (known->records[i].kind == WEIR_LIVE_BAN &&
		    weir_prefix_has(known->records[i].prefix, explain->header->source))
			return true;
	for (size_t i = 0; known->config && i < known->config->denylists_count; i++)
		if (is_listed(&known->config->denylists[i], explain->header->source))
			return true;
	return false;
}

void weir_explain_released(struct explain *explain)
{
	const struct weir_config *config = explain->known->config;

	if (!is_denied(explain))
		return;
	if (config)
		weir_explain_listed(explain, &config->allowlist, "released: the allowlist has");
	weir_explain_live(explain, WEIR_LIVE_RELEASE);
	weir_explain_denylists(explain);
	weir_explain_live(explain, WEIR_LIVE_BAN);
}
