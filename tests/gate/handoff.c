/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * While the proxy is away, the gate keeps its clients waiting: a connection's first packet passes
 * only where a listener will take it, whatever follows on it passes as before.
 */
#include <criterion/criterion.h>
#include <unistd.h>

#include "fixture.h"
#include "sockets.h"

static struct gate *gate;

static void start(void)
{
	struct weir_config config = gate_config();

	gate = gate_start_configured();
	config.routes.paths_count = 1;
	gate_apply_config(gate, &config, NULL, 0);
	gate_add_address(INGRESS);
}

TestSuite(gate_handoff, .init = start);

static void expect_syn(const char *name, __u16 port, unsigned int want)
{
	gate_expect_spec(gate, name,
			 (struct frame_spec){.from = CLIENT, .to = INGRESS, .port = port}, want);
}

Test(gate_handoff, drops_a_syn_that_no_proxy_would_take)
{
	expect_syn("http", 80, WEIR_DROP_NO_LISTENER);
	expect_syn("tls", 443, WEIR_DROP_NO_LISTENER);
	gate_expect_spec(gate, "cdn", (struct frame_spec){.from = CDN, .to = INGRESS, .port = 8080},
			 WEIR_DROP_NO_LISTENER);
}

Test(gate_handoff, passes_a_syn_to_the_listener_of_its_own_protocol)
{
	int http = tcp_listen(INGRESS, 8000);

	gate_listen(gate, WEIR_LISTENER_HTTP, http);
	expect_syn("http", 80, WEIR_PASS_INGRESS);
	expect_syn("tls", 443, WEIR_DROP_NO_LISTENER);
	close(http);
	expect_syn("http, closed", 80, WEIR_DROP_NO_LISTENER);
}

Test(gate_handoff, lets_connections_go_on_without_a_listener)
{
	gate_expect_spec(gate, "ack",
			 (struct frame_spec){.from = CLIENT, .to = INGRESS, .flags = ACK},
			 WEIR_PASS_INGRESS);
}

Test(gate_handoff, asks_for_no_listener_of_packets_that_drop_anyway)
{
	gate_expect_spec(gate, "listed", (struct frame_spec){.from = LISTED, .to = INGRESS},
			 WEIR_DROP_DENIED);
	expect_syn("closed port", 81, WEIR_DROP_PORT);
}

Test(gate_handoff, is_not_asked_of_a_gate_without_the_proxy)
{
	struct weir_config config = gate_config();

	gate_apply_config(gate, &config, NULL, 0);
	expect_syn("http", 80, WEIR_PASS_INGRESS);
}
