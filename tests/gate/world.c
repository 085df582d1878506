/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers in; a policy, or a frame to try it with, out. Lists are crowded, so that their
 * prefixes nest, overlap and cut each other, and a frame's source is nearly always near one.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "world.h"

#define PICK(random, array) ((array)[random_below(random, sizeof(array) / sizeof((array)[0]))])

static const __u16 ports[] = {22, 53, 67, 68, 80, 123, 443, 8080, 8443, 50000};

/* ---- policies ---------------------------------------------------------------------------- */

static struct weir_prefix prefix_at(__u32 address, __u8 length)
{
	return (struct weir_prefix){address & weir_prefix_mask(length), length};
}

static __u8 random_length(struct random *random)
{
	if (random_chance(random, 60))
		return 32 - random_below(random, 4);
	if (random_chance(random, 90))
		return 14 + random_below(random, 18);
	return random_below(random, 14);
}

/* Half of them lie within or around one that is there already. */
static void fill_list(struct random *random, struct weir_list *list, struct weir_listed *entries,
		      size_t max)
{
	list->entries = entries;
	list->count = random_below(random, max + 1);
	for (size_t i = 0; i < list->count; i++) {
		__u32 address = random_u32(random);

		if (i && random_chance(random, 50))
			address = entries[random_below(random, i)].prefix.address +
				  random_below(random, 600) - 300;
		entries[i].prefix = prefix_at(address, random_length(random));
	}
}

static void fill_ports(struct random *random, struct weir_port to[WEIR_PORTS_MAX],
		       size_t *ret_count)
{
	*ret_count = random_below(random, WEIR_PORTS_MAX + 1);
	for (size_t i = 0; i < *ret_count; i++)
		to[i] = (struct weir_port){PICK(random, ports), random_below(random, 2)};
}

/* Any address may be any of the three, or several, or none. */
static void fill_destinations(struct random *random, struct world *world)
{
	struct weir_region *region = &world->config.region;

	region->ingress = world->ingress;
	region->egress = world->egress;
	for (int i = 0; i < WORLD_ADDRESSES; i++) {
		__u32 address = world->addresses[i];

		if (random_chance(random, 40))
			world->ingress[region->ingress_count++] = (struct weir_ingress){
				.address = address,
				.bytes_per_s = 20000000,
				.burst_bytes = 1600000000};
		if (random_chance(random, 30))
			world->egress[region->egress_count++].address = address;
		if (random_chance(random, 30))
			world->machine[world->machine_count++] = address;
	}
	for (size_t i = 0; i < WORLD_DRAINED && i < region->ingress_count; i++)
		if (random_chance(random, 50))
			world->drained[world->oracle.drained_count++] = world->ingress[i].address;
}

static struct weir_prefix some_prefix(struct random *random, const struct world *world)
{
	const struct weir_list *list = &world->denylists[0];

	if (random_chance(random, 30))
		return prefix_at(0, 0);
	if (list->count && random_chance(random, 40))
		return list->entries[random_below(random, list->count)].prefix;
	return prefix_at(PICK(random, world->addresses), random_length(random));
}

static void fill_port_range(struct random *random, __u16 *ret_low, __u16 *ret_high)
{
	*ret_low = 0;
	*ret_high = 65535;
	if (random_chance(random, 30))
		return;
	*ret_low = *ret_high = PICK(random, ports);
	if (random_chance(random, 50))
		*ret_high += random_below(random, 100);
}

static void fill_rules(struct random *random, struct world *world)
{
	static const __u8 protocols[] = {0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, 112};

	world->config.management_count = random_below(random, WORLD_RULES + 1);
	for (size_t i = 0; i < world->config.management_count; i++) {
		struct weir_management *rule = &world->management[i];

		rule->protocol = PICK(random, protocols);
		rule->from = some_prefix(random, world);
		rule->to = some_prefix(random, world);
		fill_port_range(random, &rule->source_port_low, &rule->source_port_high);
		fill_port_range(random, &rule->port_low, &rule->port_high);
	}
	world->config.backends_count = random_below(random, WORLD_BACKENDS + 1);
	for (size_t i = 0; i < world->config.backends_count; i++)
		world->backends[i].prefix = some_prefix(random, world);
}

