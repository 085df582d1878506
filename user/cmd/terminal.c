/* SPDX-License-Identifier: GPL-2.0-only */
/* A descriptor and TERM -> can text be placed on it. A file of its own: term.h takes words such as `lines` for its own. */
#include "cmd/terminal.h"

#include <curses.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

bool weir_is_terminal(int fd)
{
	bool can_place;
	int known;

	if (!isatty(fd) || !getenv("TERM") || setupterm(NULL, fd, &known) != OK)
		return false;
	can_place = cursor_address != NULL;
	del_curterm(cur_term);
	return can_place;
}
