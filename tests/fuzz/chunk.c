/* SPDX-License-Identifier: GPL-2.0-only */
/* The chunked coding: data and end do not depend on how the bytes were cut. */
#include "sniff/chunk.h"
#include "fuzz.h"

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

static struct reading read_body(const char *bytes, size_t size, size_t step)
{
	struct reading reading = {.step = WEIR_CHUNK_MORE};
	struct weir_chunk chunk;
	size_t used;

	weir_chunk_init(&chunk);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = fuzz_take_step(&data, &size);
	char *bytes = fuzz_copy(data, size);
	struct reading whole = read_body(bytes, size, size), cut = read_body(bytes, size, step);

	fuzz_check((whole.step == WEIR_CHUNK_BAD) == (cut.step == WEIR_CHUNK_BAD));
	fuzz_check((whole.step == WEIR_CHUNK_DONE) == (cut.step == WEIR_CHUNK_DONE));
	fuzz_check(whole.ending == cut.ending);
	fuzz_check(whole.data == cut.data && whole.digest == cut.digest);
	if (whole.step == WEIR_CHUNK_DONE) {
		fuzz_check(whole.used == cut.used);
		fuzz_check(read_body(bytes, whole.used - 1, size).step != WEIR_CHUNK_DONE);
	}
	free(bytes);
	return 0;
}
