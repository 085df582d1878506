/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of live bans, and reasons why an address is listed -> tables or JSON. */
#include "report/live.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "report/json.h"

static void print_record(FILE *to, const struct weir_record *record)
{
	char prefix[WEIR_PREFIX_TEXT_MAX];
	char until[WEIR_TIME_TEXT_MAX], at[WEIR_TIME_TEXT_MAX];

	fprintf(to, "%-18s  %-20s  %-12s  %-20s  %s\n", weir_prefix_format(record->prefix, prefix),
		weir_time_text(record->until_ns, until), *record->who ? record->who : "-",
		weir_time_text(record->at_ns, at), record->note);
}

char *weir_live_table(const struct weir_record *records, size_t count, __u32 kind)
{
	char *text = NULL;
	size_t size, shown = 0;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (records[i].kind != kind)
			continue;
		if (!shown++)
			fprintf(to, "%-18s  %-20s  %-12s  %-20s  %s\n", "prefix", "until", "who",
				"when", "note");
		print_record(to, &records[i]);
	}
	return take_text(to, &text);
}

static json_t *record_json(const struct weir_record *record)
{
	char prefix[WEIR_PREFIX_TEXT_MAX];

	return json_pack("{s:s, s:o, s:s, s:o, s:s}", "prefix",
			 weir_prefix_format(record->prefix, prefix), "until",
			 weir_json_time(record->until_ns), "who", record->who, "at",
			 weir_json_time(record->at_ns), "note", record->note);
}

char *weir_live_json(const struct weir_record *records, size_t count, __u32 kind, bool is_line)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		if (records[i].kind == kind)
			json_array_append_new(list, record_json(&records[i]));
	return weir_json_form(list, is_line);
}

static void print_why(FILE *to, const struct weir_reason_why *why)
{
	char prefix[WEIR_PREFIX_TEXT_MAX], until[WEIR_TIME_TEXT_MAX];

	fprintf(to, "  %s ", why->is_release ? "allowed by" : "denied by");
	if (why->path)
		fprintf(to, "%s:%u: %s (list %s)\n", why->path, why->line,
			weir_prefix_format(why->prefix, prefix), why->list);
	else
		fprintf(to, "a live %s: %s, %s%s, by %s%s%s\n", why->is_release ? "release" : "ban",
			weir_prefix_format(why->prefix, prefix),
			why->record->until_ns ? "until " : "without end",
			why->record->until_ns ? weir_time_text(why->record->until_ns, until) : "",
			*why->record->who ? why->record->who : "-", *why->record->note ? ": " : "",
			why->record->note);
}

char *weir_why_table(__u32 address, bool is_listed, const struct weir_reason_why *whys,
		     size_t count)
{
	char name[WEIR_PREFIX_TEXT_MAX], *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	fprintf(to, "%s is %s\n", weir_address_format(address, name),
		is_listed ? "denied" : "not denied");
	for (size_t i = 0; i < count; i++)
		print_why(to, &whys[i]);
	return take_text(to, &text);
}

static json_t *why_json(const struct weir_reason_why *why)
{
	char prefix[WEIR_PREFIX_TEXT_MAX];
	json_t *value = json_pack("{s:s, s:s, s:b}", "list", why->list, "prefix",
				  weir_prefix_format(why->prefix, prefix), "releases",
				  why->is_release);

	if (why->path) {
		json_object_set_new(value, "path", json_string(why->path));
		json_object_set_new(value, "line", json_integer(why->line));
	} else {
		json_object_set_new(value, "until", weir_json_time(why->record->until_ns));
		json_object_set_new(value, "who", json_string(why->record->who));
		json_object_set_new(value, "note", json_string(why->record->note));
	}
	return value;
}

char *weir_why_json(__u32 address, bool is_listed, const struct weir_reason_why *whys, size_t count)
{
	char name[WEIR_PREFIX_TEXT_MAX];
	json_t *by = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(by, why_json(&whys[i]));
	return weir_json_text(json_pack("{s:s, s:b, s:o}", "address",
					weir_address_format(address, name), "listed", is_listed,
					"by", by));
}
