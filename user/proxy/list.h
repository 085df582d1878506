/* SPDX-License-Identifier: GPL-2.0-only */
/* A doubly linked list whose links are members: what is on it is found without memory of its own. */
#ifndef WEIR_PROXY_LIST_H
#define WEIR_PROXY_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct weir_list_link {
	struct weir_list_link *next, *previous;
};

#define weir_container_of(pointer, type, member)                                                   \
	((type *)((char *)(pointer)-offsetof(type, member)))

static inline void weir_list_init(struct weir_list_link *list)
{
	list->next = list->previous = list;
}

static inline bool weir_list_is_empty(const struct weir_list_link *list)
{
	return list->next == list;
}

static inline void weir_list_append(struct weir_list_link *list, struct weir_list_link *link)
{
	link->next = list;
	link->previous = list->previous;
	list->previous->next = link;
	list->previous = link;
}

/* Take a link off whatever list it is on; it may be taken off again. */
static inline void weir_list_remove(struct weir_list_link *link)
{
	link->next->previous = link->previous;
	link->previous->next = link->next;
	weir_list_init(link);
}

#endif
