/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers of containers: where each ends, what is passed on of it, and what is refused. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy_pair.h"

/* A test with a lab of its own. */
#define STORY(name) Test(response, name, .init = start, .fini = stop)

STORY(ends_responses_without_a_body_at_their_head)
{
	static const char *const heads[] = {
		"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"};

	lab_start(&lab, AB);
	for (int i = 0; i < 2; i++) {
		const char *answer;

		lab.containers[0].answer = heads[i];
		answer = lab_ask(lab.http_port, GET("a.example") LAST("b.example"));
		expect_has(answer, "\r\n\r\nHTTP/1.1 200 OK\r\n");
	}
}

STORY(ends_the_response_to_HEAD_at_its_head)
{
	lab.containers[0].answer = OK("5000\r\n\r\n");
	lab_start(&lab, AB);
	expect_has(lab_ask(lab.http_port,
			   "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n" LAST("b.example")),
		   "\r\n\r\nHTTP/1.1 200 OK\r\n");
}

STORY(passes_interim_responses_to_who_can_read_them)
{
	const char *answer;

	lab.containers[0].answer = "HTTP/1.1 100 Continue\r\n\r\n"
				   "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" OK(
					   "1\r\n\r\nA");
	lab_start(&lab, AB);
	answer = lab_ask(lab.http_port, LAST("a.example"));
	expect_has(answer,
		   "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
		   "HTTP/1.1 200 OK\r\n");
	answer = lab_ask(lab.http_port, "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n");
	expect_has(answer, "HTTP/1.1 200 OK\r\n");
	expect_has_not(answer, "103");
}

static void serve_continue(struct lab_container *container, int fd)
{
	char head[65536], body[6] = "";

	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	lab_read(fd, body, 5, NULL);
	lab_say(fd, OK("5\r\n\r\n"));
	lab_say(fd, body);
	(void)container;
}

STORY(waits_for_100_continue_with_the_client)
{
	char answer[1000] = "";
	int fd;

	lab.containers[0].serve = serve_continue;
	lab_start(&lab, AB);
	fd = lab_connect(lab.http_port);
	lab_say(fd, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n"
		    "Connection: close\r\nExpect: 100-continue\r\n\r\n");
	lab_read_head(fd, answer, sizeof(answer));
	cr_expect_str_eq(answer, "HTTP/1.1 100 Continue\r\n\r\n");
	lab_say(fd, "hello");
	answer[lab_read(fd, answer, sizeof(answer) - 1, NULL)] = 0;
	expect_has(answer, "\r\n\r\nhello");
	close(fd);
}

STORY(passes_on_chunks_and_takes_them_apart_for_HTTP_1_0)
{
	const char *answer;

	lab.containers[0].answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				   "5\r\nhello\r\n6\r\n world\r\n0\r\nDigest: x\r\n\r\n";
	lab_start(&lab, AB);
	answer = lab_ask(lab.http_port, GET("a.example") LAST("b.example"));
	expect_has(answer,
		   "\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nDigest: x\r\n\r\nHTTP/1.1 200");
	answer = lab_ask(lab.http_port, "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n");
	expect_has(answer, "\r\n\r\nhello world");
	expect_has_not(answer, "chunked");
	expect_has_not(answer, "Digest");
}

STORY(passes_on_a_response_that_the_close_ends)
{
	const char *answer;

	lab.containers[0].serve = serve_once;
	lab.containers[0].answer = "HTTP/1.1 200 OK\r\n\r\nuntil the end";
	lab_start(&lab, AB);
	answer = lab_ask(lab.http_port, GET("a.example") GET("a.example"));
	expect_has(answer, "Connection: close\r\n");
	expect_has(answer, "\r\n\r\nuntil the end");
	cr_expect_str_eq(strstr(answer, "until the end"), "until the end");
}

static int is_full; /* 1: nobody on the way takes more of the request */

