/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Families, labels and numbers -> lines of Prometheus' text format.
 *
 * A number is written so that it reads back as the same one: whole ones without a point, because
 * counters are whole, all others with as many digits as a double needs.
 */
#include "report/prom.h"

#include <stdarg.h>

void weir_prom_family(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Backslash, quote and newline are all that a label value must not hold as they are. */
static void put_escaped(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', to);
		if (*text == '\n')
			fputs("\\n", to);
		else
			fputc(*text, to);
	}
}

/* Counters are whole: the shortest form that reads back as the same double says them exactly. */
static void put_number(FILE *to, double value)
{
	if (value > -1e15 && value < 1e15 && value == (double)(long long)value)
		fprintf(to, " %lld\n", (long long)value);
	else
		fprintf(to, " %.17g\n", value);
}

void weir_prom_value(FILE *to, const char *name, double value, ...)
{
	const char *label, *before = "{";
	va_list labels;

	fputs(name, to);
	va_start(labels, value);
	while ((label = va_arg(labels, const char *))) {
		fprintf(to, "%s%s=\"", before, label);
		put_escaped(to, va_arg(labels, const char *));
		fputc('"', to);
		before = ",";
	}
	va_end(labels);
	if (*before == ',')
		fputc('}', to);
	put_number(to, value);
}

void weir_prom_single(FILE *to, const char *name, const char *type, const char *help, double value)
{
	weir_prom_family(to, name, type, help);
	weir_prom_value(to, name, value, NULL);
}
