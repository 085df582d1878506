/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's bandwidth, to the byte: heads, small messages and large ones are all charged, both ways, and
 * what was charged and did not move is given back.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proxy_lab.h"

#define A "a.example app=a http %0"

/* A byte takes five microseconds: far below what the clients could ask for. */
enum { RATE = 200000, BURST = 40000, RUN_MS = 1500 };

static struct lab lab;
static int is_over;

static void start(void)
{
	lab_init(&lab);
	lab.workers = 2;
	lab.bytes_per_s = RATE;
	lab.burst_bytes = BURST;
	is_over = 0;
}

static void stop(void)
{
	lab_stop(&lab);
}

#define STORY(name) Test(meter, name, .init = start, .fini = stop)

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* How much the proxy has moved this way, by its own count and only once it is over. */
static __u64 moved(enum weir_direction direction)
{
	struct weir_table *table = weir_proxy_table(lab.proxy);
	__u64 bytes = __atomic_load_n(&table->pools[0].account->bytes[direction], __ATOMIC_RELAXED);

	weir_table_unref(&table);
	return bytes;
}

struct crowd {
	const char *request;
	bool is_kept; /* one connection for all requests */
};

static void *ask_on(void *argument)
{
	const struct crowd *crowd = argument;
	static __thread char got[70000];
	int fd = -1;

	while (!__atomic_load_n(&is_over, __ATOMIC_SEQ_CST)) {
		if (fd < 0)
			fd = lab_connect(lab.http_port);
		lab_say(fd, crowd->request);
		if (!lab_read_head(fd, got, sizeof(got)) || !crowd->is_kept) {
			lab_read(fd, got, sizeof(got), NULL);
			close(fd);
			fd = -1;
		}
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* Eight clients ask all the time. What moves is what the rate allows. */
static void expect_rate(struct crowd crowd, enum weir_direction direction)
{
	pthread_t threads[8];
	__u64 start_ns = now_ns(), from, got, want;

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, ask_on, &crowd);
	lab_sleep_ms(400);
	start_ns = now_ns();
	from = moved(direction);
	lab_sleep_ms(RUN_MS);
	got = moved(direction) - from;
	want = (now_ns() - start_ns) / 1000 * RATE / 1000000;
	__atomic_store_n(&is_over, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	/* A machine with other work may ask for less, and what it left once is the burst. */
	cr_expect(got > want / 3 && got < want * 101 / 100 + BURST, "%llu of %llu", got, want);
}

/* 1000 bytes of fields. */
#define TEN(text) text text text text text text text text text text
#define FIELD                                                                                      \
	"X-F: "                                                                                    \
	"6789012345678901234567890123456789012345678901234567890123456789012345678901234567890123" \
	"45678901\r\n"
#define FIELDS TEN(FIELD)

STORY(charges_response_heads_over_kept_connections)
{
	lab_container(&lab, 0, serve_loop, "HTTP/1.1 204 No\r\n" FIELDS "\r\n");
	lab_start(&lab, A);
	expect_rate((struct crowd){GET("a.example"), true}, WEIR_DOWN);
}

STORY(charges_small_responses_of_many_connections)
{
	lab_container(&lab, 0, serve_once,
		      "HTTP/1.1 200 OK\r\nContent-Length: 1020\r\n\r\n" FIELDS);
	lab_start(&lab, A);
	expect_rate((struct crowd){LAST("a.example"), false}, WEIR_DOWN);
}

STORY(charges_request_heads_over_kept_connections)
{
	lab_container(&lab, 0, serve_loop, "HTTP/1.1 204 No\r\n\r\n");
	lab_start(&lab, A);
	expect_rate((struct crowd){"GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n", true},
		    WEIR_UP);
}

STORY(charges_request_heads_of_many_connections)
{
	lab_container(&lab, 0, serve_once, "HTTP/1.1 204 No\r\n\r\n");
	lab_start(&lab, A);
	expect_rate(
		(struct crowd){"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n" FIELDS
			       "\r\n",
			       false},
		WEIR_UP);
}

static void serve_body(struct lab_container *container, int fd)
{
	static const char body[200000];

	serve_once(container, fd);
	lab_send(fd, body, sizeof(body));
}

/* A slip of the pen, put right: who waits by the rate before would wait for minutes. */
STORY(goes_on_at_once_when_the_rate_is_raised)
{
	static char got[300000];
	int fd;

	lab.bytes_per_s = 20;
	lab.burst_bytes = 16384;
	lab_container(&lab, 0, serve_body, OK("200000\r\n\r\n"));
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, LAST("a.example"));
	cr_expect_gt(lab_read_head(fd, got, sizeof(got)), 0);
	lab_sleep_ms(300);
	weir_container_set_rate(lab.proxy->table->containers[0], 20000000, 1600000000, now_ns());
	cr_expect_eq(lab_read(fd, got, sizeof(got), NULL), 200000);
	close(fd);
}

Test(meter_flow, pays_once_for_what_waits_and_is_given_back_what_did_not_move)
{
	struct weir_container_state *container = weir_container_new("a", 1, 80, RATE, BURST);
	const __u64 *arrival = &container->buckets[WEIR_UP].arrival_units, now = 1000000000;
	struct weir_end from = {.can_read = true};
	struct weir_flow flow = {.container = container, .from = &from};

	cr_expect(weir_flow_pay(&flow, BURST, now));
	cr_expect(weir_flow_pay(&flow, BURST, now), "paid already");
	cr_expect_eq(*arrival, (now + BURST * 5000ULL) * WEIR_UNITS_PER_NS);
	/* A byte more than the burst waits for as long as the rate takes for it, in the line. */
	cr_expect_not(weir_flow_pay(&flow, BURST + 1, now));
	cr_expect_eq(flow.ready_ns, now + 5000);
	cr_expect_eq(container->waiting[WEIR_UP], 1);
	cr_expect_not(weir_flow_pay(&flow, BURST + 1, now + 4999));
	cr_expect(weir_flow_pay(&flow, BURST + 1, now + 5000));
	/* The connection is cut: nothing of it had been sent. */
	weir_flow_settle(&flow);
	cr_expect_eq(*arrival, now * WEIR_UNITS_PER_NS);
	cr_expect_eq(container->waiting[WEIR_UP], 0);
	weir_container_unref(&container);
}
