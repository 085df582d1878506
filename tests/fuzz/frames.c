/* SPDX-License-Identifier: GPL-2.0-only */
/* What `explain --frame` takes: captures of any content, and hexadecimal. */
#include <unistd.h>

#include "config/frames.h"
#include "fuzz.h"

static void check_frames(const char *text)
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
		check_frames(text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	int fd = fuzz_file(data, size, path);

	check_frames(path);
	close(fd);
	if (size)
		check_text(data, size);
	return 0;
}
