/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a shell may complete to of a running proxy: hosts, apps, containers, drains and rates, asked by
 * its control socket. Of a million routes only the first pages are read: complete.c bounds the time,
 * and where no proxy answers there is nothing to offer.
 */
#include <stdio.h>
#include <string.h>

#include "base/host.h"
#include "cmd/complete.h"
#include "cmd/route.h"

/* Pages of routes: as many as take no time that is felt. */
enum { PAGES_MAX = 10 };

static void offer_each(struct weir_words *line, const json_t *array, const char *key)
{
	size_t i;
	json_t *row;

	json_array_foreach(array, i, row)
		weir_offer(line, json_string_value(key ? json_object_get(row, key) : row) ?: "");
}

/* One page of the proxy's list. */
static bool read_page(int fd, const char *after, json_t **ret_page)
{
	_cleanup_diags_ struct weir_diags unread = {};

	return !weir_control_call(fd, "list", json_pack("{s:s*}", "after", after), &unread,
				  ret_page);
}

/*
 * Hosts that begin so: one page, from just before the first of them. No host has a byte as high as
 * 0x7f.
 */
void weir_offer_hosts(struct weir_words *line)
{
	_cleanup_diags_ struct weir_diags unread = {};
	_cleanup_json_ json_t *page = NULL;
	_cleanup_close_ int fd = -1;
	size_t size = strlen(line->last);
	char after[WEIR_HOST_MAX + 2] = "";

	if (size >= WEIR_HOST_MAX || weir_cmd_proxy_connect(&line->cli, &unread, &fd))
		return;
	if (size)
		snprintf(after, sizeof(after), "%.*s%c\x7f", (int)size - 1, line->last,
			 line->last[size - 1] - 1);
	if (read_page(fd, size ? after : NULL, &page))
		offer_each(line, json_object_get(page, "routes"), "host");
}

void weir_offer_route(struct weir_words *line)
{
	if (line->operands < 2) {
		weir_offer_hosts(line);
		return;
	}
	weir_offer_words(line, "http tls");
	if (!strcmp(line->command, "route") && !strcmp(line->sub, "add")) {
		weir_offer(line, "app=");
		if (!strcmp(line->before, "http") || !strcmp(line->before, "tls"))
			weir_offer_words(line, "proxy=v1 proxy=v2");
	}
	if (*line->last)
		weir_offer_containers(line);
}

static void offer_containers_of(struct weir_words *line, const json_t *page, bool has_apps)
{
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(page, "routes"), i, row)
	{
		if (has_apps)
			weir_offer(line, json_string_value(json_object_get(row, "app")) ?: "");
		offer_each(line, json_object_get(row, "http"), NULL);
		offer_each(line, json_object_get(row, "tls"), NULL);
	}
}

/* Of the first routes: those of a million would take too long. */
static void offer_containers(struct weir_words *line, bool has_apps)
{
	_cleanup_diags_ struct weir_diags unread = {};
	_cleanup_json_ json_t *page = NULL;
	_cleanup_close_ int fd = -1;
	bool has_more;

	if (weir_cmd_proxy_connect(&line->cli, &unread, &fd))
		return;
	has_more = read_page(fd, NULL, &page);
	for (int i = 0; has_more && i < PAGES_MAX; i++) {
		_cleanup_json_ json_t *shown = page;
		const json_t *routes = json_object_get(page, "routes");
		const json_t *last = json_array_get(routes, json_array_size(routes) - 1);

		offer_containers_of(line, page, has_apps);
		page = NULL;
		has_more = json_is_true(json_object_get(shown, "more")) &&
			   read_page(fd, json_string_value(json_object_get(last, "host")), &page);
	}
}

void weir_offer_containers(struct weir_words *line)
{
	offer_containers(line, false);
}

void weir_offer_metered(struct weir_words *line)
{
	if (line->operands == 1)
		offer_containers(line, true);
}

/* What the first page says beside routes. */
static void offer_changed(struct weir_words *line, const char *what, const char *key)
{
	_cleanup_diags_ struct weir_diags unread = {};
	_cleanup_json_ json_t *page = NULL;
	_cleanup_close_ int fd = -1;

	if (!weir_cmd_proxy_connect(&line->cli, &unread, &fd) && read_page(fd, NULL, &page))
		offer_each(line, json_object_get(page, what), key);
}

void weir_offer_drained(struct weir_words *line)
{
	offer_changed(line, "drains", "container");
}

void weir_offer_rated(struct weir_words *line)
{
	offer_changed(line, "rates", "of");
}
