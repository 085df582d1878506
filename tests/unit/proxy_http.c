/* SPDX-License-Identifier: GPL-2.0-only */
/* HTTP through the proxy: routing per request, framing both ways, limits, refusals. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proxy_pair.h"

/* A test with a lab of its own. */
#define STORY(name) Test(http, name, .init = start, .fini = stop)

STORY(routes_each_request_of_a_connection_for_itself)
{
	lab_start(&lab, AB);
	expect_has(lab_ask(lab.http_port, GET("a.example") GET("B.example.:80") LAST("a.example")),
		   "A");
	cr_expect_eq(strlen(lab.containers[0].seen) > 0, 1);
	expect_has(lab.containers[1].seen, "Host: B.example.:80\r\n");
	expect_has_not(lab.containers[0].seen, "Host: B.example");
}

STORY(answers_pipelined_requests_in_order)
{
	const char *answer, *a, *b;

	lab_start(&lab, AB);
	answer = lab_ask(lab.http_port, GET("b.example") LAST("a.example"));
	b = strstr(answer, "\r\n\r\nB");
	a = strstr(answer, "\r\n\r\nA");
	cr_expect(a && b && b < a, "%s", answer);
}

STORY(refuses_a_bad_chunk_that_came_with_the_head_before_a_container_is_asked)
{
	lab_start(&lab, AB);
	expect_has(lab_ask(lab.http_port, "POST / HTTP/1.1\r\nHost: a.example\r\n"
					  "Transfer-Encoding: chunked\r\n\r\n"
					  "1\r\nx\r\nzz\r\n"),
		   "HTTP/1.1 400 ");
	expect_has(lab_ask(lab.http_port, "POST / HTTP/1.1\r\nHost: a.example\r\n"
					  "Transfer-Encoding: chunked\r\n\r\n"
					  "7fffffff\r\nx"),
		   "HTTP/1.1 413 ");
	lab_sleep_ms(50);
	cr_expect_eq(__atomic_load_n(&lab.containers[0].accepted, __ATOMIC_ACQUIRE), 0);
}

STORY(goes_on_behind_a_refused_request_whose_body_came_with_it)
{
	const char *answer;

	lab_start(&lab, AB);
	answer = lab_ask(lab.http_port, "POST / HTTP/1.1\r\nHost: nobody.example\r\n"
					"Content-Length: 3\r\n\r\nabc" LAST("a.example"));
	expect_has(answer, "\r\n\r\nA");
	expect_has_not(lab.containers[0].seen, "abc");
}

STORY(reads_requests_byte_by_byte)
{
	static const char request[] = "POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n"
				      "Connection: close\r\n\r\nabc";
	char answer[1000] = "";
	int fd;

	lab.containers[0].serve = serve_once;
	lab_start(&lab, AB);
	fd = lab_connect(lab.http_port);
	for (size_t i = 0; i < strlen(request); i++) {
		lab_send(fd, request + i, 1);
		lab_sleep_ms(1);
	}
	lab_read(fd, answer, sizeof(answer) - 1, NULL);
	expect_has(answer, "200 OK");
	close(fd);
}

STORY(tells_the_container_about_the_client_and_believes_no_claim)
{
	const char *seen;

	lab_start(&lab, AB);
	lab_ask(lab.http_port,
		"GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 6.6.6.6\r\n"
		"x-real-ip: 6.6.6.6\r\nX_Real_Ip: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n"
		"X-Forwarded-Host: evil\r\nForwarded: for=6.6.6.6\r\nX-Request-Start: t=1\r\n"
		"Proxy-Connection: keep-alive\r\nTE: trailers\r\nKeep: this\r\n"
		"X-Request-ID: abc-1\r\nConnection: close, X-Hop\r\nX-Hop: gone\r\n\r\n");
	seen = lab.containers[0].seen;
	expect_has(seen, "X-Forwarded-For: 127.0.0.1\r\n");
	expect_has(seen, "X-Forwarded-Proto: http\r\n");
	expect_has(seen, "X-Forwarded-Port: ");
	expect_has(seen, "X-Real-Ip: 127.0.0.1\r\n");
	expect_has(seen, "X-Request-Start: t=");
	expect_has(seen, "X-Request-ID: abc-1\r\n");
	expect_has(seen, "Keep: this\r\n");
	expect_has_not(seen, "6.6.6.6");
	expect_has_not(seen, "evil");
	expect_has_not(seen, "gone");
	expect_has_not(seen, "TE:");
	expect_has_not(seen, "Connection");
}

