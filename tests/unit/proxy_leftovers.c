/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is left of one message is never a part of the next: a body that a container did not take, an
 * answer that nobody asked for.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy_lab.h"

static struct lab lab;

static void start(void)
{
	lab_init(&lab);
}

static void stop(void)
{
	lab_stop(&lab);
}

#define STORY(name) Test(leftovers, name, .init = start, .fini = stop)
#define B           "b.example app=b http %1\n"

/* A head, nothing of the body, and a reset once the proxy's queues are full. */
static void serve_refusal(struct lab_container *container, int fd)
{
	static const struct linger abort = {.l_onoff = 1};
	char head[4096];

	(void)container;
	lab_read_head(fd, head, sizeof(head));
	lab_sleep_ms(150);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

/* A body that is a request, over and over, and then a request for another app. */
static void ask_after_body(int app, size_t size)
{
	static const char smuggled[] = "GET /smuggled HTTP/1.1\r\nHost: b.example\r\n\r\n";
	char head[200], answer[4096];
	char *body = malloc(size);
	int fd = lab_connect(lab.http_port);

	for (size_t i = 0; i < size; i++)
		body[i] = smuggled[i % strlen(smuggled)];
	sprintf(head, "POST / HTTP/1.1\r\nHost: a%d.example\r\nContent-Length: %zu\r\n\r\n", app,
		size);
	lab_say(fd, head);
	/* The proxy may have given up before it is all sent. */
	send(fd, body, size, MSG_NOSIGNAL);
	send(fd, LAST("b.example"), strlen(LAST("b.example")), MSG_NOSIGNAL);
	lab_read(fd, answer, sizeof(answer) - 1, NULL);
	close(fd);
	free(body);
}

enum { SIZES = 20 };

STORY(a_body_that_was_not_taken_never_follows_the_next_request)
{
	char routes[SIZES * 40] = B, *to = routes + strlen(routes), *seen;

	lab_container(&lab, 0, serve_refusal, NULL);
	lab_container(&lab, 1, serve_loop, OK("2\r\n\r\nOK"));
	/* An app each, because the container is in quarantine after each. */
	for (int i = 0; i < SIZES; i++)
		to += sprintf(to, "a%d.example app=a%d http %%0\n", i, i);
	lab_start(&lab, routes);
	/* What the queues hold differs: some size leaves its last bytes in the proxy's pipe. */
	for (int i = 0; i < SIZES; i++)
		ask_after_body(i, (256 + 320 * i) << 10);
	seen = lab_seen(&lab.containers[1]);
	expect_has(seen, "GET / HTTP/1.1");
	expect_has_not(seen, "/smuggled");
	free(seen);
}
