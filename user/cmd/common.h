/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands share: arguments in, exit codes out, and where the text goes.
 */
#ifndef WEIR_CMD_COMMON_H
#define WEIR_CMD_COMMON_H

#include <getopt.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "cmd/cmd.h"

/* Print the diagnostics to stderr. Returns the exit code for what a library function returned. */
int weir_cmd_end(const struct weir_diags *diags, int r);

/* Say how the command, one of WEIR_COMMAND_LIST, is used, on stderr. Returns WEIR_EXIT_USAGE. */
int weir_cmd_usage(const char *command);

/* The same on stdout, to who asks, with `text`, which says what the command is for. */
void weir_cmd_help(const char *command, const char *text);

/* Write a report to stdout and free it. A NULL report (out of memory) is -ENOMEM. */
int weir_cmd_print(char *report, struct weir_diags *diags);

/*
 * A number of the command line, both bounds included, or -EINVAL with a diagnostic that names what
 * it is for.
 */
int weir_cmd_number(const char *what, const char *text, unsigned long long min,
		    unsigned long long max, struct weir_diags *diags,
		    unsigned long long *ret_number);

/* A duration of the command line, or -EINVAL with a diagnostic that names the option. */
int weir_cmd_duration(const char *option, const char *text, struct weir_diags *diags,
		      unsigned long long *ret_ns);

#endif
