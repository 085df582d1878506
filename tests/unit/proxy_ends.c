/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The close matrix: in each phase of each kind of exchange one side closes or resets. What the other
 * side sees of it, and what the log says.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy_lab.h"
#include "sniff_hello.h"

enum actor { CLIENT, CONTAINER };
enum act { FIN, RST };
enum sees { SEES_EOF, SEES_RST };

static const struct row {
	const char *name;
	const char *ask;    /* NULL: a ClientHello */
	const char *answer; /* of the container, before the act */
	enum actor actor;
	enum act act;
	enum sees other; /* what the other side sees */
	const char *by, *phase, *ending;
	int status; /* -1: none */
} rows[] = {
#define GET_A     "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define POST_A    "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\nhalf"
#define UPGRADE_A "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
#define LENGTH    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
#define CHUNKED   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf"
#define CLOSE     "HTTP/1.1 200 OK\r\n\r\nhalf"
#define SWITCHED  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhalf"
	{"tunnel", NULL, "half", CLIENT, FIN, SEES_EOF, "client", "transfer", "complete", -1},
	{"tunnel", NULL, "half", CLIENT, RST, SEES_RST, "client", "transfer", "client_reset", -1},
	{"tunnel", NULL, "half", CONTAINER, FIN, SEES_EOF, "container", "transfer", "complete", -1},
	{"tunnel", NULL, "half", CONTAINER, RST, SEES_RST, "container", "transfer",
	 "container_reset", -1},
	{"silent tunnel", NULL, "", CLIENT, FIN, SEES_EOF, "client", "first_byte", "complete", -1},
	{"silent tunnel", NULL, "", CONTAINER, RST, SEES_RST, "container", "first_byte",
	 "container_reset", -1},
	{"upgrade", UPGRADE_A, SWITCHED, CLIENT, FIN, SEES_EOF, "client", "transfer", "upgraded",
	 101},
	{"upgrade", UPGRADE_A, SWITCHED, CLIENT, RST, SEES_RST, "client", "transfer",
	 "client_reset", 101},
	{"upgrade", UPGRADE_A, SWITCHED, CONTAINER, FIN, SEES_EOF, "container", "transfer",
	 "upgraded", 101},
	{"upgrade", UPGRADE_A, SWITCHED, CONTAINER, RST, SEES_RST, "container", "transfer",
	 "container_reset", 101},
	{"no answer yet", GET_A, "", CLIENT, RST, SEES_RST, "client", "first_byte", "client_reset",
	 499},
	{"no answer yet", LAST("a.example"), "", CONTAINER, FIN, SEES_EOF, "container",
	 "first_byte", "container_closed", 502},
	{"no answer yet", LAST("a.example"), "", CONTAINER, RST, SEES_EOF, "container",
	 "first_byte", "container_reset", 502},
	{"body by length", GET_A, LENGTH, CLIENT, RST, SEES_RST, "client", "transfer",
	 "client_reset", 200},
	{"body by length", GET_A, LENGTH, CONTAINER, FIN, SEES_RST, "container", "transfer",
	 "container_closed", 200},
	{"body by length", GET_A, LENGTH, CONTAINER, RST, SEES_RST, "container", "transfer",
	 "container_reset", 200},
	{"body by chunks", GET_A, CHUNKED, CLIENT, RST, SEES_RST, "client", "transfer",
	 "client_reset", 200},
	{"body by chunks", GET_A, CHUNKED, CONTAINER, FIN, SEES_RST, "container", "transfer",
	 "container_closed", 200},
	{"body by chunks", GET_A, CHUNKED, CONTAINER, RST, SEES_RST, "container", "transfer",
	 "container_reset", 200},
	{"body to the close", GET_A, CLOSE, CLIENT, RST, SEES_RST, "client", "transfer",
	 "client_reset", 200},
	{"body to the close", GET_A, CLOSE, CONTAINER, FIN, SEES_EOF, "none", "transfer",
	 "complete", 200},
	{"body to the close", GET_A, CLOSE, CONTAINER, RST, SEES_RST, "container", "transfer",
	 "container_reset", 200},
	{"upload", POST_A, "", CLIENT, FIN, SEES_RST, "client", "send", "client_closed", 499},
	{"upload", POST_A, "", CLIENT, RST, SEES_RST, "client", "send", "client_reset", 499},
	{"upload", POST_A, "", CONTAINER, FIN, SEES_EOF, "container", "send", "container_closed",
	 502},
	{"upload", POST_A, "", CONTAINER, RST, SEES_EOF, "container", "send", "container_reset",
	 502},
};

