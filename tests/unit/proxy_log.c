/* SPDX-License-Identifier: GPL-2.0-only */
/* What a line of the log says: of a request, of a tunnel, its phases, and who ended it and why. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "proxy/log_line.h"
#include "proxy_log_lab.h"

#define STORY(name) Test(proxy_log, name, .init = log_start, .fini = log_stop)

/* Who ended it in which phase and why; every phase that is there adds up to the total. */
static void expect_end(const json_t *json, const char *by, const char *phase, const char *ending)
{
	static const char *const keys[] = {"head_us", "connect_us", "send_us", "first_byte_us",
					   "transfer_us"};
	long long sum = 0;

	cr_expect_str_eq(log_word(json, "by"), by, "%s", log_text);
	cr_expect_str_eq(log_word(json, "phase"), phase, "%s", log_text);
	cr_expect_str_eq(log_word(json, "ending"), ending, "%s", log_text);
	for (int i = 0; i < 5; i++)
		sum += log_number(json, keys[i]) > 0 ? log_number(json, keys[i]) : 0;
	cr_expect_eq(sum, log_number(json, "total_us"), "%s", log_text);
}

STORY(a_request_has_its_line)
{
	json_t *json;

	lab_container(&lab, 0, serve_slowly, OK("3\r\n\r\nabc"));
	lab_start(&lab, A);
	lab_ask(lab.http_port, "GET /\"x HTTP/1.1\r\nHost: a.example\r\nX-Request-ID: my-id\r\n"
			       "Connection: close\r\n\r\n");
	json = log_next();
	cr_expect_str_eq(log_word(json, "protocol"), "http");
	cr_expect_str_eq(log_word(json, "host"), "a.example");
	cr_expect_str_eq(log_word(json, "method"), "GET");
	cr_expect_str_eq(log_word(json, "target"), "/\"x");
	cr_expect_str_eq(log_word(json, "app"), "a");
	cr_expect_str_eq(log_word(json, "id"), "my-id");
	expect_log_number(json, "status", 200);
	expect_log_number(json, "down_bytes",
			  strlen(OK("3\r\n\r\nabc")) + strlen("Connection: close\r\n"));
	expect_log_number(json, "up_bytes", lab.containers[0].seen_size);
	cr_expect_geq(log_number(json, "first_byte_us"), 290000, "%s", log_text);
	cr_expect_lt(log_number(json, "head_us"), 200000, "%s", log_text);
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
	json = log_next();
	snprintf(header, sizeof(header), "X-Request-ID: %s\r\n", log_word(json, "id"));
	expect_has(lab.containers[0].seen, header);
	json_decref(json);
}

STORY(a_refused_request_is_logged_as_far_as_it_was_read)
{
	json_t *json;

	lab_start(&lab, "");
	lab_ask(lab.http_port,
		"GET /here HTTP/1.1\r\nHost: a.example\r\nContent-Length: x\r\n\r\n");
	json = log_next();
	cr_expect_str_eq(log_word(json, "target"), "/here");
	cr_expect_str_eq(log_word(json, "host"), "a.example");
	expect_log_number(json, "status", 400);
	cr_expect_gt(log_number(json, "down_bytes"), 100, "%s", log_text);
	expect_log_number(json, "up_bytes", 0);
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
	json = log_next();
	page = log_number(json, "down_bytes");
	json_decref(json);
	lab_container(&lab, 1, serve_loop, OK("5\r\n\r\nabcde"));
	lab_reload(&lab, "a.example app=a http %1\n");
	lab_ask(lab.http_port, GET("a.example") "nothing\r\n");
	json_decref(log_next());
	json = log_next();
	expect_log_number(json, "down_bytes", page);
	json_decref(json);
}

STORY(a_long_target_is_cut_and_its_size_told)
{
	static char request[9000];
	json_t *json;

	lab_start(&lab, "");
	snprintf(request, sizeof(request), "GET /%08000d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
	lab_ask(lab.http_port, request);
	json = log_next();
	cr_expect_eq(strlen(log_word(json, "target")), WEIR_LOG_TARGET_MAX);
	expect_log_number(json, "target_bytes", 8001);
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
	json = log_next();
	expect_log_number(json, "status", 499);
	expect_end(json, "client", "first_byte", "client_reset");
	json_decref(json);
}

STORY(a_container_that_cuts_its_answer_ended_it)
{
	json_t *json;

	lab_container(&lab, 0, serve_once, OK("10\r\n\r\nabc"));
	lab_start(&lab, A);
	lab_ask(lab.http_port, LAST("a.example"));
	json = log_next();
	expect_log_number(json, "status", 200);
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
	json = log_next();
	expect_log_number(json, "status", 504);
	cr_expect_geq(log_number(json, "first_byte_us"), 90000, "%s", log_text);
	expect_end(json, "proxy", "first_byte", "first_byte_timeout");
	json_decref(json);
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
	whole_ns = weir_monotonic_ns();
	lab_say(fd, "b");
	lab_until(lab_seen_size(&lab.containers[0]) > size);
	lab_reset(fd);
	json = log_next();
	cr_expect_geq(log_number(json, "send_us"), 400000, "%s", log_text);
	cr_expect_lt(log_number(json, "first_byte_us"),
		     (long long)(weir_monotonic_ns() - whole_ns) / 1000, "%s", log_text);
	json_decref(json);
}

STORY(a_head_that_never_ends_is_logged_with_its_request_line)
{
	json_t *json;

	lab.limits.hello_ns = 100000000;
	lab_start(&lab, "");
	lab_ask(lab.http_port, "GET /slow HTTP/1.1\r\nHost: a.ex");
	json = log_next();
	cr_expect_str_eq(log_word(json, "target"), "/slow");
	expect_log_number(json, "status", 408);
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
	json = log_next();
	cr_expect_str_eq(log_word(json, "protocol"), "tls");
	cr_expect_str_eq(log_word(json, "host"), "a.example");
	expect_log_number(json, "status", -1);
	expect_log_number(json, "send_us", -1);
	expect_log_number(json, "up_bytes", sizeof(hello) - 1);
	expect_log_number(json, "down_bytes", sizeof(hello) - 1);
	expect_end(json, "client", "transfer", "complete");
	json_decref(json);
}
