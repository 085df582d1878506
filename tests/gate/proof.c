/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Return traffic: packets that answer real sockets of the test's own namespace, and packets that
 * only look as if they did.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"
#include "sockets.h"

static struct gate *start(void)
{
	struct gate *gate = gate_start_configured();

	gate_add_address(EGRESS);
	gate_add_address(MACHINE);
	gate_add_address(INGRESS);
	gate_add_address(CLIENT);
	return gate;
}

/* A packet from the far end of the pair, which is at CLIENT. */
static struct frame_spec answer(const struct tcp_pair *pair, __u8 flags)
{
	return (struct frame_spec){.from = CLIENT,
				   .to = EGRESS,
				   .sport = pair->far_port,
				   .port = pair->near_port,
				   .flags = flags};
}

Test(gate_proof, passes_what_answers_a_tcp_connection)
{
	struct gate *gate = start();
	struct tcp_pair pair = tcp_connect(EGRESS, CLIENT, 443);
	struct frame_spec other;

	gate_expect_spec(gate, "ACK", answer(&pair, ACK), WEIR_PASS_RETURN_TCP);
	gate_expect_spec(gate, "SYN ACK", answer(&pair, SYN | ACK), WEIR_PASS_RETURN_TCP);
	gate_expect_spec(gate, "FIN ACK", answer(&pair, FIN | ACK), WEIR_PASS_RETURN_TCP);
	gate_expect_spec(gate, "RST", answer(&pair, RST), WEIR_PASS_RETURN_TCP);
	gate_expect_spec(gate, "a bare SYN", answer(&pair, SYN), WEIR_DROP_UNSOLICITED);
	other = answer(&pair, ACK);
	other.sport++;
	gate_expect_spec(gate, "another far port", other, WEIR_DROP_UNSOLICITED);
	other = answer(&pair, ACK);
	other.port++;
	gate_expect_spec(gate, "another near port", other, WEIR_DROP_UNSOLICITED);
	other = answer(&pair, ACK);
	other.from++;
	gate_expect_spec(gate, "another far address", other, WEIR_DROP_UNSOLICITED);
	other = answer(&pair, ACK);
	other.to = MACHINE;
	gate_expect_spec(gate, "another near address", other, WEIR_DROP_UNSOLICITED);
	other = answer(&pair, ACK);
	other.protocol = IPPROTO_UDP;
	gate_expect_spec(gate, "by UDP", other, WEIR_DROP_UNSOLICITED);
}

/* The side that closed first waits, and its peer's last FIN may have to come again. */
Test(gate_proof, passes_what_answers_a_connection_in_time_wait)
{
	struct gate *gate = start();
	struct tcp_pair pair = tcp_connect(EGRESS, CLIENT, 443);

	close(pair.near);
	close(pair.far);
	gate_expect_spec(gate, "FIN ACK", answer(&pair, FIN | ACK), WEIR_PASS_RETURN_TCP);
}

