/* SPDX-License-Identifier: GPL-2.0-only */
/* Request heads against a slow reader, for random heads. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "guard.h"
#include "sniff/request.h"
#include "sniff_slow.h"

static enum weir_sniff feed_at_once(struct weir_request *request, const char *head, size_t size)
{
	_cleanup_guard_ struct guard guard = guard_of(head, size);

	weir_request_init(request);
	return weir_request_feed(request, guard.bytes, size);
}

/*
 * The slow reader: the head as a string, each rule a search over all of it. Says whether it is
 * valid and which framing it has; not why it is refused.
 */
/* Names and addresses alike, with or without a port. */
static bool slow_host(const char *value)
{
	size_t size = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.");

	if (value[size] == ':' &&
	    strspn(value + size + 1, "0123456789") != strlen(value + size + 1))
		return false;
	if ((value[size] && value[size] != ':') || strstr(value, ".."))
		return false;
	return size && value[0] != '.';
}

static bool slow_read(const char *head, enum weir_framing *ret_framing)
{
	char value[512], method[512], target[512], version[512], rest[512];
	int hosts, codings, lengths;

	if (!slow_lines(head) ||
	    sscanf(head, "%400[^ \t\r\n] %400[^ \t\r\n] %400[^ \t\r\n]%2[\r\n]", method, target,
		   version, rest) != 4 ||
	    line_end(head) != head + strlen(method) + strlen(target) + strlen(version) + 2 ||
	    head[strlen(method)] != ' ' || line_end(head)[-9] != ' ' ||
	    !is_token(method, method + strlen(method)) || strlen(method) > 32 || *target != '/' ||
	    strpbrk(target, "#\t") || !strcmp(method, "CONNECT") ||
	    (strcmp(version, "HTTP/1.1") && strcmp(version, "HTTP/1.0")))
		return false;
	for (const char *c = target; *c; c++)
		if ((__u8)*c > 126)
			return false;
	hosts = count_fields(head, "host", value);
	if (hosts > 1 || (hosts && !slow_host(value)) || (!hosts && version[7] == '1'))
		return false;
	lengths = count_fields(head, "content-length", value);
	if (lengths > 1 || (lengths && (!*value || strspn(value, "0123456789") != strlen(value) ||
					strlen(value) > 18)))
		return false;
	*ret_framing = lengths && strtoull(value, NULL, 10) ? WEIR_FRAMED_LENGTH
							    : WEIR_FRAMED_EMPTY;
	codings = count_fields(head, "transfer-encoding", value);
	if (codings > 1 ||
	    (codings && (lengths || strcasecmp(value, "chunked") || version[7] == '0')))
		return false;
	if (codings)
		*ret_framing = WEIR_FRAMED_CHUNKED;
	return true;
}

static void random_head(struct random *random, char *to)
{
	to += sprintf(to, "%s%s/%s%s%s\r\n", PICK(random, "GET", "POST", "PUT", "G T", "CONNECT"),
		      PICK(random, " ", " ", " ", " ", "  ", "\t"),
		      PICK(random, "", "x", "a?b", "#"), PICK(random, " ", " ", " ", "\t", ""),
		      PICK(random, "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/3.0"));
	for (uint32_t i = random_below(random, 5); i; i--)
		to += sprintf(to, "%s%s%s%s",
			      PICK(random, "Host", "X", "Content-Length", "content-length",
				   "Transfer-Encoding", "Accept", "Transfer_Encoding"),
			      PICK(random, ":", ": ", ": ", ": ", ":\t", " :", ""),
			      PICK(random, "a.example", "5", "05", "0", "chunked", "Chunked", "+5",
				   "5,5", "xchunked", "chunked ", ""),
			      PICK(random, "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r\n "));
	to += sprintf(to, "Host: a.example\r\n\r\n");
}

Test(request, agrees_with_a_slow_reader)
{
	struct random random = {random_seed()};
	uint64_t seed = random.state;
	int accepted = 0;

	for (int round = 0; round < 100000; round++) {
		char head[2048];
		struct weir_request request;
		enum weir_framing framing = WEIR_FRAMED_EMPTY;
		bool is_valid;

		random_head(&random, head);
		if (random_chance(&random, 10))
			head[random_below(&random, strlen(head))] = 1 + random_below(&random, 255);
		/* What ends early or late is another case than this one. */
		if (!strstr(head, "\r\n\r\n") || strstr(head, "\r\n\r\n")[4])
			continue;
		is_valid = slow_read(head, &framing);
		cr_assert_eq(feed_at_once(&request, head, strlen(head)) == WEIR_DONE, is_valid,
			     "seed %#lx: %s: ending %d", seed, head, request.ending);
		if (is_valid)
			cr_assert_eq(request.framing, framing, "seed %#lx: %s", seed, head);
		accepted += is_valid;
	}
	cr_expect_gt(accepted, 1000, "%d accepted", accepted);
}
