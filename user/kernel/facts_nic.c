/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An interface's name -> what its driver allows, by ethtool's ioctl, sysfs, and the netdev family
 * of generic netlink (Linux 6.3), which alone tells XDP features without attaching anything.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/facts.h"
#include "net/netlink.h"

/* linux/netdev.h, which Debian 12 does not have yet. */
enum { NETDEV_CMD_DEV_GET = 1, NETDEV_A_DEV_IFINDEX = 1, NETDEV_A_DEV_XDP_FEATURES = 3 };
#define NETDEV_XDP_ACT_BASIC 1u
#define NETDEV_XDP_ACT_RX_SG 32u

enum { PATH_BYTES = 256, CPUS_MAX = 4096, REQUEST_BYTES = 256 };

/* ---- XDP features ---------------------------------------------------------------------- */

struct reply {
	__u16 family;
	__u64 features;
	bool has_features;
};

static int read_attribute(const struct nlattr *attribute, void *context)
{
	struct reply *reply = context;

	if (!reply->family && mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID)
		reply->family = mnl_attr_get_u16(attribute);
	return MNL_CB_OK;
}

static int read_family(const struct nlmsghdr *message, void *context)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr), read_attribute, context);
}

static int read_feature(const struct nlattr *attribute, void *context)
{
	struct reply *reply = context;

	if (mnl_attr_get_type(attribute) == NETDEV_A_DEV_XDP_FEATURES &&
	    mnl_attr_get_payload_len(attribute) == sizeof(__u64)) {
		reply->features = mnl_attr_get_u64(attribute);
		reply->has_features = true;
	}
	return MNL_CB_OK;
}

static int read_features(const struct nlmsghdr *message, void *context)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr), read_feature, context);
}

static struct nlmsghdr *make_request(char buffer[static REQUEST_BYTES], __u16 family, __u8 command)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *head;

	request->nlmsg_type = family;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	head->cmd = command;
	head->version = 1;
	return request;
}

static void ask_features(unsigned int ifindex, struct weir_nic_facts *nic)
{
	char buffer[REQUEST_BYTES];
	struct reply reply = {};
	struct nlmsghdr *request = make_request(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);

	nic->native = nic->frags = WEIR_UNKNOWN;
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, "netdev");
	if (weir_netlink_talk(NETLINK_GENERIC, request, read_family, &reply) || !reply.family)
		return;
	request = make_request(buffer, reply.family, NETDEV_CMD_DEV_GET);
	mnl_attr_put_u32(request, NETDEV_A_DEV_IFINDEX, ifindex);
	if (weir_netlink_talk(NETLINK_GENERIC, request, read_features, &reply) ||
	    !reply.has_features)
		return;
	nic->native = reply.features & NETDEV_XDP_ACT_BASIC ? WEIR_YES : WEIR_NO;
	nic->frags = reply.features & NETDEV_XDP_ACT_RX_SG ? WEIR_YES : WEIR_NO;
}

/* What runs on it shows what it can. */
static void ask_running(unsigned int ifindex, struct weir_nic_facts *nic)
{
	struct weir_running running = {};

	if (weir_running_on(ifindex, &running) || !running.program_id)
		return;
	nic->is_filtered = true;
	if (running.mode == WEIR_MODE_NATIVE)
		nic->native = WEIR_YES;
}

/* ---- the driver ------------------------------------------------------------------------ */

static void ask_driver(int socket, struct weir_nic_facts *nic)
{
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq request = {};

	memcpy(request.ifr_name, nic->name, IF_NAMESIZE);
	nic->lro = WEIR_UNKNOWN;
	if (!ioctl(socket, SIOCGIFMTU, &request))
		nic->mtu = (__u32)request.ifr_mtu;
	if (!ioctl(socket, SIOCGIFFLAGS, &request))
		nic->is_up = request.ifr_flags & IFF_UP;
	request.ifr_data = (char *)&driver;
	if (!ioctl(socket, SIOCETHTOOL, &request))
		snprintf(nic->driver, sizeof(nic->driver), "%.31s", driver.driver);
	request.ifr_data = (char *)&flags;
	if (!ioctl(socket, SIOCETHTOOL, &request))
		nic->lro = flags.data & ETH_FLAG_LRO ? WEIR_YES : WEIR_NO;
}

