/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of weir.yaml that need no other file: interfaces, ports, default rates, the
 * machine's addresses. Strings -> values, each with its limit and its default.
 */
#include <string.h>

#include "base/array.h"
#include "config/loader.h"

/* A prefix of backends says what passes: one wider than any private network is a slip. */
enum { BACKEND_LENGTH_MIN = 8 };

/* ---- interfaces ------------------------------------------------------------------------ */

/* As the kernel's dev_valid_name, without what a shell would trip over. */
static bool is_interface_name(const char *name)
{
	size_t size = strlen(name);

	if (!size || size >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (*name <= ' ' || *name > '~' || *name == '/' || *name == ':')
			return false;
	return true;
}

/* In the order of enum weir_mode. */
static const char *const modes[] = {"auto", "native", "skb", NULL};

const char *weir_mode_name(enum weir_mode mode)
{
	return modes[mode];
}

static void interface_read(struct weir_loader *loader, const struct raw_interface *raw)
{
	struct weir_config *config = loader->config;
	struct weir_interface interface = {.origin = weir_loader_origin(loader, raw)}, *item;

	if (!raw->name || !is_interface_name(raw->name)) {
		if (raw->name)
			weir_loader_error(loader, raw->name, "'%s' is no name of an interface",
					  raw->name);
		else
			weir_loader_error(loader, raw, "the interface's name is missing");
		return;
	}
	for (size_t i = 0; i < config->interfaces_count; i++) {
		if (!strcmp(config->interfaces[i].name, raw->name)) {
			weir_loader_error(loader, raw->name, "'%s' is on line %u already",
					  raw->name, config->interfaces[i].origin.line);
			return;
		}
	}
	strcpy(interface.name, raw->name);
	if (!weir_loader_word(loader, raw->mode, modes, &interface.mode))
		return;
	item = weir_loader_add(loader, &config->interfaces, &config->interfaces_count);
	if (item)
		*item = interface;
}

void weir_loader_interfaces(struct weir_loader *loader)
{
	if (!loader->raw->interfaces_count)
		weir_loader_error(loader, NULL, "`interfaces` is missing: where the gate is");
	for (size_t i = 0; i < loader->raw->interfaces_count; i++)
		interface_read(loader, &loader->raw->interfaces[i]);
}

/* ---- ports ----------------------------------------------------------------------------- */

/* `443`, `8081/http`. */
static bool port_parse(struct weir_loader *loader, const char *text, struct weir_port *ret_port)
{
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	unsigned int port = 0;

	for (size_t i = 0; i < size && port <= 65535; i++)
		port = text[i] >= '0' && text[i] <= '9' ? port * 10 + (text[i] - '0') : 65536;
	if (!port || port > 65535) {
		weir_loader_error(loader, text, "'%s' is no port of 1 to 65535", text);
		return false;
	}
	*ret_port = (struct weir_port){.port = port, .protocol = WEIR_HTTP};
	if (slash ? !strcmp(slash, "/tls") : port == 443 || port == 8443)
		ret_port->protocol = WEIR_TLS;
	else if (slash ? strcmp(slash, "/http") != 0 : port != 80 && port != 8080) {
		weir_loader_error(loader, text, "'%s' needs a protocol: %u/http or %u/tls", text,
				  port, port);
		return false;
	}
	return true;
}

static bool has_port(const struct weir_port *ports, size_t count, __u16 port)
{
	for (size_t i = 0; i < count; i++)
		if (ports[i].port == port)
			return true;
	return false;
}

static void ports_read(struct weir_loader *loader, char **texts, size_t texts_count,
		       struct weir_port *ports, struct weir_origin *origins, size_t *count)
{
	const struct weir_config *config = loader->config;

	for (size_t i = 0; i < texts_count; i++) {
		struct weir_port port;

		if (!port_parse(loader, texts[i], &port))
			continue;
		if (has_port(config->open_ports, config->open_ports_count, port.port) ||
		    has_port(config->cdn_ports, config->cdn_ports_count, port.port))
			weir_loader_error(loader, texts[i], "port %u is open already", port.port);
		else if (*count >= WEIR_PORTS_MAX)
			weir_loader_error(loader, texts[i], "more than %d ports (WEIR_PORTS_MAX)",
					  WEIR_PORTS_MAX);
		else {
			origins[*count] = weir_loader_origin(loader, texts[i]);
			ports[(*count)++] = port;
		}
	}
}

void weir_loader_ports(struct weir_loader *loader)
{
	const struct raw_ports *raw = &loader->raw->ports;
	struct weir_config *config = loader->config;

	ports_read(loader, raw->open, raw->open_count, config->open_ports,
		   config->open_ports_origins, &config->open_ports_count);
	if (!raw->open) {
		/* Ingress page, Ports. */
		config->open_ports[0] = (struct weir_port){80, WEIR_HTTP};
		config->open_ports[1] = (struct weir_port){443, WEIR_TLS};
		config->open_ports_count = 2;
	}
	ports_read(loader, raw->cdn, raw->cdn_count, config->cdn_ports, config->cdn_ports_origins,
		   &config->cdn_ports_count);
	if (raw->cdn_count && !raw->cdn_sources)
		weir_loader_error(loader, raw->cdn[0],
				  "`cdn_sources` is missing: the list of sources of these ports");
}

/* ---- rates ----------------------------------------------------------------------------- */

void weir_loader_rates(struct weir_loader *loader)
{
	const struct raw_rates *raw = &loader->raw->rates;
	struct weir_config *config = loader->config;
	struct weir_mark mark = weir_yaml_mark(&loader->yaml,
					       raw->burst ? raw->burst : raw->by_default);

	config->default_bytes_per_s = WEIR_DEFAULT_RATE_BYTES_PER_S;
	config->default_burst_bytes = WEIR_DEFAULT_BURST_BYTES;
	if (weir_loader_rate(loader, raw->by_default, &config->default_bytes_per_s) &&
	    weir_loader_bytes(loader, raw->burst, &config->default_burst_bytes))
		weir_limit_check(config->path, mark.line, mark.column, config->default_bytes_per_s,
				 config->default_burst_bytes, loader->diags);
}

/* ---- the machine ----------------------------------------------------------------------- */

static void machine_read(struct weir_loader *loader, const char *text)
{
	struct weir_config *config = loader->config;
	__u32 address, *item;

	if (!weir_loader_address(loader, text, &address))
		return;
	for (size_t i = 0; i < config->machine_count; i++) {
		if (config->machine[i] == address) {
			weir_loader_error(loader, text, "'%s' is stated twice", text);
			return;
		}
	}
	if (config->machine_count >= WEIR_DESTINATIONS_MAX) {
		weir_loader_error(loader, text, "more than %d addresses (WEIR_DESTINATIONS_MAX)",
				  WEIR_DESTINATIONS_MAX);
		return;
	}
	item = weir_loader_add(loader, &config->machine, &config->machine_count);
	if (item)
		*item = address;
}

static void backend_read(struct weir_loader *loader, const char *text)
{
	struct weir_config *config = loader->config;
	struct weir_backend backend = {.origin = weir_loader_origin(loader, text)}, *item;

	if (!weir_loader_prefix(loader, text, &backend.prefix))
		return;
	if (backend.prefix.length < BACKEND_LENGTH_MIN) {
		weir_loader_error(loader, text, "'%s' is wider than a /%d", text,
				  BACKEND_LENGTH_MIN);
		return;
	}
	if (config->backends_count >= WEIR_BACKENDS_MAX) {
		weir_loader_error(loader, text, "more than %d prefixes (WEIR_BACKENDS_MAX)",
				  WEIR_BACKENDS_MAX);
		return;
	}
	item = weir_loader_add(loader, &config->backends, &config->backends_count);
	if (item)
		*item = backend;
}

void weir_loader_machine(struct weir_loader *loader)
{
	static const char *const words[] = {"none", "nat", NULL};
	const struct raw_config *raw = loader->raw;
	struct weir_config *config = loader->config;
	unsigned int egress = 0;

	for (size_t i = 0; i < raw->machine_count; i++)
		machine_read(loader, raw->machine[i]);
	for (size_t i = 0; i < raw->backends_count; i++)
		backend_read(loader, raw->backends[i]);
	weir_loader_word(loader, raw->egress, words, &egress);
	config->does_nat = egress;
	config->live_max = WEIR_LIVE_DEFAULT;
	weir_loader_number(loader, raw->live_max, 1, WEIR_LIVE_MAX, &config->live_max);
}