/* A body that the close ends, and a reset in its place, while the request is still coming. */
static void serve_reset_while_asked(struct lab_container *container, int fd)
{
	static const struct linger abort = {.l_onoff = 1};
	char head[65536];

	(void)container;
	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, "HTTP/1.1 200 OK\r\n\r\nhalf");
	lab_wait(&is_full, 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

STORY(cuts_one_without_a_length_when_the_container_breaks_off_the_request)
{
	static const char block[1 << 16];
	const struct timeval brief = {.tv_usec = 300000};
	char got[1000] = "", *end;
	int fd, error;

	lab_container(&lab, 0, serve_reset_while_asked, NULL);
	lab_start(&lab, AB);
	fd = lab_connect(lab.http_port);
	lab_say(fd, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 70000000\r\n\r\n");
	end = got + lab_read_head(fd, got, sizeof(got) / 2);
	end += lab_read(fd, end, 4, NULL);
	expect_has(got, "\r\n\r\nhalf");
	/* Until nobody on the way takes more: the proxy then learns of the reset by sending. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof(brief));
	while (send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
		;
	__atomic_store_n(&is_full, 1, __ATOMIC_SEQ_CST);
	lab_read(fd, end, 1, &error);
	cr_expect_eq(error, ECONNRESET, "a cut answer must not look whole: %d", error);
	close(fd);
}

STORY(refuses_responses_that_smuggle)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
		"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
		"HTTP/1.1 101 Switching\r\n\r\n",
		"nonsense\r\n\r\n",
	};

	lab.containers[0].serve = serve_once;
	lab_start(&lab, AB);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		lab_reload(&lab, i % 2 ? AB : AB "x.example http %1\n");
		lab.containers[0].answer = answers[i];
		/* Each answer would put the only container into quarantine for the next one. */
		for (size_t j = 0; j < lab.proxy->table->containers_count; j++)
			lab.proxy->table->containers[j]->retry_at_ns = 0;
		expect_has(lab_ask(lab.http_port, LAST("a.example")), "HTTP/1.1 502 ");
	}
}

STORY(never_gives_an_excess_response_to_the_next_request)
{
	const char *answer;

	lab.containers[0].answer = OK("1\r\n\r\nA") OK("5\r\n\r\nEVIL!");
	lab_start(&lab, AB);
	answer = lab_ask(lab.http_port, GET("a.example") LAST("b.example"));
	expect_has(answer, "\r\n\r\nB");
	expect_has_not(answer, "EVIL");
}

static void serve_switch(struct lab_container *container, int fd)
{
	char head[65536], data[100];
	ssize_t n;

	if (!lab_read_head(fd, head, sizeof(head)))
		return;
	strcpy(container->seen, head);
	lab_say(fd, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		    "Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nhi ");
	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		lab_send(fd, data, n);
}

STORY(switches_protocols_after_the_containers_101)
{
	char answer[1000] = "";
	int fd;

	lab.containers[0].serve = serve_switch;
	lab_start(&lab, AB);
	fd = lab_connect(lab.http_port);
	lab_say(fd, "GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n"
		    "Connection: Upgrade\r\nSec-WebSocket-Key: k\r\n\r\nearly ");
	lab_read_head(fd, answer, sizeof(answer));
	expect_has(answer, "HTTP/1.1 101 ");
	expect_has(answer, "Upgrade: websocket\r\n");
	expect_has(answer, "Connection: Upgrade\r\n");
	lab_say(fd, "late");
	shutdown(fd, SHUT_WR);
	answer[lab_read(fd, answer, sizeof(answer) - 1, NULL)] = 0;
	cr_expect_str_eq(answer, "hi early late");
	expect_has(lab.containers[0].seen, "Upgrade: websocket\r\n");
	expect_has(lab.containers[0].seen, "Connection: Upgrade\r\n");
	close(fd);
}

STORY(answers_an_upgrade_that_is_declined_and_goes_on)
{
	lab_start(&lab, AB);
	expect_has(lab_ask(lab.http_port,
			   "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n"
			   "Connection: Upgrade\r\n\r\n" LAST("b.example")),
		   "\r\n\r\nB");
}
