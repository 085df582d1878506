/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Request heads: the verdict does not depend on how the bytes came, and what the container is sent
 * reads as the same request again: nothing that two readers could understand differently. A slow
 * reader agrees.
 */
#include "sniff/request.h"
#include "fuzz.h"
#include "proxy/rewrite.h"
#include "slow/request.h"

static enum weir_sniff feed(struct weir_request *request, const char *bytes, size_t size,
			    size_t step)
{
	enum weir_sniff verdict = WEIR_MORE;

	weir_request_init(request);
	for (size_t at = 0; at < size && verdict == WEIR_MORE;) {
		at += size - at < step ? size - at : step;
		verdict = weir_request_feed(request, bytes, at);
	}
	return verdict;
}

static bool is_same_text(const char *a, struct weir_span in_a, const char *b, struct weir_span in_b)
{
	return in_a.size == in_b.size && !memcmp(a + in_a.at, b + in_b.at, in_a.size);
}

static void check_rewritten(const struct weir_request *request, const char *head, bool is_trusted)
{
	static const __u64 random[2] = {1, 2};
	struct weir_rewrite_client client = {.address = 0x010200c0, .is_trusted = is_trusted};
	char *sent = malloc(request->size + WEIR_REWRITE_ROOM), room[WEIR_REQUEST_ID_ROOM];
	struct weir_request again;
	size_t size;

	client.id = weir_rewrite_id(request, head, random, room, &client.id_size);
	fuzz_check(sent);
	size = weir_rewrite_request(request, head, &client, sent);
	fuzz_check(size <= request->size + WEIR_REWRITE_ROOM);
	weir_request_init(&again);
	/*
	 * The fields that are added may take a head at the limit over it, and what a trusted client says in
	 * several X-Forwarded-For is one line then: another limit's business.
	 */
	if (weir_request_feed(&again, sent, size) == WEIR_DONE) {
		fuzz_check(again.size == size);
		fuzz_check(again.framing == request->framing);
		fuzz_check(again.fields.content_length == request->fields.content_length);
		fuzz_check(is_same_text(head, request->method, sent, again.method));
		/* Without a path in an absolute target it is `/`, or `*` (RFC 9112, section 3.2.1). */
		if (request->target.size)
			fuzz_check(is_same_text(head, request->target, sent, again.target));
		else
			fuzz_check(again.target.size == 1);
		fuzz_check(again.name_size == request->name_size);
		fuzz_check(!memcmp(again.name, request->name, request->name_size));
	} else {
		/* HTTP/1.0 without a host gets the empty one of RFC 9112, section 3.2. */
		fuzz_check(again.ending == WEIR_END_HEADERS_TOO_LONG ||
			   (again.ending == WEIR_END_HEADER_TOO_LONG && is_trusted) ||
			   (again.ending == WEIR_END_HOST && !request->authority.size));
	}
	free(sent);
}

/* What is accepted, as far as the slow reader knows it: short lines, a path, a name. */
static void check_slowly(const struct weir_request *request, const char *head)
{
	enum weir_framing framing = WEIR_FRAMED_CLOSE;
	char *text;

	if (request->skipped_empty_line || request->has_absolute || !request->name_size ||
	    head[request->target.at] == '*' || request->fields.content_length >= SLOW_LENGTH_MAX ||
	    fuzz_longest_line(head, request->size) > SLOW_LINE_MAX)
		return;
	text = strndup(head, request->size);
	fuzz_check(text && strlen(text) == request->size);
	fuzz_check(slow_request_read(text, &framing) && framing == request->framing);
	free(text);
}

/* What is refused, and the slow reader accepts: by a rule that it does not know. */
static void check_refused(const struct weir_request *request, const char *head, size_t size)
{
	enum weir_framing framing;
	char *text = strndup(head, size), *end;

	fuzz_check(text);
	end = strstr(text, "\r\n\r\n");
	if (strlen(text) == size && end && !end[4] &&
	    fuzz_longest_line(head, size) <= SLOW_LINE_MAX && slow_request_read(text, &framing))
		fuzz_check(request->ending == WEIR_END_EXPECTATION ||
			   request->ending == WEIR_END_HEADER ||
			   request->ending == WEIR_END_CONNECTION_OPTION ||
			   request->ending == WEIR_END_HOST ||
			   request->ending == WEIR_END_HEADERS_TOO_LONG);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = fuzz_take_step(&data, &size);
	char *bytes = fuzz_copy(data, size);
	struct weir_request request, cut;
	enum weir_sniff verdict = feed(&request, bytes, size, size);

	fuzz_check(feed(&cut, bytes, size, step) == verdict);
	/* Of several faults, the one that came first in time is told. */
	if (verdict == WEIR_BAD) {
		fuzz_check(request.ending != WEIR_END_NONE && cut.ending != WEIR_END_NONE);
		check_refused(&request, bytes, size);
	}
	if (verdict == WEIR_DONE) {
		fuzz_check(request.size == cut.size && request.size <= size);
		fuzz_check(request.framing == cut.framing && request.framing != WEIR_FRAMED_CLOSE);
		fuzz_check(feed(&cut, bytes, request.size - 1, size) == WEIR_MORE);
		check_rewritten(&request, bytes, step & 1);
		check_slowly(&request, bytes);
	}
	free(bytes);
	return 0;
}
