/* SPDX-License-Identifier: GPL-2.0-only */
/* TERM -> can a screen be drawn. A file of its own: term.h takes words such as `lines` for its own. */
#include "cmd/terminal.h"

#include <curses.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

bool weir_has_terminal(void)
{
	bool can_place;
	int known;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !getenv("TERM") ||
	    setupterm(NULL, STDOUT_FILENO, &known) != OK)
		return false;
	can_place = cursor_address != NULL;
	del_curterm(cur_term);
	return can_place;
}