/* What must get this status and a closed connection, and never reach a container. */
static const struct {
	const char *request;
	const char *status;
} refused[] = {
	{"GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n"
	 "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n",
	 "400 "},
	{"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
	 "400 "},
	{"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1, 1\r\n\r\nx", "400 "},
	{"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: +1\r\n\r\nx", "400 "},
	{"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: xchunked\r\n\r\n", "400 "},
	{"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501 "},
	{"POST / HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n", "400 "},
	{"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", "400 "},
	{"GET / HTTP/1.1\r\nHost : a.example\r\n\r\n", "400 "},
	{"GET / HTTP/1.1\r\nHost: a.example\r\n folded\r\n\r\n", "400 "},
	{"GET / HTTP/1.1\nHost: a.example\n\n", "400 "},
	{"GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", "400 "},
	{"GET https://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", "421 "},
	{"GET /\r\n", "400 "},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 "},
	{"CONNECT a.example:80 HTTP/1.1\r\nHost: a.example\r\n\r\n", "405 "},
	{"GET / HTTP/1.1\r\nHost: a.example\r\nExpect: more\r\n\r\n", "417 "},
	{"\x16\x03\x01\x02", "400 "},
};

STORY(refuses_what_smuggles_and_closes)
{
	lab_start(&lab, AB);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const char *answer = lab_ask(lab.http_port, refused[i].request);

		cr_expect(!strncmp(answer, "HTTP/1.1 ", 9) &&
				  !strncmp(answer + 9, refused[i].status, 4),
			  "%s\n-> %s", refused[i].request, answer);
		expect_has(answer, "Connection: close\r\n");
		expect_has(answer, "X-Weir-Error: ");
	}
	cr_expect_eq(lab.containers[0].accepted, 0);
	cr_expect_eq(lab.containers[1].accepted, 0);
}

STORY(answers_by_page_for_who_is_not_there)
{
	lab_start(&lab, AB "none.example app=none\n");
	expect_has(lab_ask(lab.http_port, LAST("nobody.example")), "404 Not Found");
	expect_has(lab_ask(lab.http_port, LAST("none.example")), "503 Service");
	expect_has(lab_ask(lab.http_port, "GET / HTTP/1.1\r\nHost: nobody.example\r\n"
					  "Accept: application/json\r\nConnection: close\r\n\r\n"),
		   "\"error\":\"unknown_host\"");
	/* A refused request that was read whole leaves the connection usable. */
	expect_has(lab_ask(lab.http_port, GET("nobody.example") LAST("a.example")), "\r\n\r\nA");
}

static void serve_body(struct lab_container *container, int fd)
{
	char head[65536];
	static char body[1 << 20];
	size_t size;

	while (lab_read_head(fd, head, sizeof(head))) {
		size = strtoull(strstr(head, "Content-Length: ") + 16, NULL, 10);
		size = lab_read(fd, body, size, NULL);
		__atomic_store_n(&container->size, size, __ATOMIC_SEQ_CST);
		lab_say(fd, OK("2\r\n\r\nOK"));
	}
}

STORY(passes_a_body_at_the_limit_and_refuses_one_byte_more)
{
	char *request = calloc(1, 40000), *end = request;

	lab.limits.body_max = 20000;
	lab.containers[0].serve = serve_body;
	lab_start(&lab, AB);
	end += sprintf(end, "POST / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n"
			    "Content-Length: 20000\r\n\r\n");
	memset(end, 'x', 20000);
	expect_has(lab_ask(lab.http_port, request), "\r\n\r\nOK");
	cr_expect_eq(lab.containers[0].size, 20000);
	expect_has(lab_ask(lab.http_port, "POST / HTTP/1.1\r\nHost: a.example\r\n"
					  "Expect: 100-continue\r\nContent-Length: 20001\r\n\r\n"),
		   "413 ");
	cr_expect_eq(lab.containers[0].accepted, 1);
	free(request);
}

static void *send_much(void *argument)
{
	static char data[1 << 20];

	for (int i = 0; i < 20; i++)
		lab_send(*(int *)argument, data, sizeof(data));
	return NULL;
}