/* None wider than /8: the live bits of all networks would take longer than all else. */
static void fill_live(struct random *random, struct world *world)
{
	world->oracle.live_count = random_below(random, WORLD_LIVE + 1);
	for (size_t i = 0; i < world->oracle.live_count; i++) {
		struct oracle_live *live = &world->live[i];
		struct weir_prefix near = some_prefix(random, world);
		__u8 length = random_length(random);

		live->kind = random_chance(random, 60) ? WEIR_LIVE_BAN : WEIR_LIVE_RELEASE;
		live->prefix = prefix_at(near.address, length < 8 ? 8 : length);
		live->has_expired = random_chance(random, 30);
		/* One entry a prefix and kind: the map has no more. */
		for (size_t j = 0; j < i; j++)
			if (world->live[j].kind == live->kind &&
			    world->live[j].prefix.address == live->prefix.address &&
			    world->live[j].prefix.length == live->prefix.length)
				world->live[j].has_expired = live->has_expired;
	}
}

void world_make(struct random *random, const __u32 *fixed, size_t fixed_count,
		const struct oracle_socket *sockets, size_t sockets_count, struct world *ret_world)
{
	struct world *world = ret_world;
	struct weir_config *config = &world->config;

	memset(world, 0, sizeof(*world));
	for (size_t i = 0; i < WORLD_ADDRESSES; i++)
		world->addresses[i] = i < fixed_count ? fixed[i]
						      : 0xc6120000 + random_below(random, 4096);
	fill_destinations(random, world);
	for (int i = 0; i < 2; i++)
		fill_list(random, &world->denylists[i], world->denied[i], WORLD_DENIED);
	config->denylists = world->denylists;
	config->denylists_count = 1 + random_below(random, 2);
	fill_list(random, &config->allowlist, world->allowed, WORLD_ALLOWED);
	fill_list(random, &config->cdn, world->cdn, WORLD_CDN);
	fill_ports(random, config->open_ports, &config->open_ports_count);
	fill_ports(random, config->cdn_ports, &config->cdn_ports_count);
	config->management = world->management;
	config->backends = world->backends;
	fill_rules(random, world);
	fill_live(random, world);

	world->oracle.config = config;
	world->oracle.machine = world->machine;
	world->oracle.machine_count = world->machine_count;
	world->oracle.live = world->live;
	world->oracle.sockets = sockets;
	world->oracle.sockets_count = sockets_count;
	world->oracle.drained = world->drained;
}

/* ---- frames ------------------------------------------------------------------------------ */

/* In the prefix, at one of its ends, or just beyond. */
static __u32 near_prefix(struct random *random, struct weir_prefix prefix)
{
	__u32 first = prefix.address, last = weir_prefix_last(prefix);
	__u32 at[] = {first, last, first - 1, last + 1,
		      first + (random_u32(random) & (last - first))};

	return PICK(random, at);
}

static __u32 near_list(struct random *random, const struct weir_list *list)
{
	if (!list->count)
		return random_u32(random);
	return near_prefix(random, list->entries[random_below(random, list->count)].prefix);
}

static __u32 any_source(struct random *random, const struct world *world)
{
	const struct weir_config *config = &world->config;

	switch (random_below(random, 8)) {
	case 0:
	case 1:
		return near_list(random, &world->denylists[random_below(random, 2)]);
	case 2:
		return near_list(random, &config->allowlist);
	case 3:
		return near_list(random, &config->cdn);
	case 4:
		if (config->management_count)
			return near_prefix(random, PICK(random, world->management).from);
		return random_u32(random);
	case 5:
		return near_prefix(random, PICK(random, world->backends).prefix);
	case 6:
		return near_prefix(random, PICK(random, world->live).prefix);
	default:
		return random_u32(random);
	}
}

