/* SPDX-License-Identifier: GPL-2.0-only */
/* weir allow: release sources at once, also those that a file lists. */
#include "cmd/live.h"
#include "weir/deny.h"

int weir_cmd_allow(const struct weir_cli *cli, int argc, char **argv)
{
	return weir_live_command(cli, argc, argv, WEIR_LIVE_RELEASE);
}
