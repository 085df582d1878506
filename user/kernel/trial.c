/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A written half -> packets with known verdicts -> the program's opinion of them. What the
 * planner meant and what the program does are compared before any packet of the network meets
 * the new half.
 */
#include "kernel/trial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/object.h"
#include "kernel/twin.h"
#include "report/reason.h"

#define BIT(reason) (1ULL << WEIR_##reason)

/* What the trial knows about the half: addresses to probe with. Host order; 0: there is none. */
struct trial {
	int twin_fd;
	const struct weir_generation *generation;
	__u32 listed;    /* a source that the denylist has, and no live entry can touch */
	__u32 unlisted;  /* a source that neither has */
	__u16 open_port; /* 0: there is none, as with management only */
	__u16 closed_port;
	struct weir_diags *diags;
};

void weir_probe_frame(const struct weir_probe *probe, __u8 frame[static WEIR_PROBE_BYTES])
{
	bool is_tcp = probe->protocol == IPPROTO_TCP;
	size_t bytes = is_tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr);
	struct ethhdr ethernet = {.h_proto = htons(ETH_P_IP)};
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons(sizeof(ip) + bytes),
		.ttl = 64,
		.protocol = probe->protocol,
		.saddr = probe->source,
		.daddr = probe->destination,
	};
	struct tcphdr tcp = {
		.source = htons(probe->source_port),
		.dest = htons(probe->port),
		.doff = 5,
		.syn = 1,
	};
	struct udphdr udp = {
		.source = htons(probe->source_port),
		.dest = htons(probe->port),
		.len = htons(sizeof(udp)),
	};

	memset(frame, 0, WEIR_PROBE_BYTES);
	memcpy(frame, &ethernet, sizeof(ethernet));
	memcpy(frame + sizeof(ethernet), &ip, sizeof(ip));
	memcpy(frame + sizeof(ethernet) + sizeof(ip), is_tcp ? (void *)&tcp : (void *)&udp, bytes);
}

static bool is_matched(const struct weir_rule *rule, const struct weir_probe *probe)
{
	return (!rule->protocol || rule->protocol == probe->protocol) &&
	       (probe->source & rule->source_mask) == rule->source &&
	       (probe->destination & rule->destination_mask) == rule->destination &&
	       probe->source_port >= rule->source_port_low &&
	       probe->source_port <= rule->source_port_high && probe->port >= rule->port_low &&
	       probe->port <= rule->port_high;
}

static bool is_managed(const struct weir_policy *policy, const struct weir_probe *probe)
{
	for (__u32 i = 0; i < policy->rules_count; i++)
		if (is_matched(&policy->rules[i], probe))
			return true;
	return false;
}

/* Judge one packet. `wanted` has the bit of every reason that is right. */
static int try_packet(const struct trial *trial, const char *what, struct weir_probe probe,
		      __u64 wanted)
{
	char source[WEIR_PREFIX_TEXT_MAX], destination[WEIR_PREFIX_TEXT_MAX];
	__u8 frame[WEIR_PROBE_BYTES];
	int reason;

	probe.source_port = 40000;
	weir_probe_frame(&probe, frame);
	reason = weir_twin_judge(trial->twin_fd, frame, sizeof(frame));
	if (reason < 0)
		return weir_fail(trial->diags, reason, "cannot try the policy: %s",
				 strerror(-reason));
	if (reason < 64 && wanted >> reason & 1)
		return 0;
	return weir_fail(trial->diags, -EPROTO,
			 "the policy failed its trial: %s (%s to %s port %u) gave %s, not %s; "
			 "nothing was changed",
			 what, weir_address_format(ntohl(probe.source), source),
			 weir_address_format(ntohl(probe.destination), destination), probe.port,
			 weir_reason_slug(reason), weir_reason_slug(__builtin_ctzll(wanted)));
}

/* What a closed door of the address may say: it may have roles besides, or a rule may open it. */
static __u64 refusals(const struct trial *trial, const struct weir_destination *to,
		      const struct weir_probe *probe, __u64 refusal)
{
	if (is_managed(&trial->generation->policy, probe))
		return BIT(PASS_MANAGEMENT);
	if (to->roles & ~WEIR_ROLE_INGRESS)
		return BIT(DROP_UNSOLICITED) | BIT(DROP_PROOF_RATE);
	return refusal;
}

static int try_ingress(const struct trial *trial, const struct weir_destination *to)
{
	struct weir_probe listed = {htonl(trial->listed), to->address, 0, trial->open_port,
				    IPPROTO_TCP};
	struct weir_probe open = {htonl(trial->unlisted), to->address, 0, trial->open_port,
				  IPPROTO_TCP};
	struct weir_probe closed = open, udp = open;
	int r = 0;

	closed.port = trial->closed_port;
	udp.protocol = IPPROTO_UDP;
	if (trial->listed && trial->open_port)
		r = try_packet(trial, "a listed source", listed, BIT(DROP_DENIED));
	if (r || !trial->unlisted)
		return r;
	if (trial->open_port)
		r = try_packet(trial, "an open port", open,
			       BIT(PASS_INGRESS) | BIT(DROP_RATE) | BIT(DROP_CONTENDED));
	return r
		       ?: try_packet(trial, "a closed port", closed,
				     refusals(trial, to, &closed, BIT(DROP_PORT)))
		       ?: try_packet(trial, "UDP", udp,
				     refusals(trial, to, &udp, BIT(DROP_NOT_TCP)));
}

