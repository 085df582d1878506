/* SPDX-License-Identifier: GPL-2.0-only */
/* The PROXY protocol through the proxy: from front ends, to containers; TLS routes by protocol. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proxy_lab.h"
#include "sniff_hello.h"

#define A         "a.example app=a http %0 tls %0\n"
#define CLIENT_V1 "PROXY TCP4 203.0.113.7 198.51.100.2 40000 8080\r\n"

static const struct weir_prefix loopback = {0x7f000000, 8};
static const struct weir_prefixes front_ends = {&loopback, 1};

/* The same client in version 2, with a value behind the addresses. */
static const char client_v2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10"
				"\xcb\0\x71\x07\xc6\x33\x64\x02\x9c\x40\x1f\x90\x04\0\x01x";
static const char local_v2[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

static struct lab lab;

static void start(void)
{
	lab_init(&lab);
}

static void stop(void)
{
	lab_stop(&lab);
}

#define STORY(name) Test(preface, name, .init = start, .fini = stop)

static void start_behind_a_front_end(const char *routes)
{
	lab.limits.prefaced = front_ends;
	lab_start(&lab, routes);
}

static size_t hello(const struct hello_parts *parts, char *to)
{
	static struct bytes message, wire;

	hello_message(&message, parts);
	cut_records(&wire, &message, 100);
	memcpy(to, wire.data, wire.size);
	return wire.size;
}

static void expect_client_told(const char *seen)
{
	expect_has(seen, "X-Forwarded-For: 203.0.113.7\r\n");
	expect_has(seen, "X-Forwarded-Port: 8080\r\n");
	expect_has(seen, "X-Real-Ip: 203.0.113.7\r\n");
	expect_has_not(seen, "PROXY");
}

STORY(of_a_front_end_names_the_client_of_every_request)
{
	char got[1000];
	_cleanup_free_ char *seen = NULL;
	int fd;

	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	start_behind_a_front_end(A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, CLIENT_V1 "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	lab_read_head(fd, got, sizeof(got));
	expect_has(got, "200 OK");
	lab_read(fd, got, 1, NULL);
	seen = lab_seen(&lab.containers[0]);
	expect_client_told(seen);
	lab_say(fd, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	lab_read_head(fd, got, sizeof(got));
	freep(&seen);
	seen = lab_seen(&lab.containers[0]);
	expect_client_told(strstr(seen, "GET /2 "));
	close(fd);
}

STORY(may_come_byte_by_byte_in_both_versions)
{
	lab_container(&lab, 0, serve_once, OK("1\r\n\r\nA"));
	start_behind_a_front_end(A);
	for (int version = 1; version <= 2; version++) {
		const char *bytes = version == 1 ? CLIENT_V1 : client_v2;
		size_t size = version == 1 ? strlen(CLIENT_V1) : sizeof(client_v2) - 1;
		_cleanup_free_ char *seen = NULL;
		char got[1000];
		int fd = lab_connect(lab.http_port);

		for (size_t i = 0; i < size; i++) {
			lab_send(fd, bytes + i, 1);
			lab_sleep_ms(1);
		}
		lab_say(fd, GET("a.example"));
		lab_read_head(fd, got, sizeof(got));
		expect_has(got, "200 OK");
		seen = lab_seen(&lab.containers[0]);
		expect_client_told(seen);
		close(fd);
	}
}

STORY(may_stand_in_front_of_a_hello)
{
	char bytes[2000], got[2000];

	lab_container(&lab, 0, serve_echo, NULL);
	start_behind_a_front_end(A);
	for (int cut = 0; cut <= 1; cut++) {
		size_t size = hello(&(struct hello_parts){.name = "a.example"},
				    bytes + sizeof(client_v2) - 1);
		int fd = lab_connect(lab.tls_port);

		memcpy(bytes, client_v2, sizeof(client_v2) - 1);
		if (cut) {
			lab_send(fd, bytes, sizeof(client_v2) + 10);
			lab_sleep_ms(20);
			lab_send(fd, bytes + sizeof(client_v2) + 10, size - 11);
		} else {
			lab_send(fd, bytes, sizeof(client_v2) - 1 + size);
		}
		cr_expect_eq(lab_read(fd, got, size, NULL), size);
		cr_expect(!memcmp(got, bytes + sizeof(client_v2) - 1, size));
		close(fd);
	}
}

STORY(of_a_health_check_leaves_the_front_ends_address)
{
	_cleanup_free_ char *seen = NULL;
	char got[1000];
	int fd;

	lab_container(&lab, 0, serve_once, OK("1\r\n\r\nA"));
	start_behind_a_front_end(A);
	fd = lab_connect(lab.http_port);
	lab_send(fd, local_v2, sizeof(local_v2) - 1);
	lab_say(fd, GET("a.example"));
	lab_read_head(fd, got, sizeof(got));
	expect_has(got, "200 OK");
	seen = lab_seen(&lab.containers[0]);
	expect_has(seen, "X-Forwarded-For: 127.0.0.1\r\n");
	close(fd);
}

STORY(that_is_missing_or_wrong_is_refused)
{
	static const char *const wrong[] = {
		GET("a.example"),
		"PROXY TCP4 203.0.113.7 198.51.100.2 40000 8080\n" GET("a.example"),
		" " CLIENT_V1 GET("a.example"),
		"\x16\x03\x01",
	};
	char got[10];
	int fd;

	lab_container(&lab, 0, serve_once, OK("1\r\n\r\nA"));
	start_behind_a_front_end(A);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *answer = lab_ask(lab.http_port, wrong[i]);

		expect_has(answer, "HTTP/1.1 400 ");
		expect_has(answer, "X-Weir-Error: proxy_header\r\n");
	}
	expect_has(lab_ask(lab.http_port, "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n"),
		   "X-Weir-Error: proxy_header_address\r\n");
	/* Twice is once too often. */
	expect_has(lab_ask(lab.http_port, CLIENT_V1 CLIENT_V1 GET("a.example")),
		   "X-Weir-Error: request_line\r\n");
	fd = lab_connect(lab.tls_port);
	lab_send(fd, "\x16\x03\x01", 3);
	cr_expect_eq(lab_read(fd, got, sizeof(got), NULL), 0);
	close(fd);
	cr_expect_eq(lab.containers[0].accepted, 0);
}

STORY(of_anyone_else_is_a_bad_request)
{
	static const struct weir_prefix other = {0xc6336400, 24};

	lab.limits.prefaced = (struct weir_prefixes){&other, 1};
	lab_container(&lab, 0, serve_once, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	expect_has(lab_ask(lab.http_port, CLIENT_V1 GET("a.example")), "HTTP/1.1 400 ");
	cr_expect_eq(lab.containers[0].accepted, 0);
	expect_has(lab_ask(lab.http_port, LAST("a.example")), "200 OK");
}

STORY(of_a_front_end_decides_whose_connections_are_counted)
{
	int fds[3];
	char got[1000];

	lab.limits.connections_per_client = 2;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	start_behind_a_front_end(A);
	for (int i = 0; i < 2; i++) {
		fds[i] = lab_connect(lab.http_port);
		lab_say(fds[i], CLIENT_V1 GET("a.example"));
		lab_read_head(fds[i], got, sizeof(got));
		expect_has(got, "200 OK");
	}
	expect_has(lab_ask(lab.http_port, CLIENT_V1 GET("a.example")), "HTTP/1.1 429 ");
	expect_has(lab_ask(lab.http_port,
			   "PROXY TCP4 203.0.113.8 198.51.100.2 4 80\r\n" LAST("a.example")),
		   "200 OK");
	close(fds[0]);
	close(fds[1]);
}

STORY(that_does_not_come_in_time_is_refused)
{
	lab.limits.hello_ns = 100000000;
	lab_container(&lab, 0, serve_once, OK("1\r\n\r\nA"));
	start_behind_a_front_end(A);
	expect_has(lab_ask(lab.http_port, "PROXY TCP4 203.0.113.7"),
		   "X-Weir-Error: proxy_header\r\n");
}

/* ---- to containers --------------------------------------------------------------------- */

STORY(is_sent_to_a_container_that_asks_for_version_1_and_each_link_serves_one_request)
{
	_cleanup_free_ char *seen = NULL;
	char got[1000], want[100];
	struct sockaddr_in self;
	socklen_t size = sizeof(self);
	int fd, requests = 0;

	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, "a.example app=a http proxy=v1 %0");
	fd = lab_connect(lab.http_port);
	for (int i = 0; i < 3; i++) {
		lab_say(fd, GET("a.example"));
		lab_read_head(fd, got, sizeof(got));
		expect_has(got, "200 OK");
		lab_read(fd, got, 1, NULL);
	}
	getsockname(fd, (struct sockaddr *)&self, &size);
	snprintf(want, sizeof(want), "PROXY TCP4 127.0.0.1 127.0.0.1 %u %u\r\nGET / HTTP/1.1\r\n",
		 ntohs(self.sin_port), lab.http_port);
	seen = lab_seen(&lab.containers[0]);
	for (const char *at = seen; (at = strstr(at, want)); at++)
		requests++;
	cr_expect_eq(requests, 3, "%s", seen);
	cr_expect_eq(lab.containers[0].accepted, 3);
	close(fd);
}

STORY(is_sent_with_name_and_protocols_in_front_of_a_hello)
{
	static const char tail[] = "\x01\0\x0e\0\x0c\x02h2\x08http/1.1"
				   "\x02\0\x09"
				   "a.example";
	char bytes[2000];
	const char *seen = lab.containers[0].seen;
	size_t size = hello(
		&(struct hello_parts){.name = "A.example", .alpn = "\x02h2\x08http/1.1"}, bytes);
	int fd;

	lab_container(&lab, 0, serve_nothing, NULL);
	lab.limits.prefaced = front_ends;
	lab_start(&lab, "a.example app=a tls proxy=v2 %0");
	fd = lab_connect(lab.tls_port);
	lab_say(fd, CLIENT_V1);
	lab_send(fd, bytes, size);
	shutdown(fd, SHUT_WR);
	lab_until(lab_seen_size(&lab.containers[0]) == 28 + sizeof(tail) - 1 + size);
	/* The same client, server and ports as came in, in the other version. */
	cr_expect(!memcmp(seen, client_v2, 14));
	cr_expect_eq(seen[14] << 8 | seen[15], 12 + (int)sizeof(tail) - 1);
	cr_expect(!memcmp(seen + 16, client_v2 + 16, 12));
	cr_expect(!memcmp(seen + 28, tail, sizeof(tail) - 1));
	cr_expect(!memcmp(seen + 28 + sizeof(tail) - 1, bytes, size));
	close(fd);
}

STORY(goes_to_the_next_container_whole_when_the_first_refuses)
{
	_cleanup_free_ char *seen = NULL;
	char bytes[2000];
	size_t size = hello(&(struct hello_parts){.name = "a.example"}, bytes);
	int fd;

	lab_container(&lab, 0, NULL, NULL);
	close(lab.containers[0].listener);
	lab_container(&lab, 1, serve_nothing, NULL);
	lab_start(&lab, "a.example app=a tls proxy=v1 %0 %1");
	fd = lab_connect(lab.tls_port);
	lab_send(fd, bytes, size);
	shutdown(fd, SHUT_WR);
	lab_wait(&lab.containers[1].accepted, 1);
	lab_until(lab_seen_size(&lab.containers[1]));
	seen = lab_seen(&lab.containers[1]);
	expect_has(seen, "PROXY TCP4 127.0.0.1 127.0.0.1 ");
	cr_expect_null(strstr(seen + 1, "PROXY"));
	close(fd);
}

/* ---- by protocol ----------------------------------------------------------------------- */

static char answer_of(const struct hello_parts *parts)
{
	char bytes[2000], got = '-';
	size_t size = hello(parts, bytes);
	int fd = lab_connect(lab.tls_port);

	lab_send(fd, bytes, size);
	lab_read(fd, &got, 1, NULL);
	close(fd);
	return got;
}

static void serve_letter(struct lab_container *container, int fd)
{
	lab_say(fd, container->answer);
}

Test(offers, lead_to_the_app_of_the_protocol_whatever_the_name, .init = start, .fini = stop)
{
	lab_container(&lab, 0, serve_letter, "0");
	lab_container(&lab, 1, serve_letter, "1");
	lab_start(&lab, "a.example app=a tls %0\nalpn=acme-tls/1 app=certs tls %1\n");
	cr_expect_eq(answer_of(&(struct hello_parts){.name = "a.example"}), '0');
	cr_expect_eq(answer_of(&(struct hello_parts){.name = "a.example", .alpn = "\x02h2"}), '0');
	cr_expect_eq(answer_of(&(struct hello_parts){.name = "a.example",
						     .alpn = "\x0a"
							     "acme-tls/1"}),
		     '1');
	cr_expect_eq(answer_of(&(struct hello_parts){.name = "b.example",
						     .alpn = "\x02h2\x0a"
							     "acme-tls/1"}),
		     '1');
	cr_expect_eq(answer_of(&(struct hello_parts){.name = "a.example",
						     .alpn = "\x09"
							     "acme-tls/"}),
		     '0');
	lab_reload(&lab, "a.example app=a tls %0\n");
	cr_expect_eq(answer_of(&(struct hello_parts){.name = "a.example",
						     .alpn = "\x0a"
							     "acme-tls/1"}),
		     '0');
}