static struct lab lab;
static const struct row *row;
static int container_saw; /* an errno, 0 for the end of file, -1: not yet */
static int container_has; /* 1: all that the client sent, and has sent its answer */
static int client_has;    /* 1: that answer */
static int ends[2];
static size_t hello_size;

static void act(int fd)
{
	static const struct linger abort = {.l_onoff = 1};

	if (row->act == RST)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

static void serve_row(struct lab_container *container, int fd)
{
	char data[4096];
	ssize_t n;

	(void)container;
	if (row->ask)
		lab_read_head(fd, data, sizeof(data));
	else
		lab_read(fd, data, hello_size, NULL);
	/* What is unread would turn a close into a reset. */
	if (row->ask && strstr(row->ask, "POST"))
		lab_read(fd, data, strlen("half"), NULL);
	lab_say(fd, row->answer);
	__atomic_store_n(&container_has, 1, __ATOMIC_SEQ_CST);
	if (row->actor == CONTAINER) {
		lab_wait(&client_has, 1);
		act(fd);
		return;
	}
	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		;
	__atomic_store_n(&container_saw, n < 0 ? errno : 0, __ATOMIC_SEQ_CST);
}

static int client_connects(void)
{
	static struct bytes message, wire;
	int fd = lab_connect(row->ask ? lab.http_port : lab.tls_port);

	if (row->ask) {
		lab_say(fd, row->ask);
		return fd;
	}
	hello_message(&message, &(struct hello_parts){.name = "a.example"});
	cut_records(&wire, &message, 16384);
	hello_size = wire.size;
	lab_send(fd, wire.data, wire.size);
	return fd;
}

/* Until all that comes before the act has come to where it goes, so that the act is what comes next. */
static void client_reads_answer(int fd)
{
	static char got[4096];
	size_t size = 0;

	lab_wait(&container_has, 1);
	while (*row->answer && !memmem(got, size, "half", 4)) {
		ssize_t n = recv(fd, got + size, sizeof(got) - size, 0);

		cr_assert_gt(n, 0, "%s: no answer", row->name);
		size += n;
	}
	__atomic_store_n(&client_has, 1, __ATOMIC_SEQ_CST);
}

static void expect_sees(int saw)
{
	cr_expect_eq(saw, row->other == SEES_RST ? ECONNRESET : 0, "%s, %s %s: %s", row->name,
		     row->actor == CLIENT ? "client" : "container", row->act == FIN ? "FIN" : "RST",
		     strerror(saw));
}

static void client_acts(int fd)
{
	char got[4096];

	if (row->act == RST) {
		lab_reset(fd);
	} else {
		shutdown(fd, SHUT_WR);
		lab_read(fd, got, sizeof(got), NULL);
		close(fd);
	}
	lab_until(__atomic_load_n(&container_saw, __ATOMIC_SEQ_CST) >= 0);
	expect_sees(container_saw);
}

static void container_acts(int fd)
{
	char got[4096];
	int error;

	lab_read(fd, got, sizeof(got), &error);
	expect_sees(error);
	close(fd);
}

static void expect_word(const json_t *json, const char *key, const char *want, const char *line)
{
	const char *got = json_string_value(json_object_get(json, key));

	cr_expect(got && !strcmp(got, want), "%s: %s is not '%s' in %s", row->name, key, want,
		  line);
}

static void expect_line(void)
{
	char line[4096] = "";
	json_t *json, *status;

	cr_assert_gt(read(ends[0], line, sizeof(line) - 1), 0);
	json = json_loads(line, 0, NULL);
	cr_assert(json, "%s", line);
	expect_word(json, "by", row->by, line);
	expect_word(json, "phase", row->phase, line);
	expect_word(json, "ending", row->ending, line);
	status = json_object_get(json, "status");
	cr_expect_eq(status ? json_integer_value(status) : -1, row->status, "%s: %s", row->name,
		     line);
	json_decref(json);
}

static void run_row(void)
{
	int fd;

	container_saw = -1;
	container_has = client_has = 0;
	lab_init(&lab);
	cr_assert(!pipe(ends));
	lab.log.fd = ends[1];
	lab.log.is_json = true;
	/* A client that keeps its connection open is waited for when the proxy stops. */
	lab.limits.linger_ns = 100000000;
	lab_container(&lab, 0, serve_row, NULL);
	lab_start(&lab, "a.example app=a http %0 tls %0\n");
	fd = client_connects();
	client_reads_answer(fd);
	if (row->actor == CLIENT)
		client_acts(fd);
	else
		container_acts(fd);
	expect_line();
	lab_stop(&lab);
	close(ends[0]);
	close(ends[1]);
}

Test(ends, are_seen_by_the_other_side_and_in_the_log)
{
	for (row = rows; row < rows + sizeof(rows) / sizeof(rows[0]); row++)
		run_row();
}
