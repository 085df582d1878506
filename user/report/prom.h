/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text format of Prometheus (exposition format 0.0.4), written line by line.
 *
 *   weir_prom_family(to, "weir_packets_total", "counter", "Packets by reason.");
 *   weir_prom_value(to, "weir_packets_total", 3, "reason", "drop_port", NULL);
 *
 * A family is begun once, and its values follow before the next family begins.
 */
#ifndef WEIR_REPORT_PROM_H
#define WEIR_REPORT_PROM_H

#include <stdio.h>

/* HELP and TYPE of a family. `type` is counter or gauge. */
void weir_prom_family(FILE *to, const char *name, const char *type, const char *help);

/* One sample. Pairs of label name and value follow, then NULL. Label values are escaped. */
void weir_prom_value(FILE *to, const char *name, double value, ...) __attribute__((sentinel));

/* A family of one sample without labels. */
void weir_prom_single(FILE *to, const char *name, const char *type, const char *help, double value);

#endif
