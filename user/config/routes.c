/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Routes files: which containers answer for a host name.
 *
 *   HOST [app=NAME] [http [proxy=v1|v2] ADDRESS:PORT...] [tls [proxy=v1|v2] ADDRESS:PORT...]
 *
 *   shop.example     app=shop http 10.0.1.5:8080 10.0.1.6:8080 tls proxy=v2 10.0.1.5:8443
 *   *.shop.example   app=shop http 10.0.1.5:8080
 *   alpn=acme-tls/1  app=certs tls 10.0.1.8:8443
 *   default          http 10.0.1.9:8080
 *
 * HOST is one name, `*.` and a name for any one label below it, `alpn=` and a protocol that TLS clients
 * offer, or `default`. `proxy=` asks for a PROXY header in front of each connection. A route without
 * containers is an app that is known and has none. All of it goes into one arena (routes_all.c).
 */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/host.h"
#include "config/parse.h"

/* As much of one name as is kept of a hello, with its length byte. */
enum { ALPN_MAX = 95 };

struct reader {
	const char *path; /* the routes' own copy */
	struct weir_diags *diags;
	struct weir_routes *routes;
	struct weir_container *containers; /* of the list being read */
	size_t containers_count;
};

static bool port_parse(const char *text, size_t size, __u16 *ret_port)
{
	unsigned int port = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9' || (!port && text[i] == '0'))
			return false;
		port = port * 10 + (text[i] - '0');
		if (port > 65535)
			return false;
	}
	*ret_port = port;
	return size > 0;
}

static const char *container_parse(const char *text, size_t size,
				   struct weir_container *ret_container)
{
	const char *colon = memchr(text, ':', size), *why;
	size_t head;

	if (!colon)
		return "is not ADDRESS:PORT";
	if (memchr(text, ',', size))
		return "has a comma: put a blank between containers";
	head = colon - text;
	if (memchr(colon + 1, ':', size - head - 1))
		return "is not an IPv4 ADDRESS:PORT";
	if (!weir_address_parse(colon + 1, size - head - 1, &ret_container->address, &why))
		return "has the port in front: write ADDRESS:PORT";
	if (weir_address_parse(text, head, &ret_container->address, &why))
		return why;
	if (!ret_container->address)
		return "is no address of a container";
	if (!port_parse(colon + 1, size - head - 1, &ret_container->port))
		return "has no port of 1 to 65535";
	return NULL;
}

int weir_container_parse(const char *text, size_t size, struct weir_container *ret_container,
			 const char **ret_why)
{
	struct weir_container container = {0};
	const char *why = container_parse(text, size, &container);

	if (why) {
		*ret_why = why;
		return -EINVAL;
	}
	*ret_container = container;
	return 0;
}

static bool has_container(const struct reader *reader, struct weir_container container)
{
	for (size_t i = 0; i < reader->containers_count; i++)
		if (weir_container_is_same(reader->containers[i], container))
			return true;
	return false;
}

static int container_add(struct reader *reader, unsigned int line, struct weir_token token)
{
	struct weir_container container = {0}, *item;
	struct weir_token head = token;
	const char *why = NULL;

	weir_container_parse(token.text, token.size, &container, &why);
	if (!why && has_container(reader, container))
		why = "is in this list already";
	if (why && weir_token_skip(&head, "proxy="))
		why = "stands right behind http or tls, before the addresses";
	else if (why && weir_token_skip(&head, "app="))
		why = "stands right behind the host, before http and tls";
	if (why)
		return weir_diags_error(reader->diags, reader->path, line, token.column,
					"'%.*s' %s", WEIR_TOKEN_ARG(token), why);
	if (reader->containers_count >= WEIR_CONTAINERS_MAX)
		return weir_diags_error(reader->diags, reader->path, line, token.column,
					"more than %d containers (WEIR_CONTAINERS_MAX)",
					WEIR_CONTAINERS_MAX);
	item = weir_array_add(&reader->containers, &reader->containers_count);
	if (!item)
		return -ENOMEM;
	*item = container;
	return 0;
}

