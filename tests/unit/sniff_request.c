/* SPDX-License-Identifier: GPL-2.0-only */
/* Request heads: what is read, every refusal, limits at, below and above, against a slow reader. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "guard.h"
#include "sniff/request.h"

static enum weir_sniff feed_at_once(struct weir_request *request, const char *head, size_t size)
{
	_cleanup_guard_ struct guard guard = guard_of(head, size);

	weir_request_init(request);
	return weir_request_feed(request, guard.bytes, size);
}

static enum weir_sniff feed_growing(struct weir_request *request, const char *head, size_t size,
				    size_t piece)
{
	enum weir_sniff sniff = WEIR_MORE;

	weir_request_init(request);
	for (size_t have = 0; have < size && sniff == WEIR_MORE;) {
		have = size - have < piece ? size : have + piece;
		sniff = weir_request_feed(request, head, have);
	}
	return sniff;
}

static struct weir_request accept(const char *head)
{
	struct weir_request request;

	cr_assert_eq(feed_at_once(&request, head, strlen(head)), WEIR_DONE, "%s: %d", head,
		     request.ending);
	cr_assert_eq(request.size, strlen(head), "%s", head);
	return request;
}

static void refuse(const char *head, size_t size, enum weir_ending ending)
{
	struct weir_request request;

	cr_expect_eq(feed_at_once(&request, head, size), WEIR_BAD, "%s", head);
	cr_expect_eq(request.ending, ending, "%s: ended %d, not %d", head, request.ending, ending);
	cr_expect_eq(feed_growing(&request, head, size, 1), WEIR_BAD, "%s", head);
	cr_expect_eq(request.ending, ending, "byte by byte: %s", head);
}

static void expect_span(const char *head, struct weir_span span, const char *want)
{
	cr_expect(span.size == strlen(want) && !memcmp(head + span.at, want, span.size),
		  "'%.*s' is not '%s'", (int)span.size, head + span.at, want);
}

Test(request, reads_line_host_and_framing)
{
	static const char head[] = "POST /a?b=c HTTP/1.1\r\nHost: Shop.Example.:8080\r\n"
				   "content-LENGTH:\t 42 \r\nX: \r\n\r\n";
	struct weir_request request = accept(head);

	expect_span(head, request.method, "POST");
	expect_span(head, request.target, "/a?b=c");
	expect_span(head, request.authority, "Shop.Example.:8080");
	cr_expect_eq(request.name_size, strlen("shop.example"));
	cr_expect(!memcmp(request.name, "shop.example", request.name_size));
	cr_expect_eq(request.framing, WEIR_FRAMED_LENGTH);
	cr_expect_eq(request.fields.content_length, 42);
	cr_expect(request.keeps_alive && !request.is_idempotent && !request.is_head);
}

Test(request, takes_each_target_form_where_it_belongs)
{
	struct weir_request request;

	request = accept("OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n");
	cr_expect_eq(request.name_size, 9);
	request = accept("GET http://a.example/x HTTP/1.1\r\nHost: A.example\r\n\r\n");
	cr_expect_eq(request.target.size, 2);
	request = accept("GET HTTP://a.example HTTP/1.1\r\nHost: a.example:80\r\n\r\n");
	cr_expect_eq(request.target.size, 0);
	request = accept("GET http://a.example/ HTTP/1.0\r\n\r\n");
	cr_expect_eq(request.name_size, 9);
	request = accept("GET http://10.0.0.1/ HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n");
	cr_expect_eq(request.name_size, 0);
	request = accept("GET / HTTP/1.0\r\n\r\n");
	cr_expect_eq(request.name_size, 0);
	request = accept("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n");
	cr_expect_eq(request.name_size, 0);
}

Test(request, decides_whether_the_connection_goes_on)
{
	cr_expect(accept("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keeps_alive);
	cr_expect(!accept("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n").keeps_alive);
	cr_expect(!accept("GET / HTTP/1.0\r\nHost: a\r\n\r\n").keeps_alive);
	cr_expect(
		accept("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n").keeps_alive);
	cr_expect(!accept("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n"
			  "Connection: close\r\n\r\n")
			   .keeps_alive);
}

Test(request, grants_upgrades_that_can_be_granted)
{
	cr_expect(accept("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
			 "Upgrade: websocket\r\n\r\n")
			  .upgrades);
	cr_expect(!accept("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n").upgrades);
	cr_expect(
		!accept("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")
			 .upgrades);
	cr_expect(!accept("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\n"
			  "Upgrade: websocket\r\n\r\n")
			   .upgrades);
	/* Anywhere in the list, and whatever carries requests that nobody would judge. */
	cr_expect(!accept("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n"
			  "Upgrade: websocket, h2c\r\n\r\n")
			   .upgrades);
	cr_expect(!accept("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n"
			  "Upgrade: , HTTP/2.0\r\n\r\n")
			   .upgrades);
	cr_expect(!accept("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n"
			  "Upgrade: TLS/1.0, http/1.1\r\n\r\n")
			   .upgrades);
	cr_expect(accept("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n"
			 "Upgrade: websocket, irc/6.9\r\n\r\n")
			  .upgrades);
	cr_expect(
		!accept("POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nContent-Length: 1\r\n"
			"Upgrade: websocket\r\n\r\n")
			 .upgrades);
}