static void ask_channels(int socket, struct weir_nic_facts *nic)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (char *)&channels};

	memcpy(request.ifr_name, nic->name, IF_NAMESIZE);
	if (ioctl(socket, SIOCETHTOOL, &request))
		return;
	nic->queues = channels.combined_count + channels.rx_count;
	nic->queues_are_combined = channels.max_combined;
	nic->queues_max = channels.max_combined ?: channels.max_rx;
}

/* ---- queues and their interrupts ------------------------------------------------------- */

/* For devices without channels, as tunnels. /sys has the interfaces of one network namespace. */
static __u32 count_queues(const char *name)
{
	char path[PATH_BYTES];
	const struct dirent *entry;
	__u32 count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", name);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		count += !strncmp(entry->d_name, "rx-", 3);
	if (folder)
		closedir(folder);
	return count;
}

/* Mark the CPUs of a list as the kernel writes it: `0-3,8`. */
static void mark_cpus(const char *list, bool cpus[static CPUS_MAX])
{
	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long low = strtoul(list, &end, 10), high = low;

		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		for (unsigned long cpu = low; cpu <= high && cpu < CPUS_MAX; cpu++)
			cpus[cpu] = true;
		list = *end == ',' ? end + 1 : "";
	}
}

static void mark_interrupt(const char *number, bool cpus[static CPUS_MAX])
{
	char path[PATH_BYTES], list[256];
	_cleanup_fclose_ FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/irq/%.32s/effective_affinity_list", number);
	file = fopen(path, "re");
	if (file && fgets(list, sizeof(list), file))
		mark_cpus(list, cpus);
}

/* The CPUs that the device's interrupts go to; 0: it has none that can be seen. */
static __u32 count_cpus(const char *name)
{
	_cleanup_free_ bool *cpus = calloc(CPUS_MAX, sizeof(*cpus));
	char path[PATH_BYTES];
	const struct dirent *entry;
	__u32 count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/sys/class/net/%s/device/msi_irqs", name);
	folder = cpus ? opendir(path) : NULL;
	while (folder && (entry = readdir(folder)))
		if (*entry->d_name != '.')
			mark_interrupt(entry->d_name, cpus);
	if (folder)
		closedir(folder);
	for (int i = 0; cpus && i < CPUS_MAX; i++)
		count += cpus[i];
	return count;
}

/* ---- the whole ------------------------------------------------------------------------- */

static __u32 read_rp_filter(const char *name)
{
	char path[PATH_BYTES];
	long value;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", name);
	value = weir_facts_number(path);
	return value < 0 ? 0 : (__u32)value;
}

int weir_facts_nic(const char *name, struct weir_nic_facts *ret_nic)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int ifindex = if_nametoindex(name);
	struct weir_nic_facts nic = {};
	__u32 all;

	if (!ifindex)
		return -ENODEV;
	if (fd < 0)
		return -errno;
	snprintf(nic.name, sizeof(nic.name), "%s", name);
	ask_driver(fd, &nic);
	ask_channels(fd, &nic);
	ask_features(ifindex, &nic);
	ask_running(ifindex, &nic);
	nic.queues = nic.queues ?: count_queues(name);
	nic.cpus = count_cpus(name);
	/* The kernel goes by the larger of the two (Documentation/networking/ip-sysctl). */
	all = read_rp_filter("all");
	nic.rp_filter = read_rp_filter(name);
	nic.rp_filter = all > nic.rp_filter ? all : nic.rp_filter;
	*ret_nic = nic;
	return 0;
}