/* The list that has been read becomes the route's. */
static int containers_keep(struct reader *reader, struct weir_route *route,
			   enum weir_protocol protocol)
{
	size_t size = reader->containers_count * sizeof(*reader->containers);

	route->containers[protocol] = weir_arena_take(&reader->routes->arena, size);
	if (!route->containers[protocol])
		return -ENOMEM;
	memcpy(route->containers[protocol], reader->containers, size);
	route->containers_count[protocol] = reader->containers_count;
	return 0;
}

static int preface_parse(struct reader *reader, unsigned int line, struct weir_token token,
			 enum weir_preface_version *ret_version)
{
	bool is_v1 = weir_token_is(token, "v1");

	if (!is_v1 && !weir_token_is(token, "v2"))
		return weir_diags_error(reader->diags, reader->path, line, token.column,
					"'%.*s' is neither v1 nor v2", WEIR_TOKEN_ARG(token));
	*ret_version = is_v1 ? WEIR_PREFACE_V1 : WEIR_PREFACE_V2;
	return 0;
}

/* `http` or `tls`, at `word`, and the addresses behind it. *word is the next word then. */
static int protocol_parse(struct reader *reader, struct weir_line *line, struct weir_token *word,
			  bool *ret_has_word, struct weir_route *route)
{
	enum weir_protocol protocol = weir_token_is(*word, "tls") ? WEIR_TLS : WEIR_HTTP;
	struct weir_token name = *word;
	int r, failed = 0;

	if (route->containers_count[protocol])
		return weir_diags_error(reader->diags, reader->path, line->number, word->column,
					"%.*s is stated twice", WEIR_TOKEN_ARG(*word));
	reader->containers_count = 0;
	*ret_has_word = weir_line_take(line, word);
	if (*ret_has_word && weir_token_skip(word, "proxy=")) {
		failed = preface_parse(reader, line->number, *word, &route->preface[protocol]);
		*ret_has_word = weir_line_take(line, word);
	}
	for (; *ret_has_word; *ret_has_word = weir_line_take(line, word)) {
		if (weir_token_is(*word, "http") || weir_token_is(*word, "tls"))
			break;
		r = container_add(reader, line->number, *word);
		failed = failed ? failed : r;
		if (r && (r == -ENOMEM || reader->containers_count >= WEIR_CONTAINERS_MAX))
			break;
	}
	if (failed)
		return failed;
	if (!reader->containers_count)
		return weir_diags_error(reader->diags, reader->path, line->number,
					name.column + name.size,
					"%.*s has no ADDRESS:PORT behind it", WEIR_TOKEN_ARG(name));
	return containers_keep(reader, route, protocol);
}

static int app_parse(struct reader *reader, unsigned int line, struct weir_token token,
		     struct weir_route *route)
{
	weir_token_skip(&token, "app=");
	/* The host, which it is where none is stated, may be longer than a name, or begin with a star. */
	if (!(route->host && weir_token_is(token, route->host)) &&
	    weir_name_check(reader->path, line, token, reader->diags))
		return -EINVAL;
	route->app = weir_arena_copy_text(&reader->routes->arena, token.text, token.size);
	return route->app ? 0 : -ENOMEM;
}

/* A protocol's name, RFC 7301; what is not printable has no form here. */
static int alpn_parse(struct reader *reader, unsigned int line, struct weir_token whole,
		      struct weir_token protocol, struct weir_route *route)
{
	bool is_well = protocol.size && protocol.size <= ALPN_MAX;

	for (size_t i = 0; i < protocol.size; i++)
		is_well = is_well && protocol.text[i] > ' ' && protocol.text[i] <= '~';
	if (!is_well)
		return weir_diags_error(reader->diags, reader->path, line, protocol.column,
					"'%.*s' is no protocol of 1 to %d characters",
					WEIR_TOKEN_ARG(protocol), ALPN_MAX);
	route->host = weir_arena_copy_text(&reader->routes->arena, whole.text, whole.size);
	return route->host ? 0 : -ENOMEM;
}

