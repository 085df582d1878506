/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files that weir.yaml names: region, denylists, allowlist, the CDN's ranges, routes; and
 * what can only be checked with them at hand.
 *
 * A file that cannot be opened is reported where weir.yaml names it. Each file is gone from
 * memory once it is parsed. The fingerprint covers what decides packets: routes, which change
 * all day, are not part of it.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "config/loader.h"

/* A path of weir.yaml, relative to the folder that weir.yaml is in. */
static char *path_resolve(struct weir_loader *loader, const char *before, const char *text,
			  const char *behind)
{
	const char *path = loader->config->path, *slash = strrchr(path, '/');
	int folder = slash && *text != '/' ? slash - path + 1 : 0;
	char *resolved;

	if (asprintf(&resolved, "%.*s%s%s%s", folder, path, before, text, behind) < 0) {
		weir_loader_no_memory(loader);
		return NULL;
	}
	return resolved;
}

/* Is the file `path`, which weir.yaml names by `text`, there? And where? */
static bool file_find(struct weir_loader *loader, const char *text, const char *path,
		      char place[static PATH_MAX])
{
	struct stat what;

	if (!path)
		return false;
	if (strstr(text, "://"))
		weir_loader_error(loader, text,
				  "'%s' is a URL, and weir fetches nothing: name the file that a "
				  "fetcher writes",
				  text);
	else if (weir_loader_place(loader, path, place) || access(place, R_OK) ||
		 stat(place, &what))
		weir_loader_error(loader, text, "cannot read '%s': %s", path, strerror(errno));
	else if (S_ISDIR(what.st_mode))
		weir_loader_error(loader, text, "'%s' is a directory: name a file in it", path);
	else
		return true;
	return false;
}

static bool file_read(struct weir_loader *loader, const char *text, const char *path,
		      size_t max_bytes, struct weir_file *ret_file)
{
	struct weir_config *config = loader->config;
	char place[PATH_MAX];

	if (!file_find(loader, text, path, place) ||
	    weir_file_read_text(place, max_bytes, loader->diags, ret_file))
		return false;
	config->fingerprint = weir_fingerprint(config->fingerprint, ret_file->bytes,
					       ret_file->size);
	return true;
}

/* ---- the region ------------------------------------------------------------------------ */

/* A path has a slash or ends in `.region`; `osc-fr1` alone is regions/osc-fr1.region. */
static bool is_region_path(const char *text)
{
	static const char ending[] = ".region";
	size_t size = strlen(text), tail = sizeof(ending) - 1;

	return strchr(text, '/') || (size > tail && !strcmp(text + size - tail, ending));
}

static void region_read(struct weir_loader *loader)
{
	const char *text = loader->raw->region;
	struct weir_config *config = loader->config;
	_cleanup_file_ struct weir_file file = {0};
	_cleanup_free_ char *path = NULL;

	if (!text) {
		weir_loader_error(loader, NULL, "`region` is missing: the file of its addresses");
		return;
	}
	path = is_region_path(text) ? path_resolve(loader, "", text, "")
				    : path_resolve(loader, "regions/", text, ".region");
	if (!file_read(loader, text, path, WEIR_REGION_BYTES_MAX, &file) ||
	    weir_region_parse(path, file.bytes, file.size, config->default_bytes_per_s,
			      config->default_burst_bytes, loader->diags, &config->region))
		return;
	if (!is_region_path(text) && strcmp(text, config->region.name) != 0)
		weir_diags_warning(loader->diags, path, 0, 0,
				   "calls its region '%s', not '%s': is it a copy?",
				   config->region.name, text);
}

/* ---- lists ----------------------------------------------------------------------------- */

static bool list_read(struct weir_loader *loader, const char *name, const char *text,
		      struct weir_list *ret_list)
{
	_cleanup_free_ char *path = path_resolve(loader, "", text, "");
	_cleanup_file_ struct weir_file file = {0};

	return file_read(loader, text, path, WEIR_LIST_BYTES_MAX, &file) &&
	       !weir_list_parse(name, path, file.bytes, file.size, loader->diags, ret_list);
}

/* A list's name where none is stated: the file's, without folders and ending. */
static struct weir_token file_name(const char *text)
{
	const char *slash = strrchr(text, '/'), *name = slash ? slash + 1 : text;
	const char *dot = strrchr(name, '.');

	return (struct weir_token){name, dot && dot > name ? (size_t)(dot - name) : strlen(name),
				   name - text};
}

