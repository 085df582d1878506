/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `explain --frame` takes: captures of any content, and hexadecimal. A second reader of the
 * classic format finds the same frames, and any frame survives being written as digits.
 */
#include <unistd.h>

#include "config/frames.h"
#include "fuzz.h"

enum { CAPTURE_HEADER = 24, RECORD_HEADER = 16, SNAPLEN = 262144 };

static __u32 u32_at(const uint8_t *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (__u32)at[3] << 24;
}

/* A little-endian capture of Ethernet with microseconds: the form that tcpdump writes. */
static bool is_classic(const uint8_t *data, size_t size)
{
	static const uint8_t start[] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0};

	return size >= CAPTURE_HEADER && !memcmp(data, start, sizeof(start)) &&
	       u32_at(data + 16) == SNAPLEN && u32_at(data + 20) == 1;
}

/* Each frame as the second reader finds it: what was captured, and zeros up to what there was. */
static void check_classic(const struct weir_frames *frames, const uint8_t *data, size_t size)
{
	size_t at = CAPTURE_HEADER;

	for (size_t i = 0; i < frames->count; i++) {
		const struct weir_frame *frame = &frames->items[i];
		size_t captured, whole;

		fuzz_check(at + RECORD_HEADER <= size);
		captured = u32_at(data + at + 8);
		whole = u32_at(data + at + 12);
		at += RECORD_HEADER;
		fuzz_check(captured <= size - at);
		fuzz_check(frame->size == (whole > captured ? whole : captured));
		fuzz_check(!memcmp(frame->bytes, data + at, captured));
		for (size_t j = captured; j < frame->size; j++)
			fuzz_check(!frame->bytes[j]);
		at += captured;
	}
	fuzz_check(at == size);
}

static void check_hex(const uint8_t *data, size_t size)
{
	static const char separators[] = " :-\n\t";
	char *text = malloc(size * 3 + 1), *to = text;
	struct weir_diags diags = {0};
	_cleanup_frames_ struct weir_frames frames = {0};
	bool is_capture = true;
	int r;

	fuzz_check(text);
	for (size_t i = 0; i < size; i++) {
		to += sprintf(to, i & 1 ? "%02X" : "%02x", data[i]);
		if (data[i] & 1)
			*to++ = separators[data[i] / 2 % (sizeof(separators) - 1)];
	}
	*to = 0;
	r = weir_frames_read(text, &diags, &frames, &is_capture);
	fuzz_check((r == 0) == (size <= WEIR_FRAME_BYTES_MAX));
	fuzz_check(r || (!is_capture && frames.count == 1 && frames.items[0].size == size &&
			 !memcmp(frames.items[0].bytes, data, size)));
	weir_diags_done(&diags);
	free(text);
}

static void check_frames(const char *text, const uint8_t *data, size_t size)
{
	struct weir_diags diags = {0};
	_cleanup_frames_ struct weir_frames frames = {0};
	bool is_capture;
	int r = weir_frames_read(text, &diags, &frames, &is_capture);

	fuzz_check_told(r, &diags);
	fuzz_check(r || (frames.count && frames.count <= WEIR_FRAMES_MAX));
	for (size_t i = 0; i < frames.count; i++)
		fuzz_check(frames.items[i].size <= WEIR_FRAME_BYTES_MAX &&
			   frames.items[i].number == i + 1);
	if (!r && is_capture && is_classic(data, size))
		check_classic(&frames, data, size);
	weir_diags_done(&diags);
}

/* As text only where it can be nothing else: a path would be opened. */
static void check_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	fuzz_check(text);
	memcpy(text, data, size);
	text[size] = 0;
	if (strlen(text) == size && strspn(text, "0123456789abcdefABCDEF :-\n\t") == size)
		check_frames(text, data, size);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	int fd = fuzz_file(data, size, path);

	check_frames(path, data, size);
	close(fd);
	if (size) {
		check_text(data, size);
		check_hex(data, size);
	}
	return 0;
}
