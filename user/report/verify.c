/* SPDX-License-Identifier: GPL-2.0-only */
/* Drifts -> lines or JSON. */
#include "report/verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "report/json.h"

static const struct {
	const char *slug, *remedy;
} kinds[] = {
#define X(id, slug, remedy) [WEIR_DRIFT_##id] = {slug, remedy},
	WEIR_DRIFT_LIST(X)
#undef X
};

void weir_drifts_done(struct weir_drifts *drifts)
{
	free(drifts->items);
	*drifts = (struct weir_drifts){};
}

char *weir_verify_table(const struct weir_drifts *drifts)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (size_t i = 0; i < drifts->count; i++) {
		const struct weir_drift *drift = &drifts->items[i];

		fprintf(to, "%s: %s (%s)\n", kinds[drift->kind].slug, drift->text,
			kinds[drift->kind].remedy);
	}
	return take_text(to, &text);
}

char *weir_verify_json(const struct weir_drifts *drifts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < drifts->count; i++) {
		const struct weir_drift *drift = &drifts->items[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "kind",
						      kinds[drift->kind].slug, "text", drift->text,
						      "remedy", kinds[drift->kind].remedy));
	}
	return weir_json_text(json_pack("{s:b, s:o}", "drift", drifts->count > 0, "drifts", list));
}
