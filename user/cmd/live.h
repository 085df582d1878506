/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir deny and weir allow are one command with two kinds of entries. Private to user/cmd.
 */
#ifndef WEIR_CMD_LIVE_H
#define WEIR_CMD_LIVE_H

#include "base/prefix.h"
#include "cmd/common.h"
#include "config/config.h"
#include "kernel/maps.h"
#include "kernel/paths.h"
#include "plan/journal.h"

/* Options of add, del, list and flush. */
struct weir_live_options {
	__u32 kind;                             /* WEIR_LIVE_BAN or WEIR_LIVE_RELEASE */
	unsigned long long for_ns, interval_ns; /* interval_ns: of --watch; 0: once */
	const char *note;
	bool is_forced;
	char given[16]; /* their letters, as parse() knows them */
};

/* Everything that one run of the command works with. */
struct weir_live_run {
	const struct weir_cli *cli;
	struct weir_live_options options;
	struct weir_paths paths;
	struct weir_maps maps;
	struct weir_diags diags;
};

/*
 * Verbs. `arguments` are prefixes or `-`, standard input, and end in NULL; flush has none. All is
 * carried out or none; that something to be removed was not there, or is listed still, is an error
 * all the same. Return 0 or a negative errno with diagnostics.
 */
int weir_live_add(struct weir_live_run *run, char **arguments);
int weir_live_del(struct weir_live_run *run, char **arguments);
int weir_live_flush(struct weir_live_run *run, char **arguments);

/* The command as a whole: argv[0] is `deny` or `allow`. Returns the exit code. */
int weir_live_command(const struct weir_cli *cli, int argc, char **argv, __u32 kind);

/* The prefixes that a command works on; every wrong one is in `diags`. free(3) them. */
int weir_live_prefixes(char **arguments, struct weir_diags *diags,
		       struct weir_prefix **ret_prefixes, size_t *ret_count);

/* `deny why ADDRESS`: 0 denied, 1 not (or failed). */
int weir_live_why(const struct weir_cli *cli, const struct weir_paths *paths, const char *text,
		  struct weir_diags *diags);

/*
 * Add an error where the prefix, which is no live entry, is in one that is wider: which, and what to do
 * about it. Returns -EINVAL then, else 0 or another negative errno with a diagnostic.
 */
int weir_live_explain_held(const struct weir_paths *paths, struct weir_maps *maps, __u32 kind,
			   struct weir_prefix prefix, struct weir_diags *diags);

/*
 * Add an error for each prefix that was to be removed and is no live entry, or that a file lists
 * as well: where it stands, and what to do about it.
 */
int weir_live_explain_absent(const struct weir_cli *cli, __u32 kind, struct weir_prefix prefix,
			     bool is_absent, const struct weir_config *config,
			     struct weir_diags *diags);

#endif
