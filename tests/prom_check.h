/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strict reader of Prometheus' text format, for tests: stricter than Prometheus itself, which
 * forgives. promtool judges the same text in the e2e stories.
 */
#ifndef TESTS_PROM_CHECK_H
#define TESTS_PROM_CHECK_H

#include <stdbool.h>

/*
 * Is the text well formed? Each family has one HELP and one TYPE, then its samples and no other's;
 * names and labels are of the allowed characters, values read as numbers, no sample is there
 * twice, counters end in _total and gauges do not, the last line ends. Else says why in ret_why,
 * a static buffer.
 */
bool prom_check(const char *text, const char **ret_why);

#endif
