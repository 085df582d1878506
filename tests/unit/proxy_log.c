/* SPDX-License-Identifier: GPL-2.0-only */
/* The log: lines against another reader of JSON, phases, who ended what, and what is lost. */
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proxy/log_line.h"
#include "proxy_lab.h"
#include "random.h"

static struct lab lab;
static int ends[2];
static char text[1 << 16];

static void start(void)
{
	lab_init(&lab);
	cr_assert(!pipe(ends));
	lab.log.fd = ends[1];
	lab.log.is_json = true;
}

static void stop(void)
{
	lab_stop(&lab);
	close(ends[0]);
	close(ends[1]);
}

#define STORY(name) Test(proxy_log, name, .init = start, .fini = stop)
#define A           "a.example app=a http %0 tls %0\n"

/* The next line that the log writes, into `text`; empty when none comes any more. */
static size_t read_line(void)
{
	struct pollfd item = {ends[0], POLLIN, 0};
	size_t at = 0;
	char c = 0;

	while (at < sizeof(text) - 1 && c != '\n' && poll(&item, 1, LAB_PATIENCE_S * 1000) == 1 &&
	       read(ends[0], &c, 1) == 1)
		text[at++] = c;
	text[at] = 0;
	return at;
}

static json_t *next_line(void)
{
	json_error_t error;
	json_t *json;

	read_line();
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	cr_assert(json, "%s in '%s'", error.text, text);
	return json;
}

static const char *word(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value ? value : "(none)";
}

static long long number(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	return value ? json_integer_value(value) : -1;
}

/* Who ended it in which phase and why; every phase that is there adds up to the total. */
static void expect_end(const json_t *json, const char *by, const char *phase, const char *ending)
{
	static const char *const keys[] = {"head_us", "connect_us", "send_us", "first_byte_us",
					   "transfer_us"};
	long long sum = 0;

	cr_expect_str_eq(word(json, "by"), by, "%s", text);
	cr_expect_str_eq(word(json, "phase"), phase, "%s", text);
	cr_expect_str_eq(word(json, "ending"), ending, "%s", text);
	for (int i = 0; i < 5; i++)
		sum += number(json, keys[i]) > 0 ? number(json, keys[i]) : 0;
	cr_expect_eq(sum, number(json, "total_us"), "%s", text);
}

static void expect_number(const json_t *json, const char *key, long long want)
{
	cr_expect_eq(number(json, key), want, "%s is not %lld in %s", key, want, text);
}

STORY(a_request_has_its_line)
{
	json_t *json;

	lab_container(&lab, 0, serve_slowly, OK("3\r\n\r\nabc"));
	lab_start(&lab, A);
	lab_ask(lab.http_port, "GET /\"x HTTP/1.1\r\nHost: a.example\r\nX-Request-ID: my-id\r\n"
			       "Connection: close\r\n\r\n");
	json = next_line();
	cr_expect_str_eq(word(json, "protocol"), "http");
	cr_expect_str_eq(word(json, "host"), "a.example");
	cr_expect_str_eq(word(json, "method"), "GET");
	cr_expect_str_eq(word(json, "target"), "/\"x");
	cr_expect_str_eq(word(json, "app"), "a");
	cr_expect_str_eq(word(json, "id"), "my-id");
	expect_number(json, "status", 200);
	expect_number(json, "down_bytes",
		      strlen(OK("3\r\n\r\nabc")) + strlen("Connection: close\r\n"));
	expect_number(json, "up_bytes", lab.containers[0].seen_size);
	cr_expect_geq(number(json, "first_byte_us"), 290000, "%s", text);
	cr_expect_lt(number(json, "head_us"), 200000, "%s", text);
	expect_end(json, "none", "transfer", "complete");
	json_decref(json);
}

STORY(the_id_is_the_one_that_the_container_sees)
{
	char header[100];
	json_t *json;

	lab_container(&lab, 0, serve_once, OK("0\r\n\r\n"));
	lab_start(&lab, A);
	lab_ask(lab.http_port, LAST("a.example"));
	json = next_line();
	snprintf(header, sizeof(header), "X-Request-ID: %s\r\n", word(json, "id"));
	expect_has(lab.containers[0].seen, header);
	json_decref(json);
}

