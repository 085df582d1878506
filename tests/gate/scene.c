/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scene that most gate tests play in: a small configuration made by hand over the addresses
 * of fixture.h, and those addresses on the loopback device where a test needs sockets.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "fixture.h"

struct weir_config gate_config(void)
{
	static struct weir_ingress ingress[] = {
		{.address = INGRESS, .bytes_per_s = 20000000, .burst_bytes = 1600000000},
		{.address = INGRESS2, .bytes_per_s = 20000000, .burst_bytes = 1600000000},
	};
	static struct weir_egress egress[] = {{.address = EGRESS}};
	static struct weir_listed denied[] = {{.prefix = {0xcb007100, 24}},
					      {.prefix = {CDN_LISTED, 32}},
					      {.prefix = {OPERATOR_LISTED, 32}}};
	static struct weir_listed allowed[] = {{.prefix = {ALLOWED, 32}}};
	static struct weir_listed cdn[] = {{.prefix = {0xc6120000, 16}}};
	static struct weir_list denylists[] = {{.name = "bad", .entries = denied, .count = 3}};
	static struct weir_management management[] = {
		/* a DHCP server's answer, and SSH for the operators */
		{.protocol = IPPROTO_UDP,
		 .source_port_low = 67,
		 .source_port_high = 67,
		 .port_low = 68,
		 .port_high = 68},
		{.protocol = IPPROTO_TCP,
		 .from = {0x0a010000, 16},
		 .source_port_high = 65535,
		 .port_low = 22,
		 .port_high = 22},
	};
	static struct weir_backend backends[] = {{.prefix = {0x0a020000, 16}}};

	return (struct weir_config){
		.region = {.ingress = ingress,
			   .ingress_count = 2,
			   .egress = egress,
			   .egress_count = 1},
		.open_ports = {{80, WEIR_HTTP}, {443, WEIR_TLS}},
		.open_ports_count = 2,
		.cdn_ports = {{8080, WEIR_HTTP}, {8443, WEIR_TLS}},
		.cdn_ports_count = 2,
		.cdn = {.entries = cdn, .count = 1},
		.denylists = denylists,
		.denylists_count = 1,
		.allowlist = {.entries = allowed, .count = 1},
		.management = management,
		.management_count = 2,
		.backends = backends,
		.backends_count = 1,
	};
}

struct gate *gate_start_configured(void)
{
	struct gate *gate = gate_start(1024);
	struct weir_config config = gate_config();
	__u32 machine[] = {MACHINE};

	gate_apply_config(gate, &config, machine, 1);
	return gate;
}

void gate_add_address(__u32 address)
{
	static int number;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {};

	strcpy(request.ifr_name, "lo");
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0, "lo up: %s", strerror(errno));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "lo:%d", number++);
	memcpy(&request.ifr_addr, &in, sizeof(in));
	cr_assert_eq(ioctl(fd, SIOCSIFADDR, &request), 0, "lo address: %s", strerror(errno));
}
