/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Region files: addresses are there once, with limits that a bucket can hold, or all is refused; and
 * what was read, written out again, reads the same.
 */
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

static void write_region(FILE *to, const struct weir_region *region)
{
	char address[WEIR_PREFIX_TEXT_MAX];

	fprintf(to, "region %s\n", region->name);
	for (size_t i = 0; i < region->ingress_count; i++)
		fprintf(to, "ingress %s rate %lluB/s burst %lluB\n",
			weir_address_format(region->ingress[i].address, address),
			region->ingress[i].bytes_per_s, region->ingress[i].burst_bytes);
	for (size_t i = 0; i < region->egress_count; i++)
		fprintf(to, "egress %s/32\n",
			weir_address_format(region->egress[i].address, address));
}

static void check_same(const struct weir_region *a, const struct weir_region *b)
{
	fuzz_check(!strcmp(a->name, b->name));
	fuzz_check(a->ingress_count == b->ingress_count && a->egress_count == b->egress_count);
	for (size_t i = 0; i < a->ingress_count; i++)
		fuzz_check(a->ingress[i].address == b->ingress[i].address &&
			   a->ingress[i].bytes_per_s == b->ingress[i].bytes_per_s &&
			   a->ingress[i].burst_bytes == b->ingress[i].burst_bytes);
	for (size_t i = 0; i < a->egress_count; i++)
		fuzz_check(a->egress[i].address == b->egress[i].address);
}

static void check_again(const struct weir_region *region)
{
	struct weir_diags diags = {0};
	struct weir_region again;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	fuzz_check(to);
	write_region(to, region);
	fclose(to);
	fuzz_check(!weir_region_parse("again", text, size, 1, 1, &diags, &again));
	fuzz_check(!diags.count);
	check_same(region, &again);
	weir_region_done(&again);
	free(text);
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
		check_again(&region);
		weir_region_done(&region);
	}
	weir_diags_done(&diags);
	free(bytes);
	return 0;
}