STORY(a_refused_request_is_logged_as_far_as_it_was_read)
{
	json_t *json;

	lab_start(&lab, "");
	lab_ask(lab.http_port,
		"GET /here HTTP/1.1\r\nHost: a.example\r\nContent-Length: x\r\n\r\n");
	json = next_line();
	cr_expect_str_eq(word(json, "target"), "/here");
	cr_expect_str_eq(word(json, "host"), "a.example");
	expect_number(json, "status", 400);
	cr_expect_gt(number(json, "down_bytes"), 100, "%s", text);
	expect_number(json, "up_bytes", 0);
	expect_end(json, "proxy", "head", "content_length");
	json_decref(json);
}

STORY(a_refused_request_counts_its_own_bytes_only)
{
	json_t *json;
	long long page;

	lab_container(&lab, 0, serve_loop, OK("1000\r\n\r\n"));
	lab_start(&lab, A);
	lab_ask(lab.http_port, "nothing\r\n");
	json = next_line();
	page = number(json, "down_bytes");
	json_decref(json);
	lab_container(&lab, 1, serve_loop, OK("5\r\n\r\nabcde"));
	lab_reload(&lab, "a.example app=a http %1\n");
	lab_ask(lab.http_port, GET("a.example") "nothing\r\n");
	json_decref(next_line());
	json = next_line();
	expect_number(json, "down_bytes", page);
	json_decref(json);
}

