/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The chunked coding: data and end do not depend on how the bytes were cut, a slow reader finds the
 * same, and what a request may say a response may, too.
 */
#include "sniff/chunk.h"
#include "fuzz.h"
#include "slow/chunk.h"

struct reading {
	enum weir_chunk_step step;
	enum weir_ending ending;
	size_t used;
	size_t data; /* bytes, and a digest of them */
	__u32 digest;
};

static void take_data(struct reading *reading, struct weir_chunk *chunk, const char *bytes,
		      size_t size)
{
	size_t piece = chunk->data_left < size ? chunk->data_left : size;

	for (size_t i = 0; i < piece; i++)
		reading->digest = reading->digest * 31 + (__u8)bytes[i];
	weir_chunk_moved(chunk, piece);
	reading->data += piece;
	reading->used += piece;
}

static struct reading read_body(const char *bytes, size_t size, size_t step, bool is_response)
{
	struct reading reading;
	struct weir_chunk chunk;
	size_t used;

	memset(&reading, 0, sizeof(reading)); /* with what lies between its members */
	reading.step = WEIR_CHUNK_MORE;
	weir_chunk_init(&chunk);
	chunk.is_response = is_response;
	while (reading.used < size) {
		size_t piece = size - reading.used < step ? size - reading.used : step;

		if (chunk.data_left) {
			take_data(&reading, &chunk, bytes + reading.used, piece);
			reading.step = WEIR_CHUNK_MORE;
			continue;
		}
		reading.step = weir_chunk_feed(&chunk, bytes + reading.used, piece, &used);
		if (reading.step == WEIR_CHUNK_BAD) {
			reading.ending = chunk.ending;
			return reading;
		}
		fuzz_check(used <= piece);
		fuzz_check(reading.step != WEIR_CHUNK_MORE || used == piece);
		fuzz_check((reading.step == WEIR_CHUNK_DATA) == (chunk.data_left > 0));
		reading.used += used;
		if (reading.step == WEIR_CHUNK_DONE)
			return reading;
	}
	return reading;
}

/* The slow reader knows no limits: what it accepts and the other refuses is long. */
static void check_slowly(const struct reading *reading, const char *bytes, size_t size)
{
	char *text, *found = malloc(size + 1);
	const char *end = NULL;
	size_t data = 0;
	__u32 digest = 0;

	size = reading->step == WEIR_CHUNK_DONE ? reading->used : size;
	text = strndup(bytes, size);
	fuzz_check(text && found);
	if (strlen(text) == size)
		end = slow_chunk_read(text, found, &data);
	else if (reading->step == WEIR_CHUNK_DONE)
		fuzz_check(reading->data); /* a NUL is nothing but data */
	if (end && reading->step == WEIR_CHUNK_BAD)
		fuzz_check(size > WEIR_CHUNK_LINE_MAX);
	else if (strlen(text) == size)
		fuzz_check((reading->step == WEIR_CHUNK_DONE) == (end != NULL));
	for (size_t i = 0; i < data; i++)
		digest = digest * 31 + (__u8)found[i];
	if (end && reading->step == WEIR_CHUNK_DONE)
		fuzz_check(reading->used == (size_t)(end - text) && reading->data == data &&
			   reading->digest == digest);
	free(found);
	free(text);
}

static void check_response(const struct reading *request, const char *bytes, size_t size)
{
	struct reading response = read_body(bytes, size, size, true);

	if (request->step != WEIR_CHUNK_BAD)
		fuzz_check(!memcmp(request, &response, sizeof(response)));
	else
		fuzz_check(response.step == WEIR_CHUNK_BAD || request->ending == WEIR_END_TRAILER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = fuzz_take_step(&data, &size);
	char *bytes = fuzz_copy(data, size);
	struct reading whole = read_body(bytes, size, size, false),
		       cut = read_body(bytes, size, step, false);

	fuzz_check((whole.step == WEIR_CHUNK_BAD) == (cut.step == WEIR_CHUNK_BAD));
	fuzz_check((whole.step == WEIR_CHUNK_DONE) == (cut.step == WEIR_CHUNK_DONE));
	fuzz_check(whole.ending == cut.ending);
	fuzz_check(whole.data == cut.data && whole.digest == cut.digest);
	if (whole.step == WEIR_CHUNK_DONE) {
		fuzz_check(whole.used == cut.used);
		fuzz_check(read_body(bytes, whole.used - 1, size, false).step != WEIR_CHUNK_DONE);
	}
	check_slowly(&whole, bytes, size);
	check_response(&whole, bytes, size);
	free(bytes);
	return 0;
}
