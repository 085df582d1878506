/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rtnetlink -> a survey: which interfaces and addresses has this machine, and where does the Internet
 * come in?
 *
 * Interfaces are proposed from the default route: what it leads by, or what that lies on, where
 * packets come in first. Sessions and daemons are survey_services.c's.
 */
#include "net/survey.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fail.h"
#include "net/interfaces.h"
#include "net/netlink.h"
#include "net/survey_services.h"
#include "net/uplink.h"

struct reading {
	struct weir_survey *to;
	struct weir_nics nics;
	struct weir_uplink uplink;
};

static void reading_done(struct reading *reading)
{
	weir_nics_done(&reading->nics);
}

static bool has_address(const struct weir_survey *survey, const char *interface)
{
	for (size_t i = 0; i < survey->addresses_count; i++)
		if (!strcmp(survey->addresses[i].interface, interface))
			return true;
	return false;
}

/* Without a default route: whatever is up and has an address. */
static void propose(struct reading *reading)
{
	for (size_t i = 0; !reading->uplink.gates_count && i < reading->nics.count; i++) {
		const struct weir_nic *nic = &reading->nics.items[i];

		if (!(nic->flags & IFF_LOOPBACK) && nic->flags & IFF_UP &&
		    has_address(reading->to, nic->name))
			weir_uplink_add(&reading->nics, nic->index, &reading->uplink);
	}
}

static void name(const struct reading *reading, __u32 index, char to[static IF_NAMESIZE])
{
	const struct weir_nic *nic = weir_nics_find(&reading->nics, index);

	if (nic)
		memcpy(to, nic->name, IF_NAMESIZE);
}

static void name_all(const struct reading *reading)
{
	struct weir_survey *to = reading->to;

	for (size_t i = 0; i < reading->uplink.gates_count; i++)
		name(reading, reading->uplink.gates[i], to->gates[i]);
	to->gates_count = reading->uplink.gates_count;
	name(reading, reading->uplink.way, to->way);
}

/* ---- addresses -------------------------------------------------------------------------- */

struct address_attributes {
	const struct nlattr *local, *flags;
};

static int read_address_attribute(const struct nlattr *attribute, void *context)
{
	struct address_attributes *to = context;

	if (mnl_attr_get_type(attribute) == IFA_LOCAL)
		to->local = attribute;
	if (mnl_attr_get_type(attribute) == IFA_FLAGS)
		to->flags = attribute;
	return MNL_CB_OK;
}

static int note_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	struct address_attributes attributes = {};
	struct reading *reading = context;
	struct weir_survey_address *address;
	const struct weir_nic *nic;
	__u32 flags, local;

	if (message->nlmsg_type != RTM_NEWADDR)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*header), read_address_attribute, &attributes);
	nic = weir_nics_find(&reading->nics, header->ifa_index);
	if (!attributes.local || !nic)
		return MNL_CB_OK;
	local = ntohl(mnl_attr_get_u32(attributes.local));
	if (local >> 24 == 127)
		return MNL_CB_OK;
	address = weir_array_add(&reading->to->addresses, &reading->to->addresses_count);
	if (!address) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	flags = attributes.flags ? mnl_attr_get_u32(attributes.flags) : header->ifa_flags;
	address->address = local;
	address->length = header->ifa_prefixlen;
	address->is_dynamic = !(flags & IFA_F_PERMANENT);
	snprintf(address->interface, IF_NAMESIZE, "%s", nic->name);
	return MNL_CB_OK;
}

/* An address of lo is one that a routing daemon announces: its packets come by the gate too. */
static void mark_addresses(struct reading *reading)
{
	struct weir_survey *to = reading->to;

	for (size_t i = 0; i < to->addresses_count; i++) {
		struct weir_survey_address *address = &to->addresses[i];
		__u32 index = if_nametoindex(address->interface);
		const struct weir_nic *nic = weir_nics_find(&reading->nics, index);

		address->is_gated = (nic && nic->flags & IFF_LOOPBACK) ||
				    weir_nics_leads_by(&reading->nics, index, reading->uplink.gates,
						       to->gates_count);
		for (size_t gate = 0; gate < to->gates_count; gate++)
			address->is_own |= reading->uplink.gates[gate] == index;
	}
}

static int read_network(struct reading *reading)
{
	int r = weir_nics_read(&reading->nics) ?:
		weir_uplink_find(&reading->nics, &reading->uplink) ?:
		weir_netlink_dump(RTM_GETADDR, AF_INET, sizeof(struct ifaddrmsg), note_address,
				  reading);

	if (r)
		return r;
	propose(reading);
	name_all(reading);
	mark_addresses(reading);
	return 0;
}

int weir_survey_read(struct weir_diags *diags, struct weir_survey *ret_survey)
{
	_cleanup_survey_ struct weir_survey survey = {};
	_cleanup_(reading_done) struct reading reading = {.to = &survey};
	int r = read_network(&reading);

	if (r)
		return weir_fail(diags, r, "cannot read interfaces and routes: %s", strerror(-r));
	r = weir_survey_services(&reading.uplink, diags, &survey);
	if (r)
		return r;
	*ret_survey = survey;
	survey = (struct weir_survey){};
	return 0;
}
