/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The key `proxy` of weir.yaml: strings -> struct weir_proxy_settings, each with its limit and its
 * default. The strings and arrays that it makes are the configuration's, which frees them.
 */
#include <string.h>

#include "base/array.h"
#include "config/loader.h"

/* 127.0.0.1 */
#define LOOPBACK 0x7f000001u

enum {
	WORKERS_MAX = 1024, /* one a core, on the largest machines there are */
	CONNECTIONS_DEFAULT = 65536,
	CONNECTIONS_MAX = 1 << 24,
	/* Enough for an office or a mobile network behind one address; 64 of them are needed to fill the proxy. */
	PER_CLIENT_DEFAULT = 1024,
	LOG_LINES_MAX = 1000000000,
};

/* `PORT` on loopback, or `ADDRESS:PORT`. */
static void metrics_read(struct weir_loader *loader, const char *text,
			 struct weir_proxy_settings *proxy)
{
	const char *colon = text ? strrchr(text, ':') : NULL, *why = NULL;
	__u32 address = LOOPBACK, port = 0;

	if (!text)
		return;
	if (colon && weir_address_parse(text, colon - text, &address, &why)) {
		weir_loader_error(loader, text, "'%s' %s; metrics are at PORT or ADDRESS:PORT",
				  text, why);
		return;
	}
	for (const char *at = colon ? colon + 1 : text; port <= 65535 && *at; at++)
		port = *at >= '0' && *at <= '9' ? port * 10 + (*at - '0') : 65536;
	if (!port || port > 65535) {
		weir_loader_error(loader, text, "'%s' has no port of 1 to 65535", text);
		return;
	}
	proxy->metrics_address = address;
	proxy->metrics_port = port;
}

static void log_read(struct weir_loader *loader, const struct raw_proxy *raw,
		     struct weir_proxy_settings *proxy)
{
	static const char *const words[] = {"text", "json", "off", NULL};

	weir_loader_word(loader, raw->log, words, &proxy->log);
	weir_loader_number(loader, raw->log_max, 0, LOG_LINES_MAX, &proxy->log_max);
	if (!raw->log_file)
		return;
	if (*raw->log_file != '/') {
		weir_loader_error(loader, raw->log_file, "'%s' is no absolute path", raw->log_file);
		return;
	}
	proxy->log_file = strdup(raw->log_file);
	if (!proxy->log_file)
		weir_loader_no_memory(loader);
}

static void front_ends_read(struct weir_loader *loader, char *const *texts, unsigned int count,
			    struct weir_prefix **prefixes, size_t *prefixes_count)
{
	if (count > WEIR_FRONT_ENDS_MAX) {
		weir_loader_error(loader, texts[WEIR_FRONT_ENDS_MAX],
				  "more than %d front ends (WEIR_FRONT_ENDS_MAX)",
				  WEIR_FRONT_ENDS_MAX);
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		struct weir_prefix prefix, *item;

		if (!weir_loader_prefix(loader, texts[i], &prefix))
			continue;
		item = weir_loader_add(loader, prefixes, prefixes_count);
		if (item)
			*item = prefix;
	}
}

void weir_loader_proxy(struct weir_loader *loader)
{
	const struct raw_proxy *raw = &loader->raw->proxy;
	struct weir_proxy_settings *proxy = &loader->config->proxy;
	const char *user = raw->user ? raw->user : "weir";
	struct weir_mark mark = weir_yaml_mark(&loader->yaml, raw->user);
	struct weir_token name = {user, strlen(user), mark.column};

	weir_name_check(loader->config->path, mark.line, name, loader->diags);
	proxy->user = strdup(user);
	if (!proxy->user)
		weir_loader_no_memory(loader);
	proxy->connections_max = CONNECTIONS_DEFAULT;
	weir_loader_number(loader, raw->workers, 0, WORKERS_MAX, &proxy->workers);
	metrics_read(loader, raw->metrics, proxy);
	log_read(loader, raw, proxy);
	front_ends_read(loader, raw->trusted_proxies, raw->trusted_proxies_count,
			&proxy->trusted_proxies, &proxy->trusted_proxies_count);
	front_ends_read(loader, raw->proxy_protocol, raw->proxy_protocol_count,
			&proxy->proxy_protocol, &proxy->proxy_protocol_count);
	weir_loader_number(loader, raw->connections, 1, CONNECTIONS_MAX, &proxy->connections_max);
	proxy->connections_per_client = PER_CLIENT_DEFAULT;
	weir_loader_number(loader, raw->connections_per_client, 0, CONNECTIONS_MAX,
			   &proxy->connections_per_client);
	weir_loader_number(loader, raw->connections_per_container, 0, CONNECTIONS_MAX,
			   &proxy->connections_per_container);
}