Test(gate_proof, drops_what_answers_a_connection_that_is_gone)
{
	struct gate *gate = start();
	struct tcp_pair pair = tcp_connect(EGRESS, CLIENT, 443);
	struct linger reset = {.l_onoff = 1};

	setsockopt(pair.near, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(pair.near);
	gate_expect_spec(gate, "ACK", answer(&pair, ACK), WEIR_DROP_UNSOLICITED);
}

Test(gate_proof, drops_what_comes_to_a_listener)
{
	struct gate *gate = start();
	static const __u8 flags[] = {SYN, ACK, SYN | ACK, RST, FIN | ACK};

	tcp_listen(MACHINE, 22);
	tcp_listen(INADDR_ANY, 2222);
	for (size_t i = 0; i < sizeof(flags); i++) {
		struct frame_spec spec = {
			.from = CLIENT, .to = MACHINE, .port = 22, .flags = flags[i]};

		gate_expect_spec(gate, "bound to the address", spec, WEIR_DROP_UNSOLICITED);
		spec.port = 2222;
		gate_expect_spec(gate, "bound to any address", spec, WEIR_DROP_UNSOLICITED);
	}
}

Test(gate_proof, passes_what_answers_a_connected_udp_socket)
{
	struct gate *gate = start();
	struct frame_spec spec = {.from = CLIENT,
				  .to = EGRESS,
				  .protocol = IPPROTO_UDP,
				  .sport = 53,
				  .port = 5000,
				  .payload = 100};

	udp_open(EGRESS, 5000, CLIENT, 53);
	gate_expect_spec(gate, "the answer", spec, WEIR_PASS_RETURN_UDP);
	spec.sport = 54;
	gate_expect_spec(gate, "from another port", spec, WEIR_DROP_UNSOLICITED);
	spec.sport = 53;
	spec.from++;
	gate_expect_spec(gate, "from another address", spec, WEIR_DROP_UNSOLICITED);
	spec.from--;
	spec.port++;
	gate_expect_spec(gate, "to another port", spec, WEIR_DROP_UNSOLICITED);
}

Test(gate_proof, drops_what_comes_to_a_udp_server)
{
	struct gate *gate = start();
	struct frame_spec spec = {
		.from = CLIENT, .to = MACHINE, .protocol = IPPROTO_UDP, .port = 123};

	udp_open(INADDR_ANY, 123, 0, 0);
	udp_open(MACHINE, 161, 0, 0);
	gate_expect_spec(gate, "bound to any address", spec, WEIR_DROP_UNSOLICITED);
	spec.port = 161;
	gate_expect_spec(gate, "bound to the address", spec, WEIR_DROP_UNSOLICITED);
}

/* ---- ICMP -------------------------------------------------------------------------------- */

/* A router, of any address, says that a packet of ours was too large. */
static struct frame_spec too_large(__u32 near, __u16 near_port, __u32 far, __u16 far_port)
{
	return (struct frame_spec){.from = 0xc6336463,
				   .to = near,
				   .protocol = IPPROTO_ICMP,
				   .type = 3,
				   .code = 4,
				   .quote_from = near,
				   .quote_to = far,
				   .quote_sport = near_port,
				   .quote_port = far_port};
}

Test(gate_proof, passes_fragmentation_needed_that_quotes_a_live_connection)
{
	struct gate *gate = start();
	struct tcp_pair out = tcp_connect(EGRESS, CLIENT, 443);
	struct tcp_pair in = tcp_connect(CLIENT, INGRESS, 80);
	struct frame_spec spec;

	gate_expect_spec(gate, "of an outgoing connection",
			 too_large(EGRESS, out.near_port, CLIENT, 443), WEIR_PASS_ICMP);
	gate_expect_spec(gate, "of an ingress connection",
			 too_large(INGRESS, 80, CLIENT, in.near_port), WEIR_PASS_ICMP);
	gate_expect_spec(gate, "of another port", too_large(INGRESS, 80, CLIENT, in.near_port + 1),
			 WEIR_DROP_UNSOLICITED);
	gate_expect_spec(gate, "of another far address",
			 too_large(INGRESS, 80, CLIENT + 1, in.near_port), WEIR_DROP_UNSOLICITED);

	/* The other way round: a packet that was never ours. */
	gate_expect_spec(gate, "turned round", too_large(CLIENT, in.near_port, INGRESS, 80),
			 WEIR_DROP_NOT_INGRESS);
	spec = too_large(INGRESS, 80, CLIENT, in.near_port);
	spec.to = EGRESS;
	gate_expect_spec(gate, "to another address of ours", spec, WEIR_DROP_UNSOLICITED);
	spec.to = INGRESS;
	spec.code = 1;
	gate_expect_spec(gate, "host unreachable", spec, WEIR_DROP_ICMP);
}

Test(gate_proof, passes_fragmentation_needed_that_quotes_a_connected_udp_socket)
{
	struct gate *gate = start();
	struct frame_spec spec = too_large(EGRESS, 5000, CLIENT, 53);

	udp_open(EGRESS, 5000, CLIENT, 53);
	udp_open(EGRESS, 5001, 0, 0);
	spec.quote_protocol = IPPROTO_UDP;
	gate_expect_spec(gate, "connected", spec, WEIR_PASS_ICMP);
	spec.quote_sport = 5001;
	gate_expect_spec(gate, "a server", spec, WEIR_DROP_UNSOLICITED);
}

/* ---- the meter --------------------------------------------------------------------------- */

Test(gate_proof, looks_up_in_vain_no_more_than_its_share_of_a_tick)
{
	struct gate *gate = start();
	struct tcp_pair pair = tcp_connect(EGRESS, CLIENT, 443);
	struct frame_spec spec = answer(&pair, ACK);
	struct weir_counts counts;
	struct frame frame;

	gate_policy(gate)->proofs_per_tick = 1;
	spec.sport++;
	frame_build(&spec, &frame);
	gate_flood(gate, frame.bytes, frame.size, 100000);
	gate_counts(gate, &counts);
	cr_assert_geq(counts.drop_unsolicited.packets, 1);
	cr_assert_geq(counts.drop_proof_rate.packets, 1000);
	cr_assert_eq(counts.drop_unsolicited.packets + counts.drop_proof_rate.packets, 100000);

	/* What needs no lookup is not metered. */
	frame_build(&(struct frame_spec){.from = CLIENT, .to = INGRESS}, &frame);
	gate_flood(gate, frame.bytes, frame.size, 1000);
	gate_counts(gate, &counts);
	cr_assert_eq(counts.pass_ingress.packets, 1000);
}

Test(gate_proof, meters_no_answer_to_a_connection)
{
	struct gate *gate = start();
	struct tcp_pair pair = tcp_connect(EGRESS, CLIENT, 443);
	struct frame_spec spec = answer(&pair, ACK);
	struct weir_counts counts;
	struct frame frame;

	gate_policy(gate)->proofs_per_tick = 1;
	frame_build(&spec, &frame);
	gate_flood(gate, frame.bytes, frame.size, 100000);
	gate_counts(gate, &counts);
	cr_assert_eq(counts.pass_return_tcp.packets, 100000);
}

/* A flood of answers to nothing, whose sources are made up, and which uses up every lookup. */
static void flood_falsely(struct gate *gate)
{
	struct frame_spec spec = {.to = EGRESS, .sport = 443, .port = 50000, .flags = ACK};
	struct frame frame;

	for (__u32 i = 0; i < 40; i++) {
		spec.from = 0x0b000001 + i * 7919;
		frame_build(&spec, &frame);
		gate_action(gate, frame.bytes, frame.size); /* more at once would wait for a tick */
	}
}

Test(gate_proof, keeps_lookups_for_whom_this_side_has_heard_lately)
{
	struct gate *gate = start();
	struct tcp_pair pair = tcp_connect(EGRESS, CLIENT, 443);
	struct frame_spec spec = answer(&pair, ACK);
	struct weir_counts counts;
	struct frame frame, other;

	frame_build(&spec, &frame);
	gate_flood(gate, frame.bytes, frame.size, 1);
	gate_policy(gate)->proofs_per_tick = 1;
	udp_open(EGRESS, 5000, CLIENT, 53);
	spec = (struct frame_spec){
		.from = CLIENT, .to = EGRESS, .protocol = IPPROTO_UDP, .sport = 53, .port = 5000};
	frame_build(&spec, &other);
	for (int i = 0; i < 50; i++) {
		flood_falsely(gate);
		gate_action(gate, frame.bytes, frame.size);
		gate_action(gate, other.bytes, other.size);
	}
	gate_counts(gate, &counts);
	cr_expect_eq(counts.pass_return_tcp.packets, 51, "%llu", counts.pass_return_tcp.packets);
	cr_expect_eq(counts.pass_return_udp.packets, 50, "%llu", counts.pass_return_udp.packets);
	cr_expect_geq(counts.drop_proof_rate.packets, 1000);
}

Test(gate_proof, gives_whom_it_has_heard_lately_no_more_lookups_in_vain)
{
	struct gate *gate = start();
	struct tcp_pair pair = tcp_connect(EGRESS, CLIENT, 443);
	struct frame_spec spec = answer(&pair, ACK);
	struct weir_counts counts;
	struct frame frame;

	frame_build(&spec, &frame);
	gate_flood(gate, frame.bytes, frame.size, 1);
	gate_policy(gate)->proofs_per_tick = 1;
	spec.sport++;
	frame_build(&spec, &frame);
	gate_flood(gate, frame.bytes, frame.size, 10000);
	gate_counts(gate, &counts);
	cr_expect_geq(counts.drop_proof_rate.packets, 9000);
}

Test(gate_proof, spends_no_lookup_on_what_can_answer_nothing)
{
	struct gate *gate = start();
	struct weir_counts counts;
	struct frame frame;

	gate_policy(gate)->proofs_per_tick = 1;
	frame_build(&(struct frame_spec){.from = CLIENT, .to = EGRESS, .flags = SYN}, &frame);
	gate_flood(gate, frame.bytes, frame.size, 1000);
	frame_build(&(struct frame_spec){.from = LISTED, .to = EGRESS, .flags = ACK}, &frame);
	gate_flood(gate, frame.bytes, frame.size, 1000);
	gate_counts(gate, &counts);
	cr_assert_eq(counts.drop_unsolicited.packets, 1000);
	cr_assert_eq(counts.drop_denied.packets, 1000);
	cr_assert_eq(counts.drop_proof_rate.packets, 0);
}

/* ---- conntrack --------------------------------------------------------------------------- */

static void send_from(int fd, __u32 address, __u16 port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(address), .sin_port = htons(port)};

	cr_assert_eq(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1, "sendto: %s",
		     strerror(errno));
}