Test(request, knows_who_wants_json)
{
	cr_expect(
		accept("GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n").wants_json);
	cr_expect(
		!accept("GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html, application/json\r\n\r\n")
			 .wants_json);
	cr_expect(!accept("GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n").wants_json);
}

Test(request, ignores_one_empty_line_before_it)
{
	accept("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
	refuse("\r\n\r\n", 4, WEIR_END_REQUEST_LINE);
	refuse("\nGET", 4, WEIR_END_LINE_ENDING);
}

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"

static const struct {
	const char *head;
	enum weir_ending ending;
} refusals[] = {
	/* The request line. */
	{"GET /\r\n", WEIR_END_REQUEST_LINE}, /* HTTP/0.9 */
	{"GET / HTTP/2.0\r\n", WEIR_END_HTTP_VERSION},
	{"PRI * HTTP/2.0\r\n", WEIR_END_HTTP_VERSION},
	{"GET / HTTP/1.2\r\n", WEIR_END_HTTP_VERSION},
	{"GET / HTTP/1.10\r\n", WEIR_END_REQUEST_LINE},
	{"GET / http/1.1\r\n", WEIR_END_REQUEST_LINE},
	{"GET / HTTP/1.1 \r\n", WEIR_END_REQUEST_LINE},
	{"GET  / HTTP/1.1\r\n", WEIR_END_REQUEST_LINE},
	{"GET\t/ HTTP/1.1\r\n", WEIR_END_REQUEST_LINE},
	{"GET /a b HTTP/1.1\r\n", WEIR_END_REQUEST_LINE},
	{" GET / HTTP/1.1\r\n", WEIR_END_REQUEST_LINE},
	{"G(T / HTTP/1.1\r\n", WEIR_END_REQUEST_LINE},
	{"GET /\xc3\xa9 HTTP/1.1\r\n", WEIR_END_REQUEST_LINE},
	{"GET / HTTP/1.1\n", WEIR_END_LINE_ENDING},
	{"GET / HTTP/1.1\r\r\n", WEIR_END_REQUEST_LINE},
	{"\x16\x03\x01", WEIR_END_REQUEST_LINE}, /* TLS */
	{"GET a HTTP/1.1\r\n", WEIR_END_TARGET},
	{"GET * HTTP/1.1\r\n", WEIR_END_TARGET},
	{"GET a.example:80 HTTP/1.1\r\n", WEIR_END_TARGET},
	{"GET http:///x HTTP/1.1\r\n", WEIR_END_TARGET},
	{"GET ftp://a/x HTTP/1.1\r\n", WEIR_END_TARGET},
	{"GET https://a/x HTTP/1.1\r\n", WEIR_END_MISDIRECTED},
	{"CONNECT a.example:443 HTTP/1.1\r\n", WEIR_END_METHOD},
	/* Host. */
	{"GET / HTTP/1.1\r\n\r\n", WEIR_END_HOST_MISSING},
	{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", WEIR_END_HOST_DUPLICATE},
	{"GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", WEIR_END_HOST_DUPLICATE},
	{"GET / HTTP/1.1\r\nHost:\r\n\r\n", WEIR_END_HOST},
	{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", WEIR_END_HOST},
	{"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", WEIR_END_HOST},
	{"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", WEIR_END_HOST},
	{"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", WEIR_END_HOST},
	{"GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", WEIR_END_HOST},
	{"GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", WEIR_END_HOST},
	{"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", WEIR_END_HOST},
	{"GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", WEIR_END_HOST},
	{"GET / HTTP/1.1\r\nHost: [a.example]\r\n\r\n", WEIR_END_HOST},
	{"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", WEIR_END_TARGET_HOST},
	{"GET http://10.0.0.1/ HTTP/1.1\r\nHost: 10.0.0.2\r\n\r\n", WEIR_END_TARGET_HOST},
	{"GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n", WEIR_END_TARGET},
	/* Header lines. */
	{GET "Name : v\r\n\r\n", WEIR_END_HEADER},
	{GET "Na me: v\r\n\r\n", WEIR_END_HEADER},
	{GET ": v\r\n\r\n", WEIR_END_HEADER},
	{GET "Name\r\n\r\n", WEIR_END_HEADER},
	{GET "Name: a\r\n b\r\n\r\n", WEIR_END_HEADER},
	{GET "Name: a\r\n\tb\r\n\r\n", WEIR_END_HEADER},
	{GET "Name: a\x01\r\n\r\n", WEIR_END_HEADER},
	{GET "Name: a\x7f\r\n\r\n", WEIR_END_HEADER},
	{GET "Name: a\rb\r\n\r\n", WEIR_END_LINE_ENDING},
	{GET "Name: a\n\r\n", WEIR_END_LINE_ENDING},
	{GET "\n", WEIR_END_LINE_ENDING},
	{GET "Expect: 200-ok\r\n\r\n", WEIR_END_EXPECTATION},
	{GET "Connection: close, Content-Length\r\n\r\n", WEIR_END_CONNECTION_OPTION},
	{GET "Connection: Transfer-Encoding\r\n\r\n", WEIR_END_CONNECTION_OPTION},
	{GET "Connection: host\r\n\r\n", WEIR_END_CONNECTION_OPTION},
	{GET "Connection: 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\r\nConnection: 16,17\r\n\r\n",
	 WEIR_END_CONNECTION_OPTION},
	{GET "Connection: a b\r\n\r\n", WEIR_END_HEADER},
	/* Content-Length. */
	{GET "Content-Length:\r\n\r\n", WEIR_END_CONTENT_LENGTH},
	{GET "Content-Length: +5\r\n\r\n", WEIR_END_CONTENT_LENGTH},
	{GET "Content-Length: -5\r\n\r\n", WEIR_END_CONTENT_LENGTH},
	{GET "Content-Length: 0x5\r\n\r\n", WEIR_END_CONTENT_LENGTH},
	{GET "Content-Length: 5, 5\r\n\r\n", WEIR_END_CONTENT_LENGTH},
	{GET "Content-Length: 5 5\r\n\r\n", WEIR_END_CONTENT_LENGTH},
	{GET "Content-Length: 18446744073709551617\r\n\r\n", WEIR_END_CONTENT_LENGTH},
	{GET "Content-Length: 9223372036854775808\r\n\r\n", WEIR_END_CONTENT_LENGTH},
	{GET "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", WEIR_END_CONTENT_LENGTH_DUPLICATE},
	{GET "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", WEIR_END_CONTENT_LENGTH_DUPLICATE},
	/* Transfer-Encoding. */
	{GET "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", WEIR_END_LENGTH_CONFLICT},
	{GET "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", WEIR_END_LENGTH_CONFLICT},
	{GET "Transfer-Encoding: xchunked\r\n\r\n", WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding: chunked, gzip\r\n\r\n", WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding: chunked, chunked\r\n\r\n", WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding: chunked,\r\n\r\n", WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding: ,chunked\r\n\r\n", WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding:\tchunked\r\n\r\n", WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding: \x0b"
	     "chunked\r\n\r\n",
	 WEIR_END_HEADER},
	{GET "Transfer-Encoding: \"chunked\"\r\n\r\n", WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding: chunked;q=1\r\n\r\n", WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding: identity\r\n\r\n", WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding:\r\n\r\n", WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding : chunked\r\n\r\n", WEIR_END_HEADER},
	{GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	 WEIR_END_TRANSFER_ENCODING},
	{GET "Transfer-Encoding: gzip, chunked\r\n\r\n", WEIR_END_TRANSFER_CODING},
	{"GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
	 WEIR_END_TRANSFER_ENCODING},
};

Test(request, refuses_every_shape_that_smuggles)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		refuse(refusals[i].head, strlen(refusals[i].head), refusals[i].ending);
	refuse("GET /\0 HTTP/1.1\r\n", 18, WEIR_END_REQUEST_LINE);
	refuse(GET "a: \0\r\n\r\n", sizeof(GET "a: \0\r\n\r\n") - 1, WEIR_END_HEADER);
	refuse("GET / HTTP/1.1\r\nHost: a\0.b\r\n\r\n", 30, WEIR_END_HEADER);
}

Test(request, wants_more_for_every_strict_prefix)
{
	static const char head[] = "\r\nPUT http://a.example:80/x HTTP/1.1\r\nHost: a.example\r\n"
				   "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"
				   "Connection: close\r\nA:\r\n\r\n";
	struct weir_request request;

	for (size_t size = 0; size < strlen(head); size++)
		cr_assert_eq(feed_at_once(&request, head, size), WEIR_MORE, "%zu bytes", size);
	for (size_t piece = 1; piece < 30; piece++)
		cr_assert_eq(feed_growing(&request, head, strlen(head), piece), WEIR_DONE);
	cr_expect_eq(request.framing, WEIR_FRAMED_CHUNKED);
	cr_expect_not(request.keeps_alive);
}

static char text[WEIR_REQUEST_HEAD_MAX + 4096];

/* A head whose target is `target` bytes, then header lines of `lines` bytes each with CR LF. */
static size_t head_of(size_t target, const size_t *lines, size_t count)
{
	size_t size = sprintf(text, "GET /");

	memset(text + size, 'x', target - 1);
	size += target - 1;
	size += sprintf(text + size, " HTTP/1.1\r\nHost: a\r\n");
	for (size_t i = 0; i < count; i++) {
		size_t start = size;

		size += sprintf(text + size, "X: ");
		memset(text + size, 'y', lines[i] - 5);
		size = start + lines[i] - 2;
		size += sprintf(text + size, "\r\n");
	}
	return size + sprintf(text + size, "\r\n");
}

Test(request, passes_limits_exactly_and_refuses_one_more)
{
	struct weir_request request;
	size_t line = WEIR_HEADER_MAX + 2, size;
	size_t lines[] = {8192, 8192, 8192, 8192 - strlen("Host: a\r\n")};

	size = head_of(WEIR_TARGET_MAX, &line, 1);
	cr_expect_eq(feed_at_once(&request, text, size), WEIR_DONE);
	line++;
	size = head_of(WEIR_TARGET_MAX, &line, 1);
	refuse(text, size, WEIR_END_HEADER_TOO_LONG);
	size = head_of(WEIR_TARGET_MAX + 1, &line, 1);
	refuse(text, size, WEIR_END_TARGET_TOO_LONG);
	size = head_of(10, lines, 4);
	cr_expect_eq(feed_at_once(&request, text, size), WEIR_DONE);
	lines[3]++;
	size = head_of(10, lines, 4);
	refuse(text, size, WEIR_END_HEADERS_TOO_LONG);
}

Test(request, has_a_method_and_options_up_to_their_limits)
{
	struct weir_request request;
	int size;

	for (int more = 0; more < 2; more++) {
		size = sprintf(text, "%.*s / HTTP/1.1\r\nHost: a\r\n\r\n", WEIR_METHOD_MAX + more,
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if (more)
			refuse(text, size, WEIR_END_REQUEST_LINE);
		else
			cr_expect_eq(feed_at_once(&request, text, size), WEIR_DONE);
		size = sprintf(text, GET "Connection: ");
		for (int i = 0; i < WEIR_NOMINATED_MAX + more; i++)
			size += sprintf(text + size, "x%d,", i);
		size += sprintf(text + size, "close\r\n\r\n");
		if (more)
			refuse(text, size, WEIR_END_CONNECTION_OPTION);
		else
			cr_expect_eq(feed_at_once(&request, text, size), WEIR_DONE);
	}
}

Test(request, refuses_before_the_end_what_is_too_long_already)
{
	struct weir_request request;

	memset(text, 'G', sizeof(text));
	cr_expect_eq(feed_at_once(&request, text, WEIR_TARGET_MAX + 100), WEIR_BAD);
	cr_expect_eq(request.ending, WEIR_END_TARGET_TOO_LONG);
	text[sprintf(text, GET)] = 'G';
	cr_expect_eq(feed_at_once(&request, text, strlen(GET) + WEIR_HEADER_MAX + 2), WEIR_BAD);
	cr_expect_eq(request.ending, WEIR_END_HEADER_TOO_LONG);
}
