/* SPDX-License-Identifier: GPL-2.0-only */
/* Status and counters -> metric families, in the order that an operator asks for them. */
#include "report/metrics.h"

#include "base/cleanup.h"
#include "base/prefix.h"
#include "report/prom.h"
#include "report/reason.h"

static const char *outcome(bool passes)
{
	return passes ? "passed" : "dropped";
}

static void put_interfaces(FILE *to, const struct weir_status *status)
{
	weir_prom_family(to, "weir_interface_info", "gauge",
			 "Interfaces that the gate is attached to, and the XDP mode.");
	for (size_t i = 0; i < status->interfaces_count; i++)
		weir_prom_value(to, "weir_interface_info", 1, "interface",
				status->interfaces[i].name, "mode",
				weir_status_interface_state(&status->interfaces[i]), NULL);
}

static void put_gate(FILE *to, const struct weir_metrics *metrics)
{
	const struct weir_status *status = metrics->status;

	weir_prom_family(to, "weir_build_info", "gauge", "The release of weir that wrote this.");
	weir_prom_value(to, "weir_build_info", 1, "version", metrics->version, NULL);
	weir_prom_single(to, "weir_gate_loaded", "gauge", "1 while a gate is loaded.",
			 status->is_loaded);
	weir_prom_single(to, "weir_gate_interfaces", "gauge",
			 "Interfaces that the gate filters; 0: nothing is filtered.",
			 (double)weir_status_attached(status));
	put_interfaces(to, status);
}

static void put_reasons(FILE *to, const struct weir_counts_report *counts)
{
	weir_prom_family(to, "weir_packets_total", "counter", "Packets by the gate's verdict.");
	for (unsigned int i = 1; i < WEIR_REASONS_END; i++)
		weir_prom_value(to, "weir_packets_total",
				(double)weir_counts_of(counts, i)->packets, "reason",
				weir_reason_slug(i), "outcome", outcome(weir_reason_passes(i)),
				NULL);
	weir_prom_family(to, "weir_bytes_total", "counter",
			 "Bytes of whole frames by the gate's verdict.");
	for (unsigned int i = 1; i < WEIR_REASONS_END; i++)
		weir_prom_value(to, "weir_bytes_total", (double)weir_counts_of(counts, i)->bytes,
				"reason", weir_reason_slug(i), "outcome",
				outcome(weir_reason_passes(i)), NULL);
}

/* One number of a destination: a counter of packets or bytes, or a value of its bucket. */
typedef double destination_value(const struct weir_destination_row *row, bool passed);

static double packets_of(const struct weir_destination_row *row, bool passed)
{
	return (double)(passed ? row->counts.passed.packets : row->counts.dropped.packets);
}

static double bytes_of(const struct weir_destination_row *row, bool passed)
{
	return (double)(passed ? row->counts.passed.bytes : row->counts.dropped.bytes);
}

static void put_destination_counter(FILE *to, const struct weir_counts_report *counts,
				    const char *name, const char *help, destination_value *value)
{
	weir_prom_family(to, name, "counter", help);
	for (size_t i = 0; i < counts->count; i++) {
		const struct weir_destination_row *row = &counts->destinations[i];
		char address[WEIR_PREFIX_TEXT_MAX];

		weir_address_format(row->address, address);
		weir_prom_value(to, name, value(row, true), "destination", address, "outcome",
				outcome(true), NULL);
		weir_prom_value(to, name, value(row, false), "destination", address, "outcome",
				outcome(false), NULL);
	}
}

static double tokens_of(const struct weir_destination_row *row, bool unused)
{
	(void)unused;
	return (double)row->bucket.tokens_bytes;
}

static double burst_of(const struct weir_destination_row *row, bool unused)
{
	(void)unused;
	return (double)row->bucket.burst_bytes;
}

static double rate_of(const struct weir_destination_row *row, bool unused)
{
	(void)unused;
	return (double)row->bucket.bytes_per_s;
}

/* Destinations without a limit have no bucket, and no sample. */
static void put_bucket_gauge(FILE *to, const struct weir_counts_report *counts, const char *name,
			     const char *help, destination_value *value)
{
	weir_prom_family(to, name, "gauge", help);
	for (size_t i = 0; i < counts->count; i++) {
		const struct weir_destination_row *row = &counts->destinations[i];
		char address[WEIR_PREFIX_TEXT_MAX];

		if (row->bucket.bytes_per_s)
			weir_prom_value(to, name, value(row, false), "destination",
					weir_address_format(row->address, address), NULL);
	}
}