/* Seldom one that no sender can have: those decide nothing else. */
static __u32 random_source(struct random *random, const struct world *world)
{
	for (;;) {
		__u32 source = any_source(random, world);
		__u8 first = source >> 24;

		if ((first && first != 127 && first < 224) || random_chance(random, 5))
			return source;
	}
}

static __u8 random_protocol(struct random *random)
{
	if (random_chance(random, 70))
		return IPPROTO_TCP;
	if (random_chance(random, 50))
		return IPPROTO_UDP;
	return random_chance(random, 60) ? IPPROTO_ICMP : random_below(random, 255) + 1;
}

static __u8 random_flags(struct random *random)
{
	static const __u8 usual[] = {SYN, SYN | ACK, ACK, ACK | PSH, FIN | ACK, RST, RST | ACK};

	return random_chance(random, 85) ? PICK(random, usual) : random_below(random, 255) + 1;
}

static __u16 random_port(struct random *random)
{
	return random_chance(random, 90) ? PICK(random, ports) : random_u32(random) >> 16;
}

/* Make the packet one that answers a socket, or is quoted by one, give or take a field. */
static void aim_at_socket(struct random *random, const struct oracle *oracle,
			  struct frame_spec *spec)
{
	const struct oracle_socket *socket =
		&oracle->sockets[random_below(random, oracle->sockets_count)];

	spec->to = socket->near;
	if (random_chance(random, 25)) {
		spec->protocol = IPPROTO_ICMP;
		spec->type = 3;
		spec->code = 4;
		spec->quote_protocol = socket->protocol;
		spec->quote_from = socket->near;
		spec->quote_to = socket->far;
		spec->quote_sport = socket->near_port;
		spec->quote_port = socket->far_port;
		return;
	}
	spec->protocol = socket->protocol;
	spec->from = socket->far;
	spec->sport = socket->far_port;
	spec->port = socket->near_port;
	if (random_chance(random, 10))
		spec->sport = random_port(random);
}

static void spoil(struct random *random, struct frame *frame)
{
	if (random_chance(random, 70)) {
		size_t at = random_below(random, frame->size);

		frame->bytes[at] ^= 1 << random_below(random, 8);
	} else {
		frame->size = ETH_HLEN + random_below(random, frame->size - ETH_HLEN + 1);
	}
}

void world_frame(struct random *random, const struct world *world, struct frame *ret_frame)
{
	static const __u16 ethertypes[] = {ETH_P_ARP, ETH_P_IPV6, ETH_P_LLDP, ETH_P_SLOW,
					   ETH_P_PAE, ETH_P_IPX,  0x26};
	struct frame_spec spec = {
		.from = random_source(random, world),
		.to = random_chance(random, 90) ? PICK(random, world->addresses)
						: random_u32(random),
		.protocol = random_protocol(random),
		.sport = random_port(random),
		.port = random_port(random),
		.flags = random_flags(random),
		.payload = random_below(random, 60),
		.ip_options = random_chance(random, 10) ? random_below(random, 11) * 4 : 0,
		.tcp_options = random_chance(random, 30) ? random_below(random, 11) * 4 : 0,
		.fragment = random_chance(random, 3) ? random_u32(random) >> 16 : 0,
		.tags = random_chance(random, 15) ? random_below(random, 4) : 0,
		.ethertype = random_chance(random, 3) ? PICK(random, ethertypes) : 0,
		.type = random_chance(random, 50) ? 3 : random_below(random, 20),
		.code = random_chance(random, 70) ? 4 : random_below(random, 8),
		.quote_from = random_chance(random, 70) ? PICK(random, world->addresses) : 0,
		.quote_to = random_u32(random),
		.trailer = random_chance(random, 10) ? random_below(random, 20) : 0,
	};

	if (world->oracle.sockets_count && random_chance(random, 15))
		aim_at_socket(random, &world->oracle, &spec);
	frame_build(&spec, ret_frame);
	if (random_chance(random, 15))
		spoil(random, ret_frame);
}
