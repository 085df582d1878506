/* SPDX-License-Identifier: GPL-2.0-only */
/* Who runs this command, for journals. Private to user/cmd. */
#ifndef WEIR_CMD_WHO_H
#define WEIR_CMD_WHO_H

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/journal_line.h"

/* The person behind sudo, where there is one. Returns `to`. */
static inline const char *weir_cmd_who(char to[static WEIR_WHO_MAX])
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *user = sudo && *sudo ? NULL : getpwuid(getuid());

	snprintf(to, WEIR_WHO_MAX, "%s", sudo && *sudo ? sudo : user ? user->pw_name : "?");
	return to;
}

#endif
