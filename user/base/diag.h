/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Diagnostics: what is wrong with the input, all of it, in the order found.
 *
 * Library code never prints. It adds a diagnostic for every bad line and goes on reading; the
 * command prints them all as `file:line:col: what` and exits with 1. Warnings travel the same
 * way and stop nothing.
 */
#ifndef WEIR_BASE_DIAG_H
#define WEIR_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum weir_severity { WEIR_ERROR, WEIR_WARNING };

struct weir_diag {
	enum weir_severity severity;
	char *path;          /* NULL: about no file */
	unsigned int line;   /* from 1; 0: about the whole file */
	unsigned int column; /* from 1, in bytes; 0: about the whole line */
	char *text;          /* one line, no newline, every unprintable byte escaped */
};

struct weir_diags {
	struct weir_diag *items;
	size_t count;
	size_t errors;      /* how many of them are no warnings */
	bool is_incomplete; /* memory ran out, or there were more than WEIR_DIAGS_MAX */
};

enum { WEIR_DIAGS_MAX = 1000 };

void weir_diags_done(struct weir_diags *diags);

/* Add an error. Always returns -EINVAL, so that a parser can `return weir_diags_error(...)`. */
int weir_diags_error(struct weir_diags *diags, const char *path, unsigned int line,
		     unsigned int column, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

void weir_diags_warning(struct weir_diags *diags, const char *path, unsigned int line,
			unsigned int column, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Print each as `path:line:column: [warning: ]text`, leaving out what is not known. */
void weir_diags_print(const struct weir_diags *diags, FILE *to);

#define _cleanup_diags_ __attribute__((cleanup(weir_diags_done)))

#endif
