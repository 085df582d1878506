/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of a list of routes. Private to route_list.c and route_words.c. */
#ifndef WEIR_REPORT_ROUTE_WORDS_H
#define WEIR_REPORT_ROUTE_WORDS_H

#include <jansson.h>
#include <stdio.h>

enum { WEIR_ROUTE_WORD_MAX = 1100 };

/* A string, printable, in one of a few buffers that are used in turn; `-` for anything else. */
const char *weir_route_word(const json_t *value);

/* The same of a member of an object. */
const char *weir_route_member(const json_t *row, const char *name);

/* `apps.routes:3`, or `live: alice, TIME, in apps.routes:3 otherwise`. */
void weir_route_origin(const json_t *row, char *to, size_t size);

/* ` http A:P A:P`; `marks`: the list to mark drained ones by, or NULL. */
void weir_route_print_containers(FILE *to, const json_t *row, const char *protocol,
				 const json_t *marks);

/* A line about a route that was taken out, a drained container, a rate that was set. */
void weir_route_print_gone(FILE *to, const json_t *row);
void weir_route_print_drain(FILE *to, const json_t *row);
void weir_route_print_rate(FILE *to, const json_t *row);

#endif
