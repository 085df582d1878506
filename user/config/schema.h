/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir.yaml as it is written: one string a scalar, NULL where a key is not there. The schema
 * says which keys there are; what the strings mean is policy.c's.
 *
 * Counts are `unsigned int` because libcyaml is told their size.
 */
#ifndef WEIR_CONFIG_SCHEMA_H
#define WEIR_CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>

struct raw_interface {
	char *name, *mode;
};

struct raw_ports {
	char **open, **cdn;
	unsigned int open_count, cdn_count;
	char *cdn_sources;
};

struct raw_denylist {
	char *file, *name;
};

struct raw_destination {
	char *address, *rate, *burst;
};

struct raw_rates {
	char *by_default, *burst;
	struct raw_destination *destinations;
	unsigned int destinations_count;
};

struct raw_management {
	char *from, *protocol, *to, *port, *source_port;
};

struct raw_proxy {
	char *user, *workers, *connections, *metrics;
	char *log, *log_file, *log_max;
	char *connections_per_client, *connections_per_container;
	char **trusted_proxies, **proxy_protocol;
	unsigned int trusted_proxies_count, proxy_protocol_count;
	char **routes;
	unsigned int routes_count;
};

struct raw_config {
	char *region;
	struct raw_interface *interfaces;
	unsigned int interfaces_count;
	struct raw_ports ports;
	struct raw_denylist *denylists;
	unsigned int denylists_count;
	char *allowlist;
	struct raw_rates rates;
	struct raw_management *management;
	unsigned int management_count;
	char *dhcp;
	char **backends;
	unsigned int backends_count;
	char **machine;
	unsigned int machine_count;
	char *egress, *live_max;
	struct raw_proxy proxy;
};

/*
 * The whole file: a pointer to struct raw_config. Every field is optional to libcyaml, so that
 * what is missing can be reported with all the rest; the first field of a mapping is the one
 * that stands for it where a list has a plain value.
 */
extern const cyaml_schema_value_t weir_config_schema;

#endif
