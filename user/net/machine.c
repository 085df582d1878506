/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which addresses are the machine's own? Those of weir.yaml, else those of its interfaces.
 *
 * Ingress addresses are left out, should an interface have one: the gate has rules of its own for
 * those.
 */
#include "net/machine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fail.h"
#include "plan/addresses.h"

static void freeifaddrsp(struct ifaddrs **list)
{
	if (*list)
		freeifaddrs(*list);
}

static bool is_wanted(const struct weir_config *config, const struct ifaddrs *item)
{
	if (!item->ifa_addr || item->ifa_addr->sa_family != AF_INET)
		return false;
	if (!config->interfaces_count)
		return !(item->ifa_flags & IFF_LOOPBACK);
	for (size_t i = 0; i < config->interfaces_count; i++)
		if (!strcmp(config->interfaces[i].name, item->ifa_name))
			return true;
	return false;
}

static bool is_ingress(const struct weir_config *config, __u32 address)
{
	for (size_t i = 0; i < config->region.ingress_count; i++)
		if (config->region.ingress[i].address == address)
			return true;
	return false;
}

static int add(__u32 **addresses, size_t *count, __u32 address)
{
	__u32 *next = weir_array_add(addresses, count);

	if (!next)
		return -ENOMEM;
	*next = address;
	return 0;
}

int weir_machine_addresses(const struct weir_config *config, struct weir_diags *diags,
			   __u32 **ret_addresses, size_t *ret_count)
{
	_cleanup_(freeifaddrsp) struct ifaddrs *list = NULL;
	_cleanup_free_ __u32 *addresses = NULL;
	size_t count = 0;
	int r = 0;

	if (!config->machine_count && getifaddrs(&list))
		return weir_fail(diags, -errno, "cannot list the machine's addresses: %s",
				 strerror(errno));
	for (size_t i = 0; !r && i < config->machine_count; i++)
		r = add(&addresses, &count, config->machine[i]);
	for (const struct ifaddrs *item = list; !r && item; item = item->ifa_next) {
		__u32 address;

		if (!is_wanted(config, item))
			continue;
		address = ntohl(((struct sockaddr_in *)item->ifa_addr)->sin_addr.s_addr);
		if (!is_ingress(config, address))
			r = add(&addresses, &count, address);
	}
	if (r)
		return weir_fail(diags, r, "out of memory");
	*ret_count = weir_addresses_sort(addresses, count);
	*ret_addresses = take_pointer(addresses);
	return 0;
}
