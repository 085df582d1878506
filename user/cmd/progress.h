/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the command is doing, on standard error, once it has taken a second: only on a terminal, and
 * erased at the end. A thread of its own writes it, so that the work knows nothing of it.
 */
#ifndef WEIR_CMD_PROGRESS_H
#define WEIR_CMD_PROGRESS_H

/* From now on it is this: a constant, such as "reading the files". Without a terminal nothing happens. */
void weir_progress_say(const char *what);

/*
 * Erase what is shown, before anything else is printed; weir_cmd_print and weir_cmd_end do so.
 * Once more does nothing.
 */
void weir_progress_done(void);

#endif