STORY(a_long_target_is_cut_and_its_size_told)
{
	static char request[9000];
	json_t *json;

	lab_start(&lab, "");
	snprintf(request, sizeof(request), "GET /%08000d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
	lab_ask(lab.http_port, request);
	json = next_line();
	cr_expect_eq(strlen(word(json, "target")), WEIR_LOG_TARGET_MAX);
	expect_number(json, "target_bytes", 8001);
	json_decref(json);
}

STORY(a_client_that_leaves_is_a_499)
{
	json_t *json;
	int fd;

	lab_container(&lab, 0, serve_nothing, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, GET("a.example"));
	lab_until(lab_seen_size(&lab.containers[0]));
	lab_reset(fd);
	json = next_line();
	expect_number(json, "status", 499);
	expect_end(json, "client", "first_byte", "client_reset");
	json_decref(json);
}

STORY(a_container_that_cuts_its_answer_ended_it)
{
	json_t *json;

	lab_container(&lab, 0, serve_once, OK("10\r\n\r\nabc"));
	lab_start(&lab, A);
	lab_ask(lab.http_port, LAST("a.example"));
	json = next_line();
	expect_number(json, "status", 200);
	expect_end(json, "container", "transfer", "container_closed");
	json_decref(json);
}

STORY(a_container_that_answers_too_late_was_ended_by_the_proxy)
{
	json_t *json;

	lab.limits.first_byte_ns = 100000000;
	lab_container(&lab, 0, serve_nothing, NULL);
	lab_start(&lab, A);
	lab_ask(lab.http_port, LAST("a.example"));
	json = next_line();
	expect_number(json, "status", 504);
	cr_expect_geq(number(json, "first_byte_us"), 90000, "%s", text);
	expect_end(json, "proxy", "first_byte", "first_byte_timeout");
	json_decref(json);
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

STORY(a_slow_upload_is_not_the_containers_time)
{
	__u64 whole_ns;
	json_t *json;
	size_t size;
	int fd;

	lab_container(&lab, 0, serve_nothing, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\na");
	lab_until(lab_seen_size(&lab.containers[0]));
	lab_sleep_ms(400);
	size = lab_seen_size(&lab.containers[0]);
	whole_ns = now_ns();
	lab_say(fd, "b");
	lab_until(lab_seen_size(&lab.containers[0]) > size);
	lab_reset(fd);
	json = next_line();
	cr_expect_geq(number(json, "send_us"), 400000, "%s", text);
	cr_expect_lt(number(json, "first_byte_us"), (long long)(now_ns() - whole_ns) / 1000, "%s",
		     text);
	json_decref(json);
}

STORY(a_head_that_never_ends_is_logged_with_its_request_line)
{
	json_t *json;

	lab.limits.hello_ns = 100000000;
	lab_start(&lab, "");
	lab_ask(lab.http_port, "GET /slow HTTP/1.1\r\nHost: a.ex");
	json = next_line();
	cr_expect_str_eq(word(json, "target"), "/slow");
	expect_number(json, "status", 408);
	expect_end(json, "proxy", "head", "header_timeout");
	json_decref(json);
}

/* A ClientHello for a.example: one record, one extension. */
static const char hello[] =
	"\x16\x03\x01\x00\x47\x01\x00\x00\x43\x03\x03"
	"0123456789abcdef0123456789abcdef"
	"\x00\x00\x02\x13\x01\x01\x00\x00\x18\x00\x00\x00\x0e\x00\x0c\x00\x00\x09"
	"a.example"
	"\x00\x2b\x00\x02\x01\x00";

STORY(a_tunnel_has_one_line_and_says_who_closed_first)
{
	char got[1000];
	json_t *json;
	int fd;

	lab_container(&lab, 0, serve_echo, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.tls_port);
	lab_send(fd, hello, sizeof(hello) - 1);
	lab_read(fd, got, sizeof(hello) - 1, NULL);
	shutdown(fd, SHUT_WR);
	lab_read(fd, got, sizeof(got), NULL);
	close(fd);
	json = next_line();
	cr_expect_str_eq(word(json, "protocol"), "tls");
	cr_expect_str_eq(word(json, "host"), "a.example");
	expect_number(json, "status", -1);
	expect_number(json, "send_us", -1);
	expect_number(json, "up_bytes", sizeof(hello) - 1);
	expect_number(json, "down_bytes", sizeof(hello) - 1);
	expect_end(json, "client", "transfer", "complete");
	json_decref(json);
}

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
		json_t *json = next_line();

		if (!strcmp(word(json, "protocol"), "log"))
			lost += number(json, "lost_lines");
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
		json_t *json = next_line();
		bool is_loss = !strcmp(word(json, "protocol"), "log");

		lost += is_loss ? number(json, "lost_lines") : 0;
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

	cr_assert(!fcntl(ends[1], F_SETFL, O_NONBLOCK));
	lab_start(&lab, "");
	for (int i = 0; i < REQUESTS; i++)
		size += sprintf(requests + size,
				"GET /%0600d HTTP/1.1\r\nHost: no.example\r\n%s\r\n", 0,
				i == REQUESTS - 1 ? "Connection: close\r\n" : "");
	lab_ask(lab.http_port, requests);
	while (lines + lost < REQUESTS) {
		json_t *json = read_line() ? json_loads(text, 0, NULL) : NULL;
		bool is_loss = json && !strcmp(word(json, "protocol"), "log");

		lost += is_loss ? number(json, "lost_lines") : 0;
		lines += json && !is_loss;
		cr_assert(*text, "the end of the log, and %lld lines of it are nowhere",
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
	json = next_line();
	cr_expect_str_eq(word(json, "protocol"), "http", "%s", text);
	json_decref(json);
}

STORY(the_proxy_stops_though_nobody_reads_its_log)
{
	static char fill[1 << 20];

	/* The pipe is full before the proxy says its first word. */
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], fill, sizeof(fill)) > 0)
		;
	fcntl(ends[1], F_SETFL, 0);
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
	json_decref(next_line());
	json_decref(next_line());
	weir_proxy_hand_over(lab.proxy, 100000000);
	lab_until(!__atomic_load_n(&lab.proxy->workers[0].conns_count, __ATOMIC_SEQ_CST));
	lab_sleep_ms(100);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	size = read(ends[0], got, sizeof(got) - 1);
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
	json_decref(next_line());
	weir_log_reopen(&lab.proxy->log, dup(fd));
	/* The thread that writes takes it up at its next turn. */
	lab_until(*lab_ask(lab.http_port, LAST("a.example")) &&
		  pread(fd, line, sizeof(line) - 1, 0) > 0);
	expect_has(line, "\"ending\":\"complete\"}\n");
	close(fd);
	unlink(path);
}
