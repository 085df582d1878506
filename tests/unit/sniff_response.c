/* SPDX-License-Identifier: GPL-2.0-only */
/* Response heads: framing in the order of RFC 9112, refusals, prefixes. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "guard.h"
#include "sniff/response.h"

static enum weir_sniff feed(struct weir_response *response, const char *head, size_t size,
			    bool is_to_head)
{
	_cleanup_guard_ struct guard guard = guard_of(head, size);

	weir_response_init(response, is_to_head);
	return weir_response_feed(response, guard.bytes, size);
}

static struct weir_response accept(const char *head, bool is_to_head)
{
	struct weir_response response;

	cr_assert_eq(feed(&response, head, strlen(head), is_to_head), WEIR_DONE, "%s: %d", head,
		     response.ending);
	cr_expect_eq(response.size, strlen(head));
	return response;
}

Test(response, finds_the_end_of_the_body)
{
	static const struct {
		const char *head;
		enum weir_framing framing;
		bool keeps_alive;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", WEIR_FRAMED_LENGTH, true},
		{"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", WEIR_FRAMED_EMPTY, true},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", WEIR_FRAMED_CHUNKED,
		 true},
		{"HTTP/1.1 200 OK\r\n\r\n", WEIR_FRAMED_CLOSE, false},
		{"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", WEIR_FRAMED_LENGTH, false},
		{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n",
		 WEIR_FRAMED_LENGTH, true},
		{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
		 WEIR_FRAMED_LENGTH, false},
		{"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", WEIR_FRAMED_EMPTY, true},
		{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", WEIR_FRAMED_EMPTY, true},
		{"HTTP/1.1 100 Continue\r\n\r\n", WEIR_FRAMED_EMPTY, true},
		{"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", WEIR_FRAMED_EMPTY, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weir_response response = accept(cases[i].head, false);

		cr_expect_eq(response.framing, cases[i].framing, "%s", cases[i].head);
		cr_expect_eq(response.keeps_alive, cases[i].keeps_alive, "%s", cases[i].head);
	}
	cr_expect_eq(accept("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true).framing,
		     WEIR_FRAMED_EMPTY);
}

Test(response, refuses_what_clients_could_end_differently)
{
	static const struct {
		const char *head;
		enum weir_ending ending;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		 WEIR_END_RESPONSE_LENGTH},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
		 WEIR_END_RESPONSE_LENGTH},
		{"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", WEIR_END_RESPONSE_LENGTH},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", WEIR_END_RESPONSE_LENGTH},
		{"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", WEIR_END_RESPONSE_LENGTH},
		{"HTTP/2 200\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"HTTP/1.1 20 OK\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"HTTP/1.1 600 OK\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"HTTP/1.1 099 OK\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"HTTP/1.1 2000 OK\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"HTTP/1.1 200 O\x01K\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"HTTP/1.1 200 OK\n\n", WEIR_END_RESPONSE_HEAD},
		{"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"HTTP/1.1 200 OK\r\nA: b\nX: c\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"\r\nHTTP/1.1 200 OK\r\n\r\n", WEIR_END_RESPONSE_HEAD},
		{"hello\r\n", WEIR_END_RESPONSE_HEAD},
	};
	struct weir_response response;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(feed(&response, cases[i].head, strlen(cases[i].head), false), WEIR_BAD,
			     "%s", cases[i].head);
		cr_expect_eq(response.ending, cases[i].ending, "%s: %d", cases[i].head,
			     response.ending);
	}
}

Test(response, wants_more_for_every_strict_prefix)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\n";
	struct weir_response response;

	for (size_t size = 0; size < strlen(head); size++)
		cr_assert_eq(feed(&response, head, size, false), WEIR_MORE, "%zu", size);
	weir_response_init(&response, false);
	for (size_t size = 0; size < strlen(head); size++)
		cr_assert_eq(weir_response_feed(&response, head, size), WEIR_MORE, "%zu", size);
	cr_expect_eq(weir_response_feed(&response, head, strlen(head)), WEIR_DONE);
}

Test(response, is_bounded)
{
	static char head[WEIR_RESPONSE_HEAD_MAX + 100];
	struct weir_response response;

	memset(head, 'x', sizeof(head));
	head[sprintf(head, "HTTP/1.1 200 OK\r\nA:")] = 'x';
	cr_expect_eq(feed(&response, head, sizeof(head), false), WEIR_BAD);
	cr_expect_eq(response.ending, WEIR_END_RESPONSE_TOO_LONG);
}
