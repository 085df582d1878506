/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a command gives up: what none of them needs at its start, and nearly everything once the proxy has
 * its listeners. Both are for good.
 */
#ifndef WEIR_CMD_PRIVILEGES_H
#define WEIR_CMD_PRIVILEGES_H

#include <pwd.h>
#include <stdbool.h>

#include "proxy/sandbox.h"

/*
 * Give up the capabilities that no command uses, and those to change user unless this one does.
 * What cannot be given up stays: a command that lacks privileges says so itself.
 */
void weir_privileges_trim(bool changes_user);

/* Whom weir_privileges_drop makes of root: `user`, or without one `weir` or `nobody`; or NULL. */
const struct passwd *weir_privileges_user(const char *user);

/*
 * Become `user` and enter the sandbox. Started by root without a user (NULL): `weir`
 * where there is one, else `nobody`, with a warning; never root. Started by anybody else: stays who
 * it is. Closes every bpf descriptor.
 * Returns 0, or a negative errno that has been told on stderr: the process is to end then.
 */
int weir_privileges_drop(const char *user, const struct weir_sandbox *sandbox);

#endif
