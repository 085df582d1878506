/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A dump of links by rtnetlink -> interfaces; and which of them packets of another come in by.
 *
 * What an interface lies on and what it is part of are followed to a depth that no sane stack has; a
 * veth's other end and links into another network namespace are not followed.
 */
#include "net/interfaces.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "net/netlink.h"

enum { DEPTH_MAX = 8 }; /* interfaces stacked on interfaces */

enum { DUMPS_MAX = 100 }; /* until one is of one moment */

struct reading {
	struct weir_nic *nic;
	bool is_elsewhere; /* `link` counts in another network namespace */
};

static int read_kind(const struct nlattr *attribute, void *context)
{
	struct weir_nic *nic = context;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
		snprintf(nic->kind, sizeof(nic->kind), "%s", mnl_attr_get_str(attribute));
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *attribute, void *context)
{
	struct reading *reading = context;
	struct weir_nic *nic = reading->nic;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		snprintf(nic->name, sizeof(nic->name), "%s", mnl_attr_get_str(attribute));
		break;
	case IFLA_LINK:
		nic->link = mnl_attr_get_u32(attribute);
		break;
	case IFLA_MASTER:
		nic->master = mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINK_NETNSID:
		reading->is_elsewhere = true;
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attribute, read_kind, nic);
		break;
	}
	return MNL_CB_OK;
}

static int collect(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct weir_nics *nics = context;
	struct reading reading = {};

	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	reading.nic = weir_array_add(&nics->items, &nics->count);
	if (!reading.nic) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	mnl_attr_parse(message, sizeof(*info), read_attribute, &reading);
	reading.nic->index = info->ifi_index;
	reading.nic->flags = info->ifi_flags;
	/* A veth's link is its other end, not what it lies on. */
	if (reading.is_elsewhere || !strcmp(reading.nic->kind, "veth") ||
	    reading.nic->link == reading.nic->index)
		reading.nic->link = 0;
	return MNL_CB_OK;
}

static int dump(struct weir_nics *ret_nics)
{
	struct weir_nics nics = {};
	int r = weir_netlink_dump(RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg), collect, &nics);

	if (r) {
		weir_nics_done(&nics);
		return r;
	}
	*ret_nics = nics;
	return 0;
}

/* The kernel says where an interface has come or gone meanwhile: others may then be missing. */
int weir_nics_read(struct weir_nics *ret_nics)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < DUMPS_MAX; i++)
		r = dump(ret_nics);
	return r;
}

void weir_nics_done(struct weir_nics *nics)
{
	free(nics->items);
	*nics = (struct weir_nics){};
}

const struct weir_nic *weir_nics_find(const struct weir_nics *nics, __u32 index)
{
	for (size_t i = 0; i < nics->count; i++)
		if (nics->items[i].index == index)
			return &nics->items[i];
	return NULL;
}

static bool leads_by(const struct weir_nics *nics, __u32 index, const __u32 *gates, size_t count,
		     int depth)
{
	for (size_t i = 0; i < count; i++)
		if (gates[i] == index)
			return true;
	for (size_t i = 0; depth < DEPTH_MAX && i < nics->count; i++) {
		const struct weir_nic *other = &nics->items[i];

		if (other->index == index && other->link &&
		    leads_by(nics, other->link, gates, count, depth + 1))
			return true;
		if (other->master == index && leads_by(nics, other->index, gates, count, depth + 1))
			return true;
	}
	return false;
}

bool weir_nics_leads_by(const struct weir_nics *nics, __u32 index, const __u32 *gates,
			size_t gates_count)
{
	return index && leads_by(nics, index, gates, gates_count, 0);
}
