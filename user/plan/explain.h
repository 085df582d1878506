/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which line of which file is behind a verdict. The program has given the reason; this finds
 * what, in the files and among the live bans, makes it so. Pure.
 */
#ifndef WEIR_PLAN_EXPLAIN_H
#define WEIR_PLAN_EXPLAIN_H

#include "plan/header.h"
#include "plan/journal.h"
#include "plan/plan.h"
#include "weir/reasons.h"

enum { WEIR_EVIDENCE_MAX = 8, WEIR_EVIDENCE_TEXT_MAX = 192 };

/* One thing that decided, or that would have if another had not. */
struct weir_evidence {
	const char *path;                 /* of the configuration; NULL: no file says it */
	unsigned int line;                /* 0: the file as a whole */
	const struct weir_record *record; /* a live ban or release, else NULL */
	char text[WEIR_EVIDENCE_TEXT_MAX];
};

struct weir_explanation {
	struct weir_evidence items[WEIR_EVIDENCE_MAX]; /* what decided first; then circumstances */
	size_t count;
};

/* What is known when a packet is explained. */
struct weir_circumstances {
	const struct weir_config *config;  /* NULL: the files cannot be read */
	const struct weir_record *records; /* live bans and releases */
	size_t records_count;
};

/* Why `header` was judged `reason`. Paths and records in the result belong to the circumstances. */
void weir_explain(const struct weir_circumstances *known, const struct weir_header *header,
		  enum weir_reason reason, struct weir_explanation *ret_explanation);

#endif
