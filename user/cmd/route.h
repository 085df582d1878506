/* SPDX-License-Identifier: GPL-2.0-only */
/* weir route, by parts. Private to user/cmd. */
#ifndef WEIR_CMD_ROUTE_H
#define WEIR_CMD_ROUTE_H

#include "cmd/cmd.h"
#include "cmd/common.h"
#include "control/control.h"

/* One run of the command. */
struct weir_route_run {
	const struct weir_cli *cli;
	int fd; /* to the proxy */
	struct weir_diags diags;
	bool replaces, is_same, is_hosts;
	char given[16];                          /* the options, by the letters of route.c */
	unsigned long long wait_ns, interval_ns; /* interval_ns: of --watch; 0: once */
	__u64 bytes_per_s, burst_bytes;
};

/*
 * Connect to the instance's proxy. Returns 0, or a negative errno with a diagnostic: -ECONNREFUSED
 * when none runs.
 */
int weir_cmd_proxy_connect(const struct weir_cli *cli, struct weir_diags *diags, int *ret_fd);

/* The verbs; `operands` ends with NULL. Each returns 0, 1 (usage) or a negative errno. */
int weir_route_add(struct weir_route_run *run, char **operands);
int weir_route_del(struct weir_route_run *run, char **operands);
int weir_route_revert(struct weir_route_run *run, char **operands);
int weir_route_drain(struct weir_route_run *run, char **operands);
int weir_route_undrain(struct weir_route_run *run, char **operands);
int weir_route_set(struct weir_route_run *run, char **operands);
int weir_route_unset(struct weir_route_run *run, char **operands);
int weir_route_list(struct weir_route_run *run, char **operands);
int weir_route_export(struct weir_route_run *run, char **operands);

#endif
