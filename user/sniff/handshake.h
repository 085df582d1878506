/* SPDX-License-Identifier: GPL-2.0-only */
/* The handshake message within the records. Private to hello.c and handshake.c. */
#ifndef WEIR_SNIFF_HANDSHAKE_H
#define WEIR_SNIFF_HANDSHAKE_H

#include "sniff/hello.h"

/* A run of the message's bytes. Returns how many were taken, fewer only once it is whole; -1: refused. */
long weir_handshake_feed(struct weir_hello *hello, const __u8 *data, size_t size);

/* Has its first field been read? */
bool weir_handshake_has_begun(const struct weir_hello *hello);

bool weir_handshake_is_whole(const struct weir_hello *hello);

/* Say why the hello is BAD. Returns false. */
bool weir_hello_refuse(struct weir_hello *hello, enum weir_ending ending);

#endif
