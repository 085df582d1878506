/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The routes in force, as the control socket lists them -> text. What comes from there is escaped
 * before it is printed: the proxy reads what strangers send. Pure.
 */
#ifndef WEIR_REPORT_ROUTE_LIST_H
#define WEIR_REPORT_ROUTE_LIST_H

#include <jansson.h>

/*
 * `list` is a reply of the verb `list`, all pages of `routes` in one. free(3) what these return;
 * NULL when memory runs out.
 *
 * table: for people: routes with where each comes from, then drains and rates.
 * file: a routes file that loads to the same.
 * hosts: one host a line.
 */
char *weir_route_list_table(const json_t *list);
char *weir_route_list_file(const json_t *list);
char *weir_route_list_hosts(const json_t *list);

#endif
