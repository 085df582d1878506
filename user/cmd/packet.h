/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet as it is described on the command line. Private to user/cmd.
 *
 *   SRC DST[:PORT] [--proto tcp|udp|icmp|NUMBER] [--sport N] [--flags syn|ack|...]
 *   --frame HEX|FILE
 */
#ifndef WEIR_CMD_PACKET_H
#define WEIR_CMD_PACKET_H

#include "base/diag.h"
#include "plan/header.h"

struct weir_asked {
	struct weir_header header; /* a SYN, unless the options say otherwise */
	const char *frame;         /* as it was written; NULL: `header` is meant */
	bool has_flags;
};

/* Returns 0; -EINVAL with a diagnostic; or 1: this is not how the command is used. */
int weir_packet_parse(int argc, char **argv, struct weir_diags *diags,
		      struct weir_asked *ret_asked);

#endif
