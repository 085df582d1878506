/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes, rates, durations, addresses, prefixes: what is formatted reads back as the same value. */
#include "base/quantity.h"
#include "base/prefix.h"
#include "fuzz.h"

static void check_bytes(const char *text, size_t size)
{
	char shown[WEIR_QUANTITY_TEXT_MAX];
	const char *why = NULL;
	__u64 value, again;

	if (weir_bytes_parse(text, size, &value, &why)) {
		fuzz_check(why && *why);
		return;
	}
	weir_bytes_format(value, shown);
	fuzz_check(!weir_bytes_parse(shown, strlen(shown), &again, &why) && again == value);
}

static void check_rate(const char *text, size_t size)
{
	char shown[WEIR_QUANTITY_TEXT_MAX];
	const char *why = NULL;
	__u64 value, again;

	if (weir_rate_parse(text, size, &value, &why)) {
		fuzz_check(why && *why);
		return;
	}
	weir_rate_format(value, shown);
	fuzz_check(!weir_rate_parse(shown, strlen(shown), &again, &why) && again == value);
}

static void check_duration(const char *text, size_t size)
{
	char shown[WEIR_QUANTITY_TEXT_MAX];
	const char *why = NULL;
	__u64 value;

	if (weir_duration_parse(text, size, &value, &why))
		fuzz_check(why && *why);
	else
		fuzz_check(value > 0 && *weir_duration_format(value, shown));
}

static void check_prefix(const char *text, size_t size)
{
	char shown[WEIR_PREFIX_TEXT_MAX];
	struct weir_prefix prefix, again;
	const char *why = NULL;
	bool had_host_bits;

	if (weir_prefix_parse(text, size, &prefix, &had_host_bits, &why)) {
		fuzz_check(why && *why);
		return;
	}
	weir_prefix_format(prefix, shown);
	fuzz_check(!weir_prefix_parse(shown, strlen(shown), &again, &had_host_bits, &why));
	fuzz_check(!had_host_bits && again.address == prefix.address &&
		   again.length == prefix.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_copy(data, size);

	check_bytes(bytes, size);
	check_rate(bytes, size);
	check_duration(bytes, size);
	check_prefix(bytes, size);
	free(bytes);
	return 0;
}