/* The denylist's name, checked and the caller's to free, or NULL. */
static char *denylist_name(struct weir_loader *loader, const struct raw_denylist *raw)
{
	const char *stated = raw->name ? raw->name : raw->file;
	struct weir_mark mark = weir_yaml_mark(&loader->yaml, stated);
	struct weir_token token = raw->name ? (struct weir_token){stated, strlen(stated), 0}
					    : file_name(stated);
	struct weir_config *config = loader->config;
	char *name;

	token.column += mark.column;
	if (weir_name_check(config->path, mark.line, token, loader->diags))
		return NULL;
	for (size_t i = 0; i < config->denylists_count; i++) {
		if (weir_token_is(token, config->denylists[i].name)) {
			weir_loader_error(loader, stated, "a denylist '%.*s' is there already: %s",
					  WEIR_TOKEN_ARG(token), config->denylists[i].path);
			return NULL;
		}
	}
	name = strndup(token.text, token.size);
	if (!name)
		weir_loader_no_memory(loader);
	return name;
}

static void denylist_read(struct weir_loader *loader, const struct raw_denylist *raw, size_t *total)
{
	_cleanup_free_ char *name = raw->file ? denylist_name(loader, raw) : NULL;
	struct weir_config *config = loader->config;
	struct weir_list list, *item;

	if (!raw->file)
		weir_loader_error(loader, raw, "the denylist lacks `file`");
	if (!name || !list_read(loader, name, raw->file, &list))
		return;
	item = weir_loader_add(loader, &config->denylists, &config->denylists_count);
	if (!item) {
		weir_list_done(&list);
		return;
	}
	*item = list;
	weir_list_warn_private(item, loader->diags);
	if (*total <= WEIR_PREFIXES_MAX && *total + list.count > WEIR_PREFIXES_MAX)
		weir_loader_error(loader, raw->file,
				  "with '%s' the denylists have more than %d prefixes "
				  "(WEIR_PREFIXES_MAX)",
				  list.name, WEIR_PREFIXES_MAX);
	*total += list.count;
}

/* ---- routes ---------------------------------------------------------------------------- */

static bool has_open_port(const struct weir_port *ports, size_t count, __u16 port)
{
	for (size_t i = 0; i < count; i++)
		if (ports[i].port == port)
			return true;
	return false;
}

/* Is it where clients come in? The proxy would then connect to itself, again and again. */
static bool is_own(const struct weir_config *config, struct weir_container container)
{
	const struct weir_region *region = &config->region;
	bool is_ingress = false;

	for (size_t i = 0; i < region->ingress_count; i++)
		is_ingress |= region->ingress[i].address == container.address;
	return is_ingress &&
	       (has_open_port(config->open_ports, config->open_ports_count, container.port) ||
		has_open_port(config->cdn_ports, config->cdn_ports_count, container.port));
}

static void warn_own(struct weir_loader *loader, const struct weir_route *route)
{
	char text[WEIR_PREFIX_TEXT_MAX];

	for (int protocol = 0; protocol < 2; protocol++) {
		for (size_t i = 0; i < route->containers_count[protocol]; i++) {
			struct weir_container container = route->containers[protocol][i];

			if (is_own(loader->config, container))
				weir_diags_warning(
					loader->diags, route->origin.path, route->origin.line, 0,
					"%s:%u is an ingress address: the proxy would connect to "
					"itself",
					weir_address_format(container.address, text),
					container.port);
		}
	}
}

/* A kept copy has none: that there are routes is all that the gate asks of them. */
static void routes_read(struct weir_loader *loader)
{
	const struct raw_proxy *raw = &loader->raw->proxy;
	struct weir_routes *routes = &loader->config->routes;

	for (size_t i = 0; i < raw->routes_count; i++) {
		_cleanup_free_ char *path = path_resolve(loader, "", raw->routes[i], "");
		_cleanup_file_ struct weir_file file = {0};
		char place[PATH_MAX];

		if (!path || (!loader->kept && (!file_find(loader, raw->routes[i], path, place) ||
						weir_file_read_text(place, WEIR_ROUTES_BYTES_MAX,
								    loader->diags, &file))))
			continue;
		weir_routes_parse(path, file.bytes, file.size, loader->diags, routes);
	}
	for (size_t i = 0; i < routes->count; i++)
		warn_own(loader, &routes->items[i]);
	weir_routes_finish(routes, loader->diags);
}

void weir_loader_files(struct weir_loader *loader)
{
	const struct raw_config *raw = loader->raw;
	struct weir_config *config = loader->config;
	size_t total = 0;

	region_read(loader);
	if (raw->ports.cdn_sources)
		list_read(loader, "cdn", raw->ports.cdn_sources, &config->cdn);
	for (size_t i = 0; i < raw->denylists_count; i++)
		denylist_read(loader, &raw->denylists[i], &total);
	if (raw->allowlist)
		list_read(loader, "allowlist", raw->allowlist, &config->allowlist);
	routes_read(loader);
}
