/* SPDX-License-Identifier: GPL-2.0-only */
/* Which lines the log has: those that are lost are counted, none is torn, none comes twice. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proxy_log_lab.h"

#define STORY(name) Test(proxy_log_loss, name, .init = log_start, .fini = log_stop)

STORY(a_log_that_nobody_reads_stops_no_request_and_counts_what_it_loses)
{
	static char request[1100];
	long long lost = 0, lines = 0;
	int fd;

	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	snprintf(request, sizeof(request), "GET /%0600d HTTP/1.1\r\nHost: a.example\r\n\r\n", 0);
	fd = lab_connect(lab.http_port);
	for (int i = 0; i < 1600; i++) {
		char answer[] = OK("1\r\n\r\nA");

		lab_say(fd, request);
		cr_assert_eq(lab_read(fd, answer, sizeof(answer) - 1, NULL), sizeof(answer) - 1);
	}
	close(fd);
	while (lines + lost < 1600) {
		json_t *json = log_next();

		if (!strcmp(log_word(json, "protocol"), "log"))
			lost += log_number(json, "lost_lines");
		else
			lines++;
		json_decref(json);
	}
	cr_expect_eq(lines + lost, 1600);
	cr_expect_gt(lost, 0);
	cr_expect_gt(lines, 800);
}

/* Until so many lines were written or lost; returns how many were written. */
static long long lines_of(long long both)
{
	long long lost = 0, lines = 0;

	while (lines + lost < both) {
		json_t *json = log_next();
		bool is_loss = !strcmp(log_word(json, "protocol"), "log");

		lost += is_loss ? log_number(json, "lost_lines") : 0;
		lines += !is_loss;
		json_decref(json);
	}
	cr_expect_eq(lines + lost, both);
	return lines;
}

/* A pipe that does not wait takes a part of a write, as a disk does that is about to be full. */
STORY(a_line_that_was_cut_off_does_not_spoil_the_next_one)
{
	enum { REQUESTS = 300 };
	static char requests[REQUESTS * 700];
	size_t size = 0;
	long long lost = 0, lines = 0;

	cr_assert(!fcntl(log_ends[1], F_SETFL, O_NONBLOCK));
	lab_start(&lab, "");
	for (int i = 0; i < REQUESTS; i++)
		size += sprintf(requests + size,
				"GET /%0600d HTTP/1.1\r\nHost: no.example\r\n%s\r\n", 0,
				i == REQUESTS - 1 ? "Connection: close\r\n" : "");
	lab_ask(lab.http_port, requests);
	while (lines + lost < REQUESTS) {
		json_t *json = log_read() ? json_loads(log_text, 0, NULL) : NULL;
		bool is_loss = json && !strcmp(log_word(json, "protocol"), "log");

		lost += is_loss ? log_number(json, "lost_lines") : 0;
		lines += json && !is_loss;
		cr_assert(*log_text, "the end of the log, and %lld lines of it are nowhere",
			  REQUESTS - lines - lost);
		json_decref(json);
	}
	cr_expect_eq(lines + lost, REQUESTS);
	cr_expect_gt(lost, 0);
}

STORY(lines_beyond_the_bound_are_counted)
{
	time_t began = time(NULL);

	lab.log.lines_max = 3;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	for (int i = 0; i < 20; i++)
		lab_ask(lab.http_port, LAST("a.example"));
	cr_expect_leq(lines_of(20), 3 * (time(NULL) - began + 1));
}

STORY(each_second_has_as_many_lines_as_it_may)
{
	static const char line[] = "{\"protocol\":\"http\"}\n";

	lab.log.lines_max = 3;
	lab_start(&lab, "");
	for (__u64 wall_ms = 5000; wall_ms < 7000; wall_ms += 100)
		weir_log_put(&lab.proxy->log, 0, wall_ms, line, sizeof(line) - 1);
	cr_expect_eq(lines_of(20), 6);
}

STORY(a_bound_of_fewer_lines_than_workers_writes_some)
{
	json_t *json;

	lab.log.lines_max = 1;
	lab.workers = 2;
	lab_start(&lab, "");
	lab_ask(lab.http_port, LAST("no.example"));
	json = log_next();
	cr_expect_str_eq(log_word(json, "protocol"), "http", "%s", log_text);
	json_decref(json);
}

STORY(the_proxy_stops_though_nobody_reads_its_log)
{
	static char fill[1 << 20];

	/* The pipe is full before the proxy says its first word. */
	fcntl(log_ends[1], F_SETFL, O_NONBLOCK);
	while (write(log_ends[1], fill, sizeof(fill)) > 0)
		;
	fcntl(log_ends[1], F_SETFL, 0);
	/* Lines are lost before, too, so that even that cannot be said. */
	lab.log.lines_max = 1;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	for (int i = 0; i < 10; i++)
		expect_has(lab_ask(lab.http_port, LAST("a.example")), "200 OK");
}

/* One connection is idle, one waits for its client to close, when the proxy's time is up. */
STORY(what_was_over_before_a_drain_ended_has_one_line)
{
	char got[1000] = "";
	ssize_t size;
	int idle, over;

	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	idle = lab_connect(lab.http_port);
	lab_say(idle, GET("a.example"));
	lab_read_head(idle, got, sizeof(got));
	over = lab_connect(lab.http_port);
	lab_say(over, "POST / HTTP/1.1\r\nHost: b.example\r\nContent-Length: 9\r\n\r\n");
	lab_read_head(over, got, sizeof(got));
	expect_has(got, "404 ");
	json_decref(log_next());
	json_decref(log_next());
	weir_proxy_hand_over(lab.proxy, 100000000);
	lab_until(!__atomic_load_n(&lab.proxy->workers[0].conns_count, __ATOMIC_SEQ_CST));
	lab_sleep_ms(100);
	fcntl(log_ends[0], F_SETFL, O_NONBLOCK);
	size = read(log_ends[0], got, sizeof(got) - 1);
	cr_expect_eq(size, -1, "%.*s", (int)size, got);
	close(idle), close(over);
}

STORY(a_reopened_log_goes_on_in_the_new_file)
{
	char path[] = "/tmp/weir-log-XXXXXX", line[2000] = "";
	int fd = mkstemp(path);

	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	lab_ask(lab.http_port, LAST("a.example"));
	json_decref(log_next());
	weir_log_reopen(&lab.proxy->log, dup(fd));
	/* The thread that writes takes it up at its next turn. */
	lab_until(*lab_ask(lab.http_port, LAST("a.example")) &&
		  pread(fd, line, sizeof(line) - 1, 0) > 0);
	expect_has(line, "\"ending\":\"complete\"}\n");
	close(fd);
	unlink(path);
}
