/* SPDX-License-Identifier: GPL-2.0-only */
/* Findings -> a table or JSON. */
#include <stdio.h>

#include "base/cleanup.h"
#include "report/doctor.h"
#include "report/json.h"

static const char *const health_words[] = {
	[WEIR_HEALTH_OK] = "ok",
	[WEIR_HEALTH_UNKNOWN] = "unknown",
	[WEIR_HEALTH_COSTS] = "costs",
	[WEIR_HEALTH_STOPS] = "stops",
};

char *weir_doctor_table(const struct weir_findings *findings)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (size_t i = 0; i < findings->count; i++) {
		const struct weir_finding *finding = &findings->items[i];

		fprintf(to, "%-8s %-22s %s\n", health_words[finding->health], finding->subject,
			finding->found);
		if (finding->cost)
			fprintf(to, "%9scosts: %s\n", "", finding->cost);
		if (*finding->mend)
			fprintf(to, "%9smend:  %s\n", "", finding->mend);
	}
	return take_text(to, &text);
}

char *weir_doctor_json(const struct weir_findings *findings)
{
	json_t *root = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct weir_finding *finding = &findings->items[i];

		json_array_append_new(root, json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "subject",
						      finding->subject, "health",
						      health_words[finding->health], "found",
						      finding->found, "cost", finding->cost, "mend",
						      *finding->mend ? finding->mend : NULL));
	}
	return weir_json_text(root);
}
