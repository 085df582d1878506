/* SPDX-License-Identifier: GPL-2.0-only */
/* A weir.yaml that does not check -> rules that keep a machine within reach. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

static char path[64];
static struct weir_config *config;

static void setup(void)
{
	int fd;

	strcpy(path, "/tmp/weir-unit-management-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
}

static void teardown(void)
{
	weir_config_free(&config);
	unlink(path);
}

TestSuite(config_management_only, .init = setup, .fini = teardown);

static void load(const char *text)
{
	FILE *to = fopen(path, "w");

	cr_assert_not_null(to);
	fputs(text, to);
	fclose(to);
	cr_assert_eq(weir_config_load_management(path, &config), 0);
	cr_assert_eq(config->fingerprint, WEIR_FINGERPRINT_MANAGEMENT);
	cr_assert_eq(config->region.ingress_count + config->denylists_count, 0);
}

static void assert_lifeline(void)
{
	const struct weir_management *dhcp = &config->management[0], *ssh = dhcp + 1;

	cr_assert_eq(config->management_count, 2);
	cr_assert(dhcp->protocol == IPPROTO_UDP && dhcp->source_port_low == 67 &&
		  dhcp->source_port_high == 67 && dhcp->port_low == 68 && dhcp->port_high == 68);
	cr_assert(ssh->protocol == IPPROTO_TCP && ssh->from.length == 0 && ssh->to.length == 0 &&
		  ssh->source_port_low == 0 && ssh->source_port_high == 65535 &&
		  ssh->port_low == 22 && ssh->port_high == 22);
}

Test(config_management_only, takes_the_rules_of_a_file_that_names_what_is_not_there)
{
	load("region: nowhere\ninterfaces: [{name: eth1, mode: skb}]\ndenylists: [none.txt]\n"
	     "dhcp: false\nmachine: [192.0.2.4]\nunknown: 3\nports: {open: [70000]}\n"
	     "management: [{from: 192.0.2.0/24, protocol: tcp, port: 2222}]\n");
	cr_assert_eq(config->management_count, 1);
	cr_assert_eq(config->management[0].port_low, 2222);
	cr_assert_eq(config->interfaces_count, 1);
	cr_assert_eq(config->interfaces[0].mode, WEIR_MODE_SKB);
	cr_assert_eq(config->machine_count, 1);
}

Test(config_management_only, takes_no_part_of_rules_of_which_one_is_wrong)
{
	load("management:\n  - {from: 192.0.2.0/24, protocol: tcp, port: 2222}\n"
	     "  - {from: 192.0.2.0/33, protocol: tcp, port: 22}\n");
	assert_lifeline();
}

Test(config_management_only, lets_ssh_in_where_there_are_no_rules)
{
	load("region: nowhere\ninterfaces: [eth1]\n");
	assert_lifeline();
	cr_assert_eq(config->interfaces_count, 1);
}

Test(config_management_only, lets_ssh_in_when_the_file_is_no_yaml)
{
	load("management: [{from: 192.0.2.0/24, protocol: tcp\n");
	assert_lifeline();
	cr_assert_eq(config->interfaces_count, 0);
}

Test(config_management_only, lets_ssh_in_without_a_file)
{
	cr_assert_eq(weir_config_load_management("/nowhere/weir.yaml", &config), 0);
	assert_lifeline();
}

Test(config_management_only, needs_no_connection_tracking)
{
	load("egress: nat\n");
	cr_assert_not(config->does_nat);
}
