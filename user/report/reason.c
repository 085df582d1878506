/* SPDX-License-Identifier: GPL-2.0-only */
/* Reason number -> its slug and its sentence. */
#include "report/reason.h"

static const struct {
	const char *slug, *text;
} reasons[WEIR_REASONS_END] = {[WEIR_UNDECIDED] = {"none", "no such reason"},
#define X(id, outcome, slug, text) [WEIR_##id] = {#slug, text},
			       WEIR_REASON_LIST(X)
#undef X
};

const char *weir_reason_slug(unsigned int reason)
{
	return reasons[reason < WEIR_REASONS_END ? reason : WEIR_UNDECIDED].slug;
}

const char *weir_reason_text(unsigned int reason)
{
	return reasons[reason < WEIR_REASONS_END ? reason : WEIR_UNDECIDED].text;
}
