/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a screen can be drawn. */
#ifndef WEIR_CMD_TERMINAL_H
#define WEIR_CMD_TERMINAL_H

#include <stdbool.h>

/* Standard input and output are a terminal of a kind (TERM) that is known and can place text. */
bool weir_has_terminal(void);

#endif
