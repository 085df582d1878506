/* SPDX-License-Identifier: GPL-2.0-only */
/* What each app was served, and the endpoint that tells. */
#include <stdlib.h>
#include <string.h>

#include "proxy/endpoint.h"
#include "proxy/snapshot.h"
#include "proxy_pair.h"

#define STORY(name) Test(account, name, .init = start, .fini = stop)

/* The row of an app, once `requests` of the class are over: workers count after they answer. */
static struct weir_app_row row_of(const char *app, int class, __u64 requests)
{
	struct weir_app_row found = {};

	for (int tries = 0; tries < LAB_PATIENCE_S * 50; tries++) {
		_cleanup_snapshot_ struct weir_proxy_snapshot snapshot = {};

		cr_assert_eq(weir_proxy_snapshot(lab.proxy, 10, &snapshot), 0);
		for (size_t i = 0; i < snapshot.apps_count; i++)
			if (!strcmp(snapshot.apps[i].app, app))
				found = snapshot.apps[i];
		if (found.requests[class] >= requests && !found.open)
			break;
		lab_sleep_ms(20);
	}
	return found;
}

STORY(counts_requests_connections_and_bytes_of_each_app)
{
	struct weir_app_row a, b;
	const char *answer;

	lab_start(&lab, AB);
	answer = lab_ask(lab.http_port, GET("a.example") GET("b.example") LAST("a.example"));
	expect_has(answer, "B");
	a = row_of("a", 2, 2);
	b = row_of("b", 2, 1);
	cr_expect_eq(a.requests[2], 2);
	cr_expect_eq(a.connections, 2, "came, left for b, came back: %llu", a.connections);
	cr_expect_eq(b.requests[2], 1);
	cr_expect_eq(b.connections, 1);
	cr_expect_eq(a.open + b.open, 0);
	cr_expect_eq(a.containers, 1);
	cr_expect_eq(a.bytes[WEIR_DOWN] + b.bytes[WEIR_DOWN], strlen(answer));
	cr_expect_gt(a.bytes[WEIR_UP], b.bytes[WEIR_UP]);
}

STORY(bills_no_app_for_a_host_that_nobody_has)
{
	struct weir_app_row a;

	lab_start(&lab, AB);
	expect_has(lab_ask(lab.http_port, GET("a.example") LAST("c.example")), "404");
	a = row_of("a", 2, 1);
	cr_expect_eq(a.requests[2], 1);
	cr_expect_eq(a.requests[4], 0);
}

STORY(bills_no_app_for_a_request_that_is_malformed)
{
	struct weir_app_row a;

	lab_start(&lab, AB);
	expect_has(lab_ask(lab.http_port, GET("a.example") "nonsense\r\n\r\n"), "400");
	a = row_of("a", 2, 1);
	cr_expect_eq(a.requests[2], 1);
	cr_expect_eq(a.requests[4], 0);
}

STORY(tells_who_is_quarantined)
{
	struct weir_app_row a;

	lab.containers[0].serve = serve_reset;
	lab_start(&lab, AB);
	expect_has(lab_ask(lab.http_port, LAST("a.example")), "502");
	a = row_of("a", 5, 1);
	cr_expect_eq(a.requests[5], 1);
	cr_expect_eq(a.quarantined, 1);
	cr_expect_eq(row_of("b", 5, 0).quarantined, 0);
}

STORY(keeps_accounts_over_a_reload)
{
	lab_start(&lab, AB);
	lab_ask(lab.http_port, LAST("a.example"));
	lab_reload(&lab, "a.example app=a http %1\n");
	lab_ask(lab.http_port, LAST("a.example"));
	cr_expect_eq(row_of("a", 2, 2).requests[2], 2);
}

STORY(adds_up_the_apps_beyond_those_told_apart)
{
	_cleanup_snapshot_ struct weir_proxy_snapshot snapshot = {};

	lab_start(&lab, AB "c.example app=c http %0 %1\n");
	lab_ask(lab.http_port, LAST("b.example"));
	row_of("b", 2, 1);
	cr_assert_eq(weir_proxy_snapshot(lab.proxy, 1, &snapshot), 0);
	cr_assert_eq(snapshot.apps_count, 1);
	cr_expect_str_eq(snapshot.apps[0].app, "b");
	cr_expect_eq(snapshot.others_count, 2);
	cr_expect_eq(snapshot.others.containers, 3);
	cr_expect_eq(snapshot.workers_count, 1);
	cr_expect_gt(snapshot.workers[0].cpu_ns, 0);
}

static char *fixed_text(void *argument)
{
	return strdup(argument);
}

STORY(serves_metrics_and_nothing_else)
{
	struct weir_endpoint *endpoint;
	char said[] = "weir_gate_loaded 1\n";
	__u16 port;
	int listener;

	lab_start(&lab, AB);
	cr_assert_eq(weir_endpoint_listen(0x7f000001, 0, &listener), 0);
	cr_assert_eq(weir_endpoint_start(listener, fixed_text, said, &endpoint), 0);
	port = lab_port_of(weir_endpoint_fd(endpoint));
	expect_has(lab_ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
		   "version=0.0.4");
	expect_has(lab_ask(port, "GET /metrics HTTP/1.0\r\n\r\n"), "\r\n\r\nweir_gate_loaded 1\n");
	expect_has(lab_ask(port, "GET / HTTP/1.0\r\n\r\n"), "404");
	expect_has(lab_ask(port, "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
				 "Content-Length: 2\r\n\r\nab"),
		   "405");
	weir_endpoint_stop(&endpoint);
	cr_expect_null(endpoint);
	weir_endpoint_stop(&endpoint);
}
