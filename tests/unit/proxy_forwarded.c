/* SPDX-License-Identifier: GPL-2.0-only */
/* What containers are told about the client, with a trusted front end in between and without. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "proxy_lab.h"

#define A "a.example app=a http %0"

static const struct weir_prefix loopback = {0x7f000001, 32}, other = {0x0a000000, 8};

static struct lab lab;

static void start(void)
{
	lab_init(&lab);
	lab_container(&lab, 0, serve_once, OK("1\r\n\r\nA"));
}

static void stop(void)
{
	lab_stop(&lab);
}

#define STORY(name) Test(forwarded, name, .init = start, .fini = stop)

/* The request head as the container has seen it, the caller's. */
static char *told(const char *fields)
{
	char request[4000];

	snprintf(request, sizeof(request),
		 "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n%s\r\n", fields);
	expect_has(lab_ask(lab.http_port, request), "200 OK");
	return lab_seen(&lab.containers[0]);
}

#define FRONT_END                                                                                  \
	"X-Forwarded-For: 203.0.113.7, 198.51.100.1\r\nX-Forwarded-Proto: https\r\n"               \
	"X-Forwarded-Port: 443\r\nX-Forwarded-Host: shop.example\r\n"                              \
	"X-Request-Start: t=1700000000.123\r\nForwarded: for=203.0.113.7\r\n"

STORY(believes_a_trusted_front_end_and_adds_it_to_the_chain)
{
	_cleanup_free_ char *seen = NULL;

	lab.limits.trusted = (struct weir_prefixes){&loopback, 1};
	lab_start(&lab, A);
	seen = told(FRONT_END "X-Real-Ip: 2001:db8::7\r\n");
	expect_has(seen, "\r\nX-Forwarded-For: 203.0.113.7, 198.51.100.1, 127.0.0.1\r\n");
	expect_has(seen, "\r\nX-Forwarded-Proto: https\r\n");
	expect_has(seen, "\r\nX-Forwarded-Port: 443\r\n");
	expect_has(seen, "\r\nX-Forwarded-Host: shop.example\r\n");
	expect_has(seen, "\r\nX-Real-Ip: 2001:db8::7\r\n");
	expect_has(seen, "\r\nX-Request-Start: t=1700000000.123\r\n");
	expect_has_not(seen, "\r\nForwarded:");
	cr_expect_null(strstr(strstr(seen, "X-Forwarded-Proto") + 1, "X-Forwarded-Proto"));
	cr_expect_null(strstr(strstr(seen, "X-Forwarded-For") + 1, "X-Forwarded-For"));
}

STORY(joins_a_chain_of_several_lines_and_finds_the_client_at_its_end)
{
	_cleanup_free_ char *seen = NULL;

	lab.limits.trusted = (struct weir_prefixes){&loopback, 1};
	lab_start(&lab, A);
	seen = told("X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For:\r\n"
		    "X-Forwarded-For: 198.51.100.1 ,198.51.100.2\r\n");
	expect_has(seen, "\r\nX-Forwarded-For: 203.0.113.7, 198.51.100.1 ,198.51.100.2, "
			 "127.0.0.1\r\n");
	expect_has(seen, "\r\nX-Real-Ip: 198.51.100.2\r\n");
}

STORY(replaces_what_is_no_address_protocol_port_or_time_whoever_sent_it)
{
	_cleanup_free_ char *seen = NULL;

	lab.limits.trusted = (struct weir_prefixes){&loopback, 1};
	lab_start(&lab, A);
	seen = told("X-Real-Ip: 1.2.3.4, 5.6.7.8\r\nX-Forwarded-Proto: gopher\r\n"
		    "X-Forwarded-Port: 443\r\nX-Forwarded-Port: 444\r\n"
		    "X-Request-Start: yesterday\r\nX_Forwarded_For: 6.6.6.6\r\n"
		    "X_Real_Ip: 6.6.6.6\r\n");
	expect_has(seen, "\r\nX-Forwarded-For: 127.0.0.1\r\n");
	expect_has(seen, "\r\nX-Real-Ip: 127.0.0.1\r\n");
	expect_has(seen, "\r\nX-Forwarded-Proto: http\r\n");
	expect_has(seen, "\r\nX-Request-Start: t=");
	expect_has_not(seen, "Port: 443\r");
	expect_has_not(seen, "Port: 444\r");
	expect_has_not(seen, "yesterday");
	expect_has_not(seen, "6.6.6.6");
}

STORY(keeps_the_id_of_a_request_that_is_short_enough_for_a_log)
{
	lab_start(&lab, A);
	for (int size = 128; size <= 129; size++) {
		_cleanup_free_ char *seen = NULL;
		char line[200];

		snprintf(line, sizeof(line), "X-Request-ID: %0*d\r\n", size, 0);
		seen = told(line);
		cr_expect_eq(!!strstr(seen, line), size == 128, "%s", seen);
	}
}

STORY(believes_nobody_else)
{
	_cleanup_free_ char *seen = NULL;

	lab.limits.trusted = (struct weir_prefixes){&other, 1};
	lab_start(&lab, A);
	seen = told(FRONT_END "X-Real-Ip: 203.0.113.7\r\n");
	expect_has(seen, "\r\nX-Forwarded-For: 127.0.0.1\r\n");
	expect_has(seen, "\r\nX-Forwarded-Proto: http\r\n");
	expect_has(seen, "\r\nX-Real-Ip: 127.0.0.1\r\n");
	expect_has_not(seen, "203.0.113.7");
	expect_has_not(seen, "shop.example");
	expect_has_not(seen, "1700000000");
}

STORY(counts_no_connection_of_a_trusted_front_end)
{
	int fds[3];
	char got[1000];

	lab.limits.trusted = (struct weir_prefixes){&loopback, 1};
	lab.limits.connections_per_client = 1;
	lab.containers[0].serve = serve_loop;
	lab_start(&lab, A);
	for (int i = 0; i < 3; i++) {
		fds[i] = lab_connect(lab.http_port);
		lab_say(fds[i], GET("a.example"));
		lab_read_head(fds[i], got, sizeof(got));
		expect_has(got, "200 OK");
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}
