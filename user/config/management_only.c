/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be had of a weir.yaml that does not check -> a policy of management rules alone, for
 * a machine that must be neither open nor out of reach.
 *
 * Rules are taken as a whole or not at all: half of them may be the half that locks out. Where
 * there are none, SSH comes in from everywhere, which is what a machine without a gate lets in
 * anyway; who may log in there is the SSH server's to say.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "config/loader.h"

enum { PORT_SSH = 22, PORT_DHCP_SERVER = 67, PORT_DHCP_CLIENT = 68 };

static int add_rule(struct weir_config *config, struct weir_management rule)
{
	struct weir_management *item = weir_array_add(&config->management,
						      &config->management_count);

	if (!item)
		return -ENOMEM;
	*item = rule;
	return 0;
}

static int use_lifeline(struct weir_config *config)
{
	config->management_count = 0;
	return add_rule(config, (struct weir_management){.protocol = IPPROTO_UDP,
							 .source_port_low = PORT_DHCP_SERVER,
							 .source_port_high = PORT_DHCP_SERVER,
							 .port_low = PORT_DHCP_CLIENT,
							 .port_high = PORT_DHCP_CLIENT})
		       ?: add_rule(config, (struct weir_management){.protocol = IPPROTO_TCP,
								    .source_port_high = 65535,
								    .port_low = PORT_SSH,
								    .port_high = PORT_SSH});
}

/* Interfaces, the machine's addresses and the rules; true when the rules can be relied on. */
static bool read_rules(struct weir_loader *loader)
{
	size_t errors;

	weir_loader_interfaces(loader);
	weir_loader_machine(loader);
	errors = loader->diags->errors;
	weir_loader_management(loader);
	return loader->diags->errors == errors && loader->raw->management_count;
}

int weir_config_load_management(const char *path, struct weir_config **ret_config)
{
	_cleanup_(weir_config_free) struct weir_config *config = calloc(1, sizeof(*config));
	_cleanup_diags_ struct weir_diags unread = {0};
	struct weir_loader loader = {.diags = &unread, .config = config};
	_cleanup_file_ struct weir_file file = {0};
	bool has_rules = false;
	int r = 0;

	if (!config || !(config->path = strdup(path)))
		return -ENOMEM;
	if (!weir_file_read_text(path, WEIR_YAML_BYTES_MAX, &unread, &file) &&
	    !weir_yaml_load(&weir_config_schema, path, file.bytes, file.size, &unread,
			    &loader.yaml)) {
		loader.raw = loader.yaml.data;
		has_rules = read_rules(&loader);
		weir_yaml_done(&loader.yaml);
	}
	if (!has_rules)
		r = use_lifeline(config);
	if (r || loader.error)
		return -ENOMEM;
	config->does_nat = false;
	config->fingerprint = WEIR_FINGERPRINT_MANAGEMENT;
	*ret_config = take_pointer(config);
	return 0;
}
