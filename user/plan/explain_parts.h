/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What explain.c and explain_source.c share. Private to them. What is said goes behind what was
 * said; beyond WEIR_EVIDENCE_MAX it is left out.
 */
#ifndef WEIR_PLAN_EXPLAIN_PARTS_H
#define WEIR_PLAN_EXPLAIN_PARTS_H

#include "plan/explain.h"

struct explain {
	const struct weir_circumstances *known;
	const struct weir_header *header;
	struct weir_explanation *to;
};

/* One thing that decided. `path` is kept by pointer; NULL: no file says it. */
void weir_explain_say(struct explain *explain, const char *path, unsigned int line,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));
#define say(...) weir_explain_say(__VA_ARGS__)

/* The first entry of the list that holds the source, behind the words `what`. Is there one? */
bool weir_explain_listed(struct explain *explain, const struct weir_list *list, const char *what);

/* The first such entry of each denylist. Is there one? */
bool weir_explain_denylists(struct explain *explain);

/* Every live entry of the kind that holds the source. Is there one? */
bool weir_explain_live(struct explain *explain, __u32 kind);

/* Behind the deny stage: what released a source that is listed. */
void weir_explain_released(struct explain *explain);

#endif
