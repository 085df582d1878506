/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The routes in force, as the control socket lists them -> text. There may be a million: each page
 * becomes text as it comes, so that never more than one is held as values. What comes from there is
 * escaped before it is printed: the proxy reads what strangers send. Pure.
 */
#ifndef WEIR_REPORT_ROUTE_LIST_H
#define WEIR_REPORT_ROUTE_LIST_H

#include <jansson.h>

enum weir_route_form {
	WEIR_ROUTES_TABLE,      /* for people: where each comes from, then drains and rates */
	WEIR_ROUTES_FILE,       /* a routes file that loads to the same */
	WEIR_ROUTES_HOSTS,      /* one host a line; pages hold hosts in place of routes */
	WEIR_ROUTES_JSON,       /* one object, a route a line */
	WEIR_ROUTES_JSON_LINE,  /* one object in one line */
	WEIR_ROUTES_HOSTS_JSON, /* likewise, of hosts */
};

struct weir_route_list;

/* NULL when memory runs out. */
struct weir_route_list *weir_route_list_new(enum weir_route_form form);

/* Nulls the pointer, accepts NULL. */
void weir_route_list_free(struct weir_route_list **list);

/*
 * Add a reply of the verb `list`, the pages in their order; what it holds may change.
 * Returns 0 or -ENOMEM.
 */
int weir_route_list_add(struct weir_route_list *list, json_t *page);

/* What has been added as text, once; free(3) it. NULL when memory runs out. */
char *weir_route_list_text(struct weir_route_list *list);

#endif
