/* SPDX-License-Identifier: GPL-2.0-only */
/* weir version: which release this is. */
#include <stdio.h>

#include "cmd/common.h"

int weir_cmd_version(const struct weir_cli *cli, int argc, char **argv)
{
	if (argc > 1)
		return weir_cmd_usage(argv[0]);
	if (cli->json)
		printf("{\"version\":\"%s\"}\n", WEIR_VERSION);
	else
		printf("weir %s\n", WEIR_VERSION);
	return weir_cmd_end(&(struct weir_diags){}, 0);
}
