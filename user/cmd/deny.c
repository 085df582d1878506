/* SPDX-License-Identifier: GPL-2.0-only */
/* weir deny: ban sources at once, and ask why one is denied. */
#include "weir/deny.h"
#include "cmd/live.h"

int weir_cmd_deny(const struct weir_cli *cli, int argc, char **argv)
{
	return weir_live_command(cli, argc, argv, WEIR_LIVE_BAN);
}
