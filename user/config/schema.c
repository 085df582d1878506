/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of weir.yaml, as libcyaml's tables. */
#include "config/schema.h"

#define OPTIONAL CYAML_FLAG_OPTIONAL

#define TEXT(key, structure, member)                                                               \
	CYAML_FIELD_STRING_PTR(key, OPTIONAL, structure, member, 0, CYAML_UNLIMITED)
/* `least` is 1 where an empty list would be read as a key left out, and that means its default. */
#define LIST(key, structure, member, entry, least)                                                 \
	CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | OPTIONAL, structure, member, &(entry),      \
			     least, CYAML_UNLIMITED)
#define GROUP(key, structure, member, fields)                                                      \
	CYAML_FIELD_MAPPING(key, OPTIONAL, structure, member, fields)

static const cyaml_schema_value_t text = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static const cyaml_schema_field_t interface_fields[] = {
	TEXT("name", struct raw_interface, name),
	TEXT("mode", struct raw_interface, mode),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t interface = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_interface, interface_fields)};

static const cyaml_schema_field_t ports_fields[] = {
	LIST("open", struct raw_ports, open, text, 1),
	LIST("cdn", struct raw_ports, cdn, text, 0),
	TEXT("cdn_sources", struct raw_ports, cdn_sources),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t denylist_fields[] = {
	TEXT("file", struct raw_denylist, file),
	TEXT("name", struct raw_denylist, name),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t denylist = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_denylist, denylist_fields)};

static const cyaml_schema_field_t destination_fields[] = {
	TEXT("address", struct raw_destination, address),
	TEXT("rate", struct raw_destination, rate),
	TEXT("burst", struct raw_destination, burst),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t destination = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_destination, destination_fields)};

static const cyaml_schema_field_t rates_fields[] = {
	TEXT("default", struct raw_rates, by_default),
	TEXT("burst", struct raw_rates, burst),
	LIST("destinations", struct raw_rates, destinations, destination, 0),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t management_fields[] = {
	TEXT("from", struct raw_management, from),
	TEXT("protocol", struct raw_management, protocol),
	TEXT("to", struct raw_management, to),
	TEXT("port", struct raw_management, port),
	TEXT("source_port", struct raw_management, source_port),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t management = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_management, management_fields)};

static const cyaml_schema_field_t proxy_fields[] = {
	TEXT("user", struct raw_proxy, user),
	TEXT("workers", struct raw_proxy, workers),
	TEXT("connections", struct raw_proxy, connections),
	TEXT("connections_per_client", struct raw_proxy, connections_per_client),
	TEXT("connections_per_container", struct raw_proxy, connections_per_container),
	LIST("trusted_proxies", struct raw_proxy, trusted_proxies, text, 0),
	LIST("proxy_protocol", struct raw_proxy, proxy_protocol, text, 0),
	TEXT("metrics", struct raw_proxy, metrics),
	TEXT("log", struct raw_proxy, log),
	TEXT("log_file", struct raw_proxy, log_file),
	TEXT("log_max", struct raw_proxy, log_max),
	LIST("routes", struct raw_proxy, routes, text, 0),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t config_fields[] = {
	TEXT("region", struct raw_config, region),
	LIST("interfaces", struct raw_config, interfaces, interface, 1),
	GROUP("ports", struct raw_config, ports, ports_fields),
	LIST("denylists", struct raw_config, denylists, denylist, 0),
	TEXT("allowlist", struct raw_config, allowlist),
	GROUP("rates", struct raw_config, rates, rates_fields),
	LIST("management", struct raw_config, management, management, 0),
	TEXT("dhcp", struct raw_config, dhcp),
	LIST("backends", struct raw_config, backends, text, 0),
	LIST("machine", struct raw_config, machine, text, 1),
	TEXT("egress", struct raw_config, egress),
	TEXT("live_max", struct raw_config, live_max),
	GROUP("proxy", struct raw_config, proxy, proxy_fields),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t weir_config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, config_fields)};
