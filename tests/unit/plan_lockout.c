/* SPDX-License-Identifier: GPL-2.0-only */
/* Which sockets make a peer, and what is written about it. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "plan/lockout.h"

static struct weir_socket sockets[16];
static size_t count;
static struct weir_peer *peers;
static size_t peers_count;

static void done(void)
{
	free(peers);
}

TestSuite(lockout, .fini = done);

static void put(__u8 to[static 16], const char *text)
{
	memset(to, 0, 16);
	cr_assert_eq(inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, to), 1, "%s", text);
}

static void add(const char *local, __u16 local_port, const char *remote, bool is_listening)
{
	struct weir_socket *socket = &sockets[count++];

	*socket = (struct weir_socket){.local_port = local_port,
				       .is_listening = is_listening,
				       .is_ipv6 = strchr(local, ':')};
	put(socket->local, local);
	put(socket->remote, remote);
	weir_socket_unmap(socket);
}

static void listens(const char *local, __u16 port)
{
	add(local, port, strchr(local, ':') ? "::" : "0.0.0.0", true);
}

static void connected(const char *local, __u16 port, const char *remote)
{
	add(local, port, remote, false);
}

static size_t find(void)
{
	cr_assert_eq(weir_peers_find(sockets, count, &peers, &peers_count), 0);
	return peers_count;
}

static void expect_peer(size_t i, const char *want)
{
	char text[WEIR_ENDS_TEXT_MAX];

	cr_assert_lt(i, peers_count);
	cr_expect_str_eq(weir_peer_format(&peers[i], text), want);
}

Test(lockout, peer_is_whoever_is_connected_to_a_port_that_is_listened_on)
{
	listens("0.0.0.0", 22);
	connected("198.51.100.1", 22, "192.0.2.7");
	connected("198.51.100.1", 40001, "192.0.2.8");
	cr_assert_eq(find(), 1);
	expect_peer(0, "192.0.2.7 to 198.51.100.1 port 22");
}

Test(lockout, listener_on_one_address_speaks_for_no_other)
{
	listens("198.51.100.1", 22);
	connected("198.51.100.2", 22, "192.0.2.7");
	cr_expect_eq(find(), 0);
}

Test(lockout, listener_on_ipv6_takes_ipv4_too)
{
	listens("::", 22);
	connected("::ffff:198.51.100.1", 22, "::ffff:192.0.2.7");
	connected("2001:db8::1", 22, "2001:db8::7");
	cr_assert_eq(find(), 2);
	expect_peer(0, "2001:db8::7 to 2001:db8::1 port 22");
	expect_peer(1, "192.0.2.7 to 198.51.100.1 port 22");
	cr_expect(peers[0].is_ipv6);
	cr_expect_not(peers[1].is_ipv6);
}

Test(lockout, listener_on_a_mapped_address_is_one_of_ipv4)
{
	listens("::ffff:198.51.100.1", 22);
	connected("::ffff:198.51.100.1", 22, "::ffff:192.0.2.7");
	cr_expect_eq(find(), 1);
}

Test(lockout, listener_on_ipv4_takes_no_ipv6)
{
	listens("0.0.0.0", 22);
	connected("2001:db8::1", 22, "2001:db8::7");
	cr_expect_eq(find(), 0);
}

Test(lockout, peer_is_named_once_however_often_it_is_connected)
{
	listens("0.0.0.0", 22);
	listens("0.0.0.0", 25);
	connected("198.51.100.1", 22, "192.0.2.7");
	connected("198.51.100.1", 25, "192.0.2.7");
	connected("198.51.100.1", 22, "192.0.2.7");
	connected("198.51.100.1", 22, "192.0.2.6");
	cr_assert_eq(find(), 3);
	expect_peer(0, "192.0.2.6 to 198.51.100.1 port 22");
	expect_peer(1, "192.0.2.7 to 198.51.100.1 port 22");
	expect_peer(2, "192.0.2.7 to 198.51.100.1 port 25");
}

Test(lockout, loopback_is_no_peer)
{
	listens("::", 22);
	connected("127.0.0.1", 22, "127.0.0.1");
	connected("::ffff:127.0.0.1", 22, "::ffff:127.0.0.5");
	connected("::1", 22, "::1");
	cr_expect_eq(find(), 0);
}

Test(lockout, nobody_connected_is_no_peer)
{
	cr_expect_eq(find(), 0);
	listens("0.0.0.0", 22);
	cr_expect_eq(find(), 0);
}

Test(lockout, line_for_the_file_names_both_ends_and_the_port)
{
	char line[WEIR_LINE_TEXT_MAX];

	listens("0.0.0.0", 22);
	connected("255.255.255.255", 65535, "255.255.255.254");
	sockets[0].local_port = 65535;
	cr_assert_eq(find(), 1);
	cr_expect_str_eq(weir_peer_rule(&peers[0], line),
			 "  - {protocol: tcp, from: 255.255.255.254/32, to: 255.255.255.255/32, "
			 "port: 65535}");
}

Test(lockout, rule_counts_only_where_all_of_it_matches)
{
	struct weir_policy policy = {.rules_count = 1};
	struct weir_rule *rule = &policy.rules[0], whole;

	listens("0.0.0.0", 22);
	connected("198.51.100.1", 22, "192.0.2.7");
	cr_assert_eq(find(), 1);
	whole = *rule = (struct weir_rule){.source = inet_addr("192.0.2.0"),
					   .source_mask = inet_addr("255.255.255.0"),
					   .source_port_high = 65535,
					   .port_low = 22,
					   .port_high = 22,
					   .protocol = IPPROTO_TCP};
	cr_expect(weir_peer_is_managed(&peers[0], &policy));
	/* By the port that the guard takes for the peer's; both ends belong to a range. */
	rule->source_port_low = rule->source_port_high = weir_peer_syn(&peers[0]).source_port;
	cr_expect(weir_peer_is_managed(&peers[0], &policy));
	rule->source_port_low++, rule->source_port_high++;
	cr_expect_not(weir_peer_is_managed(&peers[0], &policy));
	rule->source_port_low = 0, rule->source_port_high -= 2;
	cr_expect_not(weir_peer_is_managed(&peers[0], &policy));
	*rule = whole;
	rule->protocol = IPPROTO_UDP;
	cr_expect_not(weir_peer_is_managed(&peers[0], &policy));
	*rule = whole;
	rule->port_low = rule->port_high = 23;
	cr_expect_not(weir_peer_is_managed(&peers[0], &policy));
	*rule = whole;
	rule->source = inet_addr("192.0.3.0");
	cr_expect_not(weir_peer_is_managed(&peers[0], &policy));
	*rule = whole;
	rule->destination = rule->destination_mask = inet_addr("198.51.100.2");
	cr_expect_not(weir_peer_is_managed(&peers[0], &policy));
	policy.rules_count = 0;
	*rule = whole;
	cr_expect_not(weir_peer_is_managed(&peers[0], &policy));
}
