/* SPDX-License-Identifier: GPL-2.0-only */
/* What a client is told when it is refused: an error page, or a TLS alert. */
#ifndef WEIR_PROXY_PAGE_H
#define WEIR_PROXY_PAGE_H

#include "proxy/conn.h"

/* The status of an ending, 0 where none is sent. */
__u16 weir_ending_status(enum weir_ending ending);
/* Its slug; static. */
const char *weir_ending_slug(enum weir_ending ending);

/*
 * Put the page or the alert into down.head, after what is there. Where the ending has neither,
 * nothing is put there. Returns 0 or -ENOMEM.
 */
int weir_page_compose(struct weir_conn *conn, enum weir_ending ending, bool keeps_alive);

#endif