static void put_destinations(FILE *to, const struct weir_counts_report *counts)
{
	put_destination_counter(to, counts, "weir_destination_packets_total",
				"Packets to an ingress address, whatever the reason.", packets_of);
	put_destination_counter(to, counts, "weir_destination_bytes_total",
				"Bytes to an ingress address, whatever the reason.", bytes_of);
	put_bucket_gauge(to, counts, "weir_destination_tokens_bytes",
			 "Bytes that the destination's token bucket would let through at once.",
			 tokens_of);
	put_bucket_gauge(to, counts, "weir_destination_burst_bytes",
			 "Depth of the destination's token bucket.", burst_of);
	put_bucket_gauge(to, counts, "weir_destination_rate_bytes_per_second",
			 "Rate at which the destination's token bucket fills.", rate_of);
}

static void put_live(FILE *to, const struct weir_status *status)
{
	weir_prom_family(to, "weir_live_entries", "gauge", "Live bans and releases in force.");
	weir_prom_value(to, "weir_live_entries", status->live_bans, "kind", "ban", NULL);
	weir_prom_value(to, "weir_live_entries", status->live_releases, "kind", "release", NULL);
	weir_prom_single(to, "weir_live_entries_max", "gauge", "Live entries that fit.",
			 status->live_max);
}

static void put_lists(FILE *to, const struct weir_metrics *metrics)
{
	const struct weir_status *status = metrics->status;

	weir_prom_single(to, "weir_denied_addresses", "gauge",
			 "IPv4 addresses that the denylists in force cover.",
			 (double)status->denied_addresses);
	weir_prom_single(to, "weir_denylist_blocks", "gauge",
			 "Blocks of the denylist in force: /24 networks listed in part.",
			 status->blocks);
	weir_prom_single(to, "weir_denylist_blocks_max", "gauge",
			 "Blocks that the loaded gate holds, of both policies.",
			 status->blocks_max);
	if (metrics->lists_count)
		weir_prom_family(to, "weir_denylist_prefixes", "gauge",
				 "Prefixes of each denylist, as its file has them now.");
	for (size_t i = 0; i < metrics->lists_count; i++)
		weir_prom_value(to, "weir_denylist_prefixes", (double)metrics->lists[i].prefixes,
				"list", metrics->lists[i].name, NULL);
}

static void put_trial(FILE *to, const struct weir_status *status)
{
	weir_prom_family(to, "weir_trial_state", "gauge",
			 "1 for the state of the last apply --try: none, running or went_back.");
	for (int i = WEIR_TRIAL_NONE; i <= WEIR_TRIAL_WENT_BACK; i++)
		weir_prom_value(to, "weir_trial_state", status->trial == (enum weir_status_trial)i,
				"state", weir_status_trial_slug(i), NULL);
	weir_prom_single(to, "weir_trial_remaining_seconds", "gauge",
			 "Time until a trial that nobody confirms goes back.",
			 (double)status->trial_left_ns / 1e9);
}

static void put_files(FILE *to, const struct weir_status *status)
{
	weir_prom_family(to, "weir_files_state", "gauge",
			 "1 for what the files say about the policy in force.");
	for (int i = WEIR_FILES_UNREAD; i <= WEIR_FILES_BAD; i++)
		weir_prom_value(to, "weir_files_state", status->files == (enum weir_status_files)i,
				"state", weir_status_files_slug(i), NULL);
}

static void put_policy(FILE *to, const struct weir_metrics *metrics)
{
	const struct weir_status *status = metrics->status;

	weir_prom_single(to, "weir_policy_applied_timestamp_seconds", "gauge",
			 "When the policy in force was applied; 0: none is.",
			 (double)status->applied_at_s);
	weir_prom_single(to, "weir_policy_half", "gauge",
			 "The half of the maps that is in force: 0 or 1.", status->half);
	weir_prom_single(to, "weir_destinations", "gauge",
			 "Addresses with a role in the policy in force.", status->destinations);
	put_lists(to, metrics);
	put_live(to, status);
	put_trial(to, status);
	put_files(to, status);
	weir_prom_single(to, "weir_routes_missing", "gauge",
			 "Ingress addresses that are not local to this machine.",
			 status->routes_missing);
}

static void put_handoff(FILE *to, const struct weir_status *status)
{
	weir_prom_single(to, "weir_handoff_attached", "gauge",
			 "1 while new connections are handed to the proxy.", status->is_steered);
	weir_prom_family(to, "weir_handoff_listener", "gauge",
			 "1 while the proxy listens for the protocol.");
	weir_prom_value(to, "weir_handoff_listener", status->has_http_listener, "protocol", "http",
			NULL);
	weir_prom_value(to, "weir_handoff_listener", status->has_tls_listener, "protocol", "tls",
			NULL);
}

char *weir_metrics_text(const struct weir_metrics *metrics)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	put_gate(to, metrics);
	if (metrics->status->is_loaded) {
		put_policy(to, metrics);
		put_handoff(to, metrics->status);
		put_reasons(to, metrics->counts);
		put_destinations(to, metrics->counts);
	}
	return take_text(to, &text);
}
