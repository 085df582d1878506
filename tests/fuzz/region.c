/* SPDX-License-Identifier: GPL-2.0-only */
/* Region files: addresses are there once, with limits that a bucket can hold, or all is refused. */
#include "config/parse.h"
#include "fuzz.h"

static void check_region(const struct weir_region *region)
{
	fuzz_check(region->ingress_count > 0);
	for (size_t i = 0; i < region->ingress_count; i++) {
		struct weir_diags diags = {0};
		const struct weir_ingress *ingress = &region->ingress[i];

		fuzz_check(ingress->origin.line);
		fuzz_check(!weir_limit_check("", 1, 1, ingress->bytes_per_s, ingress->burst_bytes,
					     &diags));
		for (size_t j = 0; j < i && i < 64; j++)
			fuzz_check(region->ingress[j].address != ingress->address);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_copy(data, size);
	struct weir_diags diags = {0};
	struct weir_region region;
	int r = weir_region_parse("x.region", bytes, size, WEIR_DEFAULT_RATE_BYTES_PER_S,
				  WEIR_DEFAULT_BURST_BYTES, &diags, &region);

	fuzz_check_told(r, &diags);
	if (!r) {
		check_region(&region);
		weir_region_done(&region);
	}
	weir_diags_done(&diags);
	free(bytes);
	return 0;
}
