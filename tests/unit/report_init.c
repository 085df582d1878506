/* SPDX-License-Identifier: GPL-2.0-only */
/* What is proposed for a machine, and that it can be read back as it was meant. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "report/init.h"

static struct weir_survey survey;
static struct weir_survey_address addresses[8];
static struct weir_peer peers[200], bgp[4];
static struct weir_config *config;
static struct weir_diags diags;
static char folder[] = "/tmp/weir-init-XXXXXX";
static char *text;

static void init(void)
{
	cr_assert(mkdtemp(folder));
	survey = (struct weir_survey){.addresses = addresses, .peers = peers, .bgp = bgp};
}

static void done(void)
{
	char command[64];

	weir_config_free(&config);
	weir_diags_done(&diags);
	free(text);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_expect_eq(system(command), 0);
}

TestSuite(init, .init = init, .fini = done);

static struct weir_survey_address *address(const char *interface, const char *prefix)
{
	struct weir_survey_address *item = &addresses[survey.addresses_count++];
	struct weir_prefix parsed;
	char host[32];

	cr_assert_eq(weir_prefix_parse(prefix, strlen(prefix), &parsed, NULL, NULL), 0);
	snprintf(host, sizeof(host), "%.*s", (int)strcspn(prefix, "/"), prefix);
	*item = (struct weir_survey_address){
		ntohl(inet_addr(host)), parsed.length, false, true, true, ""};
	snprintf(item->interface, IF_NAMESIZE, "%s", interface);
	return item;
}

static void gate(const char *interface)
{
	snprintf(survey.gates[survey.gates_count++], IF_NAMESIZE, "%s", interface);
	snprintf(survey.way, IF_NAMESIZE, "%s", interface);
}

static struct weir_peer *peer(struct weir_peer *items, size_t *count, const char *from,
			      const char *to, __u16 port)
{
	struct weir_peer *item = &items[(*count)++];

	*item = (struct weir_peer){.port = port, .is_ipv6 = strchr(from, ':')};
	inet_pton(item->is_ipv6 ? AF_INET6 : AF_INET, from, item->address);
	inet_pton(item->is_ipv6 ? AF_INET6 : AF_INET, to, item->local);
	return item;
}

static void write_file(const char *name, const char *content)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	cr_assert(file);
	fputs(content, file);
	fclose(file);
}

/* The proposal, read back by the loader that will read it. */
static void propose(void)
{
	char path[64];

	text = weir_init_yaml(&survey, "test.region");
	cr_assert(text);
	write_file("weir.yaml", text);
	write_file("test.region", "region test\ningress 203.0.113.10/32 rate 1GB/s burst 1GB\n");
	snprintf(path, sizeof(path), "%s/weir.yaml", folder);
	cr_assert_eq(weir_config_load(path, &diags, &config), 0, "%s\n%s",
		     diags.count ? diags.items[0].text : "", text);
}

Test(init, of_an_ordinary_machine_names_interface_and_session)
{
	gate("eth0");
	address("eth0", "198.51.100.1/24");
	peer(peers, &survey.peers_count, "192.0.2.7", "198.51.100.1", 22);
	propose();
	cr_expect_eq(config->interfaces_count, 1);
	cr_expect_str_eq(config->interfaces[0].name, "eth0");
	cr_expect_eq(config->machine_count, 0, "those of the interface are found at each apply");
	cr_assert_eq(config->management_count, 1, "no lease, no rule for one\n%s", text);
	cr_expect_eq(config->management[0].protocol, IPPROTO_TCP);
	cr_expect_eq(config->management[0].from.address, 0xc0000207);
	cr_expect_eq(config->management[0].from.length, 32);
	cr_expect_eq(config->management[0].to.address, 0xc6336401);
	cr_expect_eq(config->management[0].port_low, 22);
}

Test(init, of_a_machine_where_nothing_was_found_can_still_be_read)
{
	propose();
	cr_expect_eq(config->interfaces_count, 1);
	cr_expect_eq(config->management_count, 0);
	cr_expect(strstr(text, "name it"));
	cr_expect(strstr(text, "Leave yourself a way in"));
}

Test(init, lets_the_answers_of_a_dhcp_server_in_where_a_client_lives)
{
	gate("eth0");
	address("eth0", "198.51.100.1/24")->is_dynamic = true;
	propose();
	cr_assert_eq(config->management_count, 1);
	cr_expect_eq(config->management[0].port_low, 68);
	cr_expect(strstr(text, "an address has a lifetime"));
}

Test(init, states_the_machines_addresses_where_some_lie_above_the_interface)
{
	gate("eth0");
	address("eth0.7", "198.51.100.1/24")->is_own = false;
	address("lo", "10.0.0.1/32")->is_own = false;
	address("eth1", "10.1.0.1/16")->is_gated = false;
	propose();
	cr_assert_eq(config->machine_count, 2, "%s", text);
	cr_expect_eq(config->machine[0] ^ config->machine[1], 0xc6336401 ^ 0x0a000001);
}

Test(init, gives_routing_daemons_their_rules)
{
	gate("eth0");
	address("eth0", "198.51.100.1/24");
	address("lo", "10.0.0.1/32");
	peer(bgp, &survey.bgp_count, "198.51.100.254", "198.51.100.1", 179);
	survey.has_bfd = survey.has_multihop_bfd = survey.has_ospf = survey.has_vrrp = true;
	survey.has_pim = survey.listens_bgp = true;
	propose();
	cr_assert_eq(config->management_count, 6, "%s", text);
	cr_expect_eq(config->management[0].port_low, 179);
	cr_expect_eq(config->management[1].port_low, 3784);
	cr_expect_eq(config->management[1].from.address, 0xc63364fe, "the peer of BGP");
	cr_expect_eq(config->management[2].port_low, 4784);
	cr_expect_eq(config->management[3].protocol, 89);
	cr_expect_eq(config->management[3].from.length, 24, "whoever is in the network");
	cr_expect_eq(config->management[4].protocol, 112);
	cr_expect_eq(config->management[5].protocol, 103);
}

Test(init, proposes_no_more_rules_than_a_file_may_have)
{
	char from[32];

	gate("eth0");
	address("eth0", "198.51.100.1/24")->is_dynamic = true;
	for (int i = 0; i < 200; i++) {
		snprintf(from, sizeof(from), "192.0.2.%d", i);
		peer(peers, &survey.peers_count, from, "198.51.100.1", 22);
	}
	survey.has_vrrp = true;
	propose();
	cr_expect_eq(config->management_count, WEIR_RULES_MAX);
	cr_expect(strstr(text, "More than fit"));
}

Test(init, has_no_rule_for_ipv6_but_says_so)
{
	gate("eth0");
	peer(peers, &survey.peers_count, "2001:db8::7", "2001:db8::1", 22);
	propose();
	cr_expect_eq(config->management_count, 0);
	cr_expect(strstr(text, "2001:db8::7 to 2001:db8::1 port 22: by IPv6"));
}

Test(init, quotes_names_that_yaml_would_read_otherwise)
{
	gate("a,b]'#");
	gate("eth1");
	propose();
	cr_assert_eq(config->interfaces_count, 2);
	cr_expect_str_eq(config->interfaces[0].name, "a,b]'#");
}

Test(init, leaves_the_region_to_be_named)
{
	text = weir_init_yaml(&survey, NULL);
	cr_expect(strstr(text, "\nregion: NAME\n"));
}
