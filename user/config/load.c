/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir.yaml and all that it names -> struct weir_config: the order of the steps, and the small
 * readers of single values that the steps share.
 *
 * A step never stops the next, so that one run reports every error of every file.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/quantity.h"
#include "config/loader.h"

void weir_loader_no_memory(struct weir_loader *loader)
{
	if (!loader->error)
		loader->error = weir_no_memory(loader->diags, loader->config->path);
}

struct weir_origin weir_loader_origin(const struct weir_loader *loader, const void *value)
{
	return (struct weir_origin){loader->config->path,
				    weir_yaml_mark(&loader->yaml, value).line};
}

/* ---- single values --------------------------------------------------------------------- */

bool weir_loader_address(struct weir_loader *loader, const char *text, __u32 *ret_address)
{
	const char *why;

	if (!text || !weir_address_parse(text, strlen(text), ret_address, &why))
		return true;
	weir_loader_error(loader, text, "'%s' %s", text, why);
	return false;
}

bool weir_loader_prefix(struct weir_loader *loader, const char *text,
			struct weir_prefix *ret_prefix)
{
	struct weir_mark mark = weir_yaml_mark(&loader->yaml, text);
	char shown[WEIR_PREFIX_TEXT_MAX];
	bool had_host_bits = false;
	const char *why;

	if (text && weir_prefix_parse(text, strlen(text), ret_prefix, &had_host_bits, &why)) {
		weir_loader_error(loader, text, "'%s' %s", text, why);
		return false;
	}
	if (had_host_bits)
		weir_diags_warning(loader->diags, loader->config->path, mark.line, mark.column,
				   "'%s' has host bits; it is read as %s", text,
				   weir_prefix_format(*ret_prefix, shown));
	return true;
}

bool weir_loader_number(struct weir_loader *loader, const char *text, __u32 min, __u32 max,
			__u32 *ret_number)
{
	__u64 number = 0;
	size_t i = 0;

	if (!text)
		return true;
	for (; text[i] >= '0' && text[i] <= '9' && number <= max; i++)
		number = number * 10 + (text[i] - '0');
	if (!i || text[i] || number < min || number > max) {
		weir_loader_error(loader, text, "'%s' is no number of %u to %u", text, min, max);
		return false;
	}
	*ret_number = number;
	return true;
}

bool weir_loader_rate(struct weir_loader *loader, const char *text, __u64 *ret_bytes_per_s)
{
	const char *why;

	if (!text || !weir_rate_parse(text, strlen(text), ret_bytes_per_s, &why))
		return true;
	weir_loader_error(loader, text, "'%s' %s", text, why);
	return false;
}

bool weir_loader_bytes(struct weir_loader *loader, const char *text, __u64 *ret_bytes)
{
	const char *why;

	if (!text || !weir_bytes_parse(text, strlen(text), ret_bytes, &why))
		return true;
	weir_loader_error(loader, text, "'%s' %s", text, why);
	return false;
}

bool weir_loader_word(struct weir_loader *loader, const char *text, const char *const *words,
		      unsigned int *ret_index)
{
	char known[128] = "";

	if (!text)
		return true;
	for (unsigned int i = 0; words[i]; i++) {
		if (!strcmp(text, words[i])) {
			*ret_index = i;
			return true;
		}
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 i ? ", " : "", words[i]);
	}
	weir_loader_error(loader, text, "'%s' is none of %s", text, known);
	return false;
}

/* ---- the whole ------------------------------------------------------------------------- */

static void loader_run(struct weir_loader *loader)
{
	weir_loader_interfaces(loader);
	weir_loader_ports(loader);
	weir_loader_rates(loader);
	weir_loader_management(loader);
	weir_loader_machine(loader);
	weir_loader_proxy(loader);
	weir_loader_files(loader);
	weir_loader_destinations(loader);
}

int weir_config_read(const char *path, const char *kept, struct weir_diags *diags,
		     struct weir_config **ret_config)
{
	_cleanup_(weir_config_free) struct weir_config *config = calloc(1, sizeof(*config));
	struct weir_loader loader = {.diags = diags, .config = config, .kept = kept};
	_cleanup_file_ struct weir_file file = {0};
	size_t errors = diags->errors;
	char place[PATH_MAX];
	int r;

	if (!config || !(config->path = strdup(path)))
		return weir_no_memory(diags, path);
	r = weir_loader_place(&loader, path, place)
		    ?: weir_file_read_text(place, WEIR_YAML_BYTES_MAX, diags, &file);
	if (r == -ENOENT && !kept)
		weir_diags_error(diags, path, 0, 0, "weir init proposes one from this machine");
	if (r)
		return r;
	config->fingerprint = weir_fingerprint(WEIR_FINGERPRINT_SEED, file.bytes, file.size);
	r = weir_yaml_load(&weir_config_schema, path, file.bytes, file.size, diags, &loader.yaml);
	if (r)
		return r;
	loader.raw = loader.yaml.data;
	loader_run(&loader);
	weir_yaml_done(&loader.yaml);
	if (loader.error)
		return loader.error;
	if (diags->errors > errors)
		return -EINVAL;
	*ret_config = take_pointer(config);
	return 0;
}

int weir_config_load(const char *path, struct weir_diags *diags, struct weir_config **ret_config)
{
	return weir_config_read(path, NULL, diags, ret_config);
}

void weir_config_free(struct weir_config **config)
{
	struct weir_config *c = *config;

	if (!c)
		return;
	for (size_t i = 0; i < c->denylists_count; i++)
		weir_list_done(&c->denylists[i]);
	weir_list_done(&c->allowlist);
	weir_list_done(&c->cdn);
	weir_region_done(&c->region);
	weir_routes_done(&c->routes);
	free(c->path);
	free(c->interfaces);
	free(c->denylists);
	free(c->management);
	free(c->backends);
	free(c->machine);
	free(c->proxy.user);
	free(c->proxy.log_file);
	free(c->proxy.trusted_proxies);
	free(c->proxy.proxy_protocol);
	free(c);
	*config = NULL;
}