static int host_parse(struct reader *reader, unsigned int line, struct weir_token token,
		      struct weir_route *route)
{
	struct weir_token whole = token;
	char host[2 + WEIR_HOST_MAX + 1] = "*.";
	size_t at;
	const char *why;
	bool is_wild;

	if (weir_token_skip(&token, WEIR_ROUTE_ALPN))
		return alpn_parse(reader, line, whole, token, route);
	is_wild = weir_token_skip(&token, "*.");
	if (weir_host_parse(token.text, token.size, host + 2, &at, &why))
		return weir_diags_error(reader->diags, reader->path, line, token.column + at,
					"'%.*s' %s", WEIR_TOKEN_ARG(whole), why);
	/* In any case and with a dot: as a host name it would be written the same as the word. */
	if (!is_wild && !strcmp(host + 2, "default")) {
		route->app = weir_arena_copy_text(&reader->routes->arena, "default", 7);
		return route->app ? 0 : -ENOMEM;
	}
	route->host = weir_arena_copy_text(&reader->routes->arena, is_wild ? host : host + 2,
					   strlen(is_wild ? host : host + 2));
	route->app = route->host;
	return route->host ? 0 : -ENOMEM;
}

static int line_parse(struct reader *reader, struct weir_line *line, struct weir_route *route)
{
	struct weir_token word = {0};
	bool has_word;
	int r;

	weir_line_take(line, &word);
	r = host_parse(reader, line->number, word, route);
	if (r)
		return r;
	has_word = weir_line_take(line, &word);
	if (has_word && word.size >= 4 && !memcmp(word.text, "app=", 4)) {
		r = app_parse(reader, line->number, word, route);
		if (r)
			return r;
		has_word = weir_line_take(line, &word);
	}
	while (has_word) {
		if (!weir_token_is(word, "http") && !weir_token_is(word, "tls"))
			return weir_diags_error(reader->diags, reader->path, line->number,
						word.column,
						"'%.*s' is none of app=, http, tls: say which "
						"before the containers",
						WEIR_TOKEN_ARG(word));
		r = protocol_parse(reader, line, &word, &has_word, route);
		if (r)
			return r;
	}
	if (route->containers_count[WEIR_HTTP] && route->host &&
	    !strncmp(route->host, WEIR_ROUTE_ALPN, strlen(WEIR_ROUTE_ALPN)))
		return weir_diags_error(reader->diags, reader->path, line->number, 1,
					"a route by protocol has containers for tls only");
	if (!route->app)
		return weir_diags_error(reader->diags, reader->path, line->number, 1,
					"a route by protocol needs app=NAME");
	return 0;
}

static int lines_parse(struct reader *reader, const char *bytes, size_t size)
{
	struct weir_lines lines = weir_lines_of(bytes, size, "#");
	struct weir_line line;
	int r, failed = 0;

	while (weir_lines_next(&lines, &line)) {
		struct weir_route route = {.origin = {reader->path, line.number}}, *item;

		r = line_parse(reader, &line, &route);
		if (!r && reader->routes->count >= WEIR_ROUTES_MAX)
			return weir_diags_error(reader->diags, reader->path, line.number, 0,
						"more than %d routes (WEIR_ROUTES_MAX)",
						WEIR_ROUTES_MAX);
		item = r ? NULL : weir_array_add(&reader->routes->items, &reader->routes->count);
		if (r == -ENOMEM || (!r && !item))
			return weir_no_memory(reader->diags, reader->path);
		if (item)
			*item = route;
		failed = failed ? failed : r;
	}
	return failed;
}

int weir_routes_parse(const char *path, const char *bytes, size_t size, struct weir_diags *diags,
		      struct weir_routes *routes)
{
	struct reader reader = {.diags = diags, .routes = routes};
	char **item = weir_array_add(&routes->paths, &routes->paths_count);
	int r;

	if (!item || !(*item = strdup(path)))
		return weir_no_memory(diags, path);
	reader.path = *item;
	r = lines_parse(&reader, bytes, size);
	free(reader.containers);
	return r;
}
