/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether text can be placed, and taken away again. */
#ifndef WEIR_CMD_TERMINAL_H
#define WEIR_CMD_TERMINAL_H

#include <stdbool.h>

/* The descriptor is a terminal of a kind (TERM) that is known and can place text. */
bool weir_is_terminal(int fd);

#endif