Test(gate_proof, passes_what_answers_a_tracked_connection_when_egress_is_nat)
{
	struct gate *gate = start();
	struct frame_spec reply = {
		.from = CLIENT, .to = EGRESS, .protocol = IPPROTO_UDP, .sport = 53, .port = 6000};
	struct frame_spec forward = {
		.from = CLIENT, .to = EGRESS, .protocol = IPPROTO_UDP, .sport = 7000, .port = 9000};
	struct frame_spec quote = too_large(EGRESS, 6000, CLIENT, 53);

	/* A rule that asks for the state makes the namespace track; unconnected sockets, so that
	 * conntrack alone knows of the connection. */
	cr_assert_eq(system("nft 'add table ip t; add chain ip t c { type filter hook output "
			    "priority 0; }; add rule ip t c ct state new accept'"),
		     0);
	send_from(udp_open(EGRESS, 6000, 0, 0), CLIENT, 53);
	udp_open(EGRESS, 9000, 0, 0);
	send_from(udp_open(CLIENT, 7000, 0, 0), EGRESS, 9000);

	gate_expect_spec(gate, "without nat", reply, WEIR_DROP_UNSOLICITED);
	gate_policy(gate)->does_nat = 1;
	gate_expect_spec(gate, "the reply direction", reply, WEIR_PASS_RETURN_NAT);
	gate_expect_spec(gate, "the original direction", forward, WEIR_DROP_UNSOLICITED);
	quote.quote_protocol = IPPROTO_UDP;
	gate_expect_spec(gate, "a quote of it", quote, WEIR_PASS_ICMP);
	reply.sport++;
	gate_expect_spec(gate, "from another port", reply, WEIR_DROP_UNSOLICITED);
}