STORY(delivers_the_413_although_the_client_is_still_sending)
{
	char answer[2000] = "";
	int fd, error;
	pthread_t sender;

	lab.limits.body_max = 20000;
	lab_start(&lab, AB);
	fd = lab_connect(lab.http_port);
	lab_say(fd, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 20971520\r\n\r\n");
	pthread_create(&sender, NULL, send_much, &fd);
	lab_read(fd, answer, sizeof(answer) - 1, &error);
	pthread_join(sender, NULL);
	expect_has(answer, "413 ");
	expect_has(answer, "</html>");
	cr_expect_eq(error, 0);
	close(fd);
}

STORY(counts_a_chunked_body_towards_the_limit)
{
	lab.limits.body_max = 10;
	lab.containers[0].serve = serve_nothing;
	lab_start(&lab, AB);
	expect_has(lab_ask(lab.http_port, "POST / HTTP/1.1\r\nHost: a.example\r\n"
					  "Transfer-Encoding: chunked\r\n\r\n"
					  "6\r\nabcdef\r\n5\r\nghijk\r\n0\r\n\r\n"),
		   "413 ");
	expect_has_not(lab.containers[0].seen, "ghijk");
}

STORY(passes_a_chunked_body_at_the_limit)
{
	lab.limits.body_max = 10;
	lab.containers[0].serve = serve_once;
	lab_start(&lab, AB);
	expect_has(lab_ask(lab.http_port, "POST / HTTP/1.1\r\nHost: a.example\r\n"
					  "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
					  "6\r\nabcdef\r\n4\r\nghij\r\n0\r\n\r\n"),
		   "\r\n\r\nA");
}

STORY(refuses_a_malformed_chunk_in_the_middle)
{
	lab.containers[0].serve = serve_nothing;
	lab_start(&lab, AB);
	expect_has(lab_ask(lab.http_port, "POST / HTTP/1.1\r\nHost: a.example\r\n"
					  "Transfer-Encoding: chunked\r\n\r\n"
					  "3\r\nabc\r\nx\r\nsmuggled\r\n0\r\n\r\n"),
		   "400 ");
	lab_sleep_ms(50);
	expect_has_not(lab.containers[0].seen, "smuggled");
}

STORY(keeps_a_late_reply_of_a_half_closed_client)
{
	char answer[1000] = "";
	int fd;

	lab_start(&lab, AB);
	fd = lab_connect(lab.http_port);
	lab_say(fd, LAST("a.example"));
	shutdown(fd, SHUT_WR);
	lab_read(fd, answer, sizeof(answer) - 1, NULL);
	expect_has(answer, "\r\n\r\nA");
	close(fd);
}

STORY(answers_many_pipelined_requests)
{
	enum { MANY = 500 };
	static char requests[MANY * 100];
	size_t size = 0, answers = 0;

	lab_start(&lab, AB);
	/* Some are answered by a container, some by a page, none waits for another's event. */
	for (int i = 0; i < MANY; i++)
		size += sprintf(requests + size, "%s",
				i == MANY - 1 ? LAST("a.example")
				: i % 3       ? GET("nobody.example")
					      : GET("b.example"));
	for (const char *at = lab_ask(lab.http_port, requests); (at = strstr(at, "HTTP/1.1 "));
	     at++)
		answers++;
	cr_expect_eq(answers, MANY, "%zu", answers);
}

/* Pages that the client has no room for wait for it, and so does what is behind them. */
STORY(answers_all_that_is_refused_though_the_client_reads_none_of_it_yet)
{
	enum { REQUESTS = 1500 };
	static const char request[] = GET("nobody");
	static char got[1 << 20];
	size_t pages = 0;
	__u64 before, pages_now = 0;
	int fd;

	lab_start(&lab, "");
	fd = lab_connect(lab.http_port);
	for (int i = 0; i < REQUESTS; i++)
		lab_send(fd, request, strlen(request));
	do {
		before = pages_now;
		lab_sleep_ms(100);
		pages_now = lab_ended(&lab, WEIR_END_UNKNOWN_HOST);
	} while (!pages_now || pages_now != before);
	cr_expect_lt(before, REQUESTS, "there was room for all");
	lab_say(fd, LAST("nobody"));
	got[lab_read(fd, got, sizeof(got) - 1, NULL)] = 0;
	for (const char *at = got; (at = strstr(at, "HTTP/1.1 404 ")); at++)
		pages++;
	cr_expect_eq(pages, REQUESTS + 1, "%zu", pages);
	close(fd);
}
