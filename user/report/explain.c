/* SPDX-License-Identifier: GPL-2.0-only */
/* Verdicts with their evidence -> lines or JSON. */
#include "report/explain.h"

#include <netinet/in.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "report/json.h"
#include "report/reason.h"

static const char *verdict_word(enum weir_reason reason)
{
	return weir_reason_passes(reason) ? "pass" : "drop";
}

/* ---- lines ------------------------------------------------------------------------------ */

static void print_record(FILE *to, const struct weir_record *record)
{
	char until[WEIR_TIME_TEXT_MAX], at[WEIR_TIME_TEXT_MAX];

	fprintf(to, ", %s%s, by %s at %s%s%s", record->until_ns ? "until " : "without end",
		record->until_ns ? weir_time_text(record->until_ns, until) : "",
		*record->who ? record->who : "-", weir_time_text(record->at_ns, at),
		*record->note ? ": " : "", record->note);
}

static void print_evidence(FILE *to, const struct weir_evidence *evidence)
{
	fputs("  ", to);
	if (evidence->path && evidence->line)
		fprintf(to, "%s:%u: ", evidence->path, evidence->line);
	else if (evidence->path)
		fprintf(to, "%s: ", evidence->path);
	fputs(evidence->text, to);
	if (evidence->record)
		print_record(to, evidence->record);
	fputc('\n', to);
}

static void print_verdict(FILE *to, const struct weir_verdict *verdict, bool is_capture)
{
	char header[WEIR_HEADER_TEXT_MAX];

	if (is_capture)
		fprintf(to, "#%u ", verdict->number);
	if (verdict->has_header)
		fprintf(to, "%s: ", weir_header_format(&verdict->header, header));
	else
		fprintf(to, "a frame of %zu bytes: ", verdict->bytes);
	fprintf(to, "%s %s: %s\n", verdict_word(verdict->reason), weir_reason_slug(verdict->reason),
		weir_reason_text(verdict->reason));
	for (size_t i = 0; i < verdict->explanation.count; i++)
		print_evidence(to, &verdict->explanation.items[i]);
}

char *weir_explain_table(const struct weir_verdict *verdicts, size_t count, bool is_capture)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (size_t i = 0; i < count; i++)
		print_verdict(to, &verdicts[i], is_capture);
	return take_text(to, &text);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static json_t *evidence_json(const struct weir_evidence *evidence)
{
	const struct weir_record *record = evidence->record;
	json_t *value = json_pack("{s:s, s:s?, s:o}", "text", evidence->text, "path",
				  evidence->path, "line",
				  evidence->line ? json_integer(evidence->line) : json_null());

	if (!record || !value)
		return value;
	json_object_set_new(value, "until", weir_json_time(record->until_ns));
	json_object_set_new(value, "who", json_string(record->who));
	json_object_set_new(value, "at", weir_json_time(record->at_ns));
	json_object_set_new(value, "note", json_string(record->note));
	return value;
}

static void add_header(json_t *to, const struct weir_header *header)
{
	char text[WEIR_HEADER_TEXT_MAX], address[WEIR_PREFIX_TEXT_MAX];

	json_object_set_new(to, "packet", json_string(weir_header_format(header, text)));
	weir_address_format(header->source, address);
	json_object_set_new(to, "source", json_string(address));
	weir_address_format(header->destination, address);
	json_object_set_new(to, "destination", json_string(address));
	json_object_set_new(to, "protocol", json_integer(header->protocol));
	if (header->protocol != IPPROTO_TCP && header->protocol != IPPROTO_UDP)
		return;
	json_object_set_new(to, "source_port", json_integer(header->source_port));
	json_object_set_new(to, "port", json_integer(header->port));
}

static const char *files_word(enum weir_status_files files)
{
	return files == WEIR_FILES_SAME      ? "same"
	       : files == WEIR_FILES_CHANGED ? "changed"
	       : files == WEIR_FILES_BAD     ? "bad"
					     : "unread";
}

static json_t *verdict_json(const struct weir_verdict *verdict, bool is_capture,
			    enum weir_status_files files)
{
	json_t *value = json_object(), *because = json_array();

	if (is_capture)
		json_object_set_new(value, "number", json_integer(verdict->number));
	if (verdict->has_header)
		add_header(value, &verdict->header);
	json_object_set_new(value, "bytes", json_integer(verdict->bytes));
	json_object_set_new(value, "verdict", json_string(verdict_word(verdict->reason)));
	json_object_set_new(value, "reason", json_string(weir_reason_slug(verdict->reason)));
	json_object_set_new(value, "text", json_string(weir_reason_text(verdict->reason)));
	json_object_set_new(value, "files", json_string(files_word(files)));
	for (size_t i = 0; i < verdict->explanation.count; i++)
		json_array_append_new(because, evidence_json(&verdict->explanation.items[i]));
	json_object_set_new(value, "because", because);
	return value;
}

char *weir_explain_json(const struct weir_verdict *verdicts, size_t count, bool is_capture,
			enum weir_status_files files)
{
	json_t *list;

	if (!is_capture && count == 1)
		return weir_json_text(verdict_json(verdicts, false, files));
	list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, verdict_json(&verdicts[i], true, files));
	return weir_json_text(list);
}
