/* SPDX-License-Identifier: GPL-2.0-only */
/* The PROXY header: whole says what its last prefix did not, and bytes behind it change nothing. */
#include "sniff/preface.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_copy(data, size);
	struct weir_preface whole, part;
	enum weir_sniff sniff = weir_preface_feed(&whole, bytes, size);

	if (sniff == WEIR_BAD)
		fuzz_check(whole.ending == WEIR_END_PROXY_HEADER ||
			   whole.ending == WEIR_END_PROXY_HEADER_ADDRESS);
	if (sniff == WEIR_DONE) {
		fuzz_check(whole.size && whole.size <= size && whole.size <= WEIR_PREFACE_MAX);
		fuzz_check(weir_preface_feed(&part, bytes, whole.size) == WEIR_DONE);
		fuzz_check(!memcmp(&part, &whole, sizeof(whole)));
		fuzz_check(weir_preface_feed(&part, bytes, whole.size - 1) == WEIR_MORE);
	}
	/* What needs more has a prefix that needs more, too. */
	if (sniff == WEIR_MORE && size)
		fuzz_check(weir_preface_feed(&part, bytes, size - 1) == WEIR_MORE);
	free(bytes);
	return 0;
}
