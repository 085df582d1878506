/* SPDX-License-Identifier: GPL-2.0-only */
/* Response heads: likewise, towards the client. */
#include "sniff/response.h"
#include "fuzz.h"
#include "proxy/rewrite.h"
#include "slow/response.h"

static enum weir_sniff feed(struct weir_response *response, bool is_to_head, const char *bytes,
			    size_t size, size_t step)
{
	enum weir_sniff verdict = WEIR_MORE;

	weir_response_init(response, is_to_head);
	for (size_t at = 0; at < size && verdict == WEIR_MORE;) {
		at += size - at < step ? size - at : step;
		verdict = weir_response_feed(response, bytes, at);
	}
	return verdict;
}

static void check_rewritten(const struct weir_response *response, const char *head)
{
	const struct weir_rewrite_response how = {.keeps_alive = response->keeps_alive,
						  .is_switch = response->status == 101};
	char *sent = malloc(response->size + WEIR_REWRITE_ROOM);
	struct weir_response again;
	size_t size;

	fuzz_check(sent);
	size = weir_rewrite_response(response, head, &how, sent);
	fuzz_check(size <= response->size + WEIR_REWRITE_ROOM);
	weir_response_init(&again, response->is_to_head);
	if (weir_response_feed(&again, sent, size) == WEIR_DONE) {
		fuzz_check(again.size == size && again.status == response->status);
		fuzz_check(again.framing == response->framing);
		fuzz_check(again.fields.content_length == response->fields.content_length);
	} else {
		fuzz_check(size > WEIR_RESPONSE_HEAD_MAX - WEIR_REWRITE_ROOM);
	}
	free(sent);
}

/* What is accepted, as far as the slow reader knows it: short lines. */
static void check_slowly(const struct weir_response *response, const char *head)
{
	enum weir_framing framing = WEIR_FRAMED_CLOSE;
	bool keeps_alive;
	char *text;

	if (fuzz_longest_line(head, response->size) > SLOW_LINE_MAX)
		return;
	text = strndup(head, response->size);
	fuzz_check(text && strlen(text) == response->size);
	fuzz_check(slow_response_read(text, response->is_to_head, &framing, &keeps_alive));
	fuzz_check(framing == response->framing);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = fuzz_take_step(&data, &size);
	char *bytes = fuzz_copy(data, size);
	struct weir_response response, cut;
	bool is_to_head = step & 1;
	enum weir_sniff verdict = feed(&response, is_to_head, bytes, size, size);

	fuzz_check(feed(&cut, is_to_head, bytes, size, step) == verdict);
	fuzz_check(verdict != WEIR_BAD ||
		   (response.ending == cut.ending && response.ending != WEIR_END_NONE));
	if (verdict == WEIR_DONE) {
		fuzz_check(response.size == cut.size && response.size <= size);
		fuzz_check(response.status >= 100 && response.status <= 599);
		fuzz_check(response.framing == cut.framing);
		fuzz_check(feed(&cut, is_to_head, bytes, response.size - 1, size) == WEIR_MORE);
		check_rewritten(&response, bytes);
		check_slowly(&response, bytes);
	}
	free(bytes);
	return 0;
}