/* A destination that is no address of the gate, nor opened by a rule. */
static int try_elsewhere(const struct trial *trial)
{
	const struct weir_generation *generation = trial->generation;
	struct weir_probe probe = {htonl(trial->unlisted), 0, 40000, trial->closed_port,
				   IPPROTO_TCP};

	if (!trial->unlisted)
		return 0;
	for (__u32 address = 0xc6336401; address < 0xc63364ff; address++) { /* 198.51.100.0/24 */
		probe.destination = htonl(address);
		if (!weir_sets_find(generation->sets, generation->policy.seed, probe.destination) &&
		    !is_managed(&generation->policy, &probe))
			return try_packet(trial, "another destination", probe,
					  BIT(DROP_NOT_INGRESS));
	}
	return 0;
}

/* RFC 1122 3.2.1.3: no sender has these, and the gate says so before it looks at the lists. */
static bool is_sendable(__u32 address)
{
	__u32 network = address >> 24;

	return network && network != 127 && network < 224;
}

/* Does no live entry touch the address's /24? */
static bool is_calm(const struct weir_maps *maps, __u32 address)
{
	return !(weir_maps_live_bits(maps)[weir_group_of(address)] & weir_network_bit(address));
}

/*
 * A listed address of the /20 that begins at `address`, or 0. Wide live entries may touch all that
 * is listed, so that what they touch is passed over a network at a time.
 */
static __u32 find_in_cell(const struct weir_maps *maps, const struct weir_rank *rank, __u32 address)
{
	struct weir_cell cell = weir_rank_cell(rank, address);

	for (__u32 network = address; network >> 12 == address >> 12; network += 256) {
		if (weir_cell_spread(cell, network) == WEIR_NOTHING || !is_calm(maps, network))
			continue;
		for (__u32 i = 0; i < 256; i++)
			if (weir_rank_has(rank, network | i))
				return network | i;
	}
	return 0;
}

static __u32 find_listed(const struct weir_maps *maps, const struct weir_rank *rank)
{
	__u32 found = 0;

	for (__u32 cell = 0; !found && cell < WEIR_CELLS; cell++) {
		__u32 address = cell << 12;

		if (rank->areas[weir_area_of(address)].listed & weir_area_bit(address) &&
		    is_sendable(address))
			found = find_in_cell(maps, rank, address);
	}
	return found;
}

static __u32 find_unlisted(const struct weir_maps *maps, const struct weir_rank *rank)
{
	__u32 address = 0xc0000201; /* 192.0.2.1, then anywhere */

	for (int i = 0; i < 100000; i++, address = address * 1664525 + 1013904223)
		if (is_sendable(address) && !weir_rank_has(rank, address) && is_calm(maps, address))
			return address;
	return 0;
}

static bool is_port_used(const struct weir_policy *policy, __u16 port)
{
	for (int i = 0; i < WEIR_PORTS_MAX; i++)
		if (policy->open_ports[i] == (WEIR_PORT_USED | port) ||
		    policy->cdn_ports[i] == (WEIR_PORT_USED | port))
			return true;
	return false;
}

static int try_all(const struct trial *trial)
{
	const struct weir_set *sets = trial->generation->sets;
	int r = try_elsewhere(trial);

	for (size_t i = 0; !r && i < WEIR_SETS * WEIR_WAYS; i++) {
		const struct weir_destination *to = &sets[i / WEIR_WAYS].way[i % WEIR_WAYS];

		if (to->address && to->roles & WEIR_ROLE_INGRESS)
			r = try_ingress(trial, to);
	}
	return r;
}

int weir_trial_run(const struct weir_paths *paths, const struct weir_maps *maps, __u32 half,
		   const struct weir_generation *generation, struct weir_diags *diags,
		   __u64 *ret_tag)
{
	_cleanup_close_ int twin_fd = -1;
	struct trial trial = {
		.generation = generation,
		.listed = find_listed(maps, &generation->rank),
		.unlisted = find_unlisted(maps, &generation->rank),
		.open_port = generation->policy.open_ports[0],
		.closed_port = 9, /* discard */
		.diags = diags,
	};
	int r = weir_twin_open(paths, maps, half, diags, &twin_fd);

	if (r)
		return r;
	while (is_port_used(&generation->policy, trial.closed_port))
		trial.closed_port++;
	trial.twin_fd = twin_fd;
	r = try_all(&trial);
	if (r)
		return r;
	r = weir_program_tag(twin_fd, ret_tag);
	return r ? weir_fail(diags, r, "cannot inspect the gate: %s", strerror(-r)) : 0;
}
