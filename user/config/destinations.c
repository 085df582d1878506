/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `rates.destinations` of weir.yaml: rate and burst of single ingress addresses, over those that the
 * region's file states. Read behind the region, which says what an ingress address is. Who is left
 * with no rate stated anywhere is warned about.
 */
#include "config/loader.h"

static struct weir_ingress *ingress_find(struct weir_region *region, __u32 address)
{
	for (size_t i = 0; i < region->ingress_count; i++)
		if (region->ingress[i].address == address)
			return &region->ingress[i];
	return NULL;
}

static void destination_read(struct weir_loader *loader, const struct raw_destination *raw)
{
	struct weir_mark mark = weir_yaml_mark(&loader->yaml, raw);
	struct weir_config *config = loader->config;
	struct weir_ingress *ingress, stated;
	__u32 address;

	if (!raw->address || (!raw->rate && !raw->burst)) {
		weir_loader_error(loader, raw,
				  "a destination needs `address`, and `rate` or `burst`");
		return;
	}
	if (!weir_loader_address(loader, raw->address, &address))
		return;
	ingress = ingress_find(&config->region, address);
	if (!ingress && config->region.name)
		weir_loader_error(loader, raw->address, "'%s' is no ingress address of %s",
				  raw->address, config->region.path);
	stated = ingress ? *ingress
			 : (struct weir_ingress){.bytes_per_s = config->default_bytes_per_s,
						 .burst_bytes = config->default_burst_bytes};
	if (!weir_loader_rate(loader, raw->rate, &stated.bytes_per_s) ||
	    !weir_loader_bytes(loader, raw->burst, &stated.burst_bytes) ||
	    weir_limit_check(config->path, mark.line, mark.column, stated.bytes_per_s,
			     stated.burst_bytes, loader->diags) ||
	    !ingress)
		return;
	if (ingress->origin.path == config->path) {
		weir_loader_error(loader, raw->address, "'%s' is on line %u already", raw->address,
				  ingress->origin.line);
		return;
	}
	stated.states_rate |= raw->rate != NULL;
	stated.origin = weir_loader_origin(loader, raw);
	*ingress = stated;
}

void weir_loader_destinations(struct weir_loader *loader)
{
	const struct raw_rates *raw = &loader->raw->rates;
	const struct weir_region *region = &loader->config->region;
	char text[WEIR_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < raw->destinations_count; i++)
		destination_read(loader, &raw->destinations[i]);
	for (size_t i = 0; i < region->ingress_count; i++) {
		const struct weir_ingress *ingress = &region->ingress[i];

		if (!ingress->states_rate)
			weir_diags_warning(loader->diags, ingress->origin.path,
					   ingress->origin.line, 0,
					   "%s states no rate: it gets that of one container",
					   weir_address_format(ingress->address, text));
	}
}
