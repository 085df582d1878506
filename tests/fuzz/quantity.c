/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sizes, rates, durations, addresses, prefixes: what is formatted reads back as the same value, and
 * the C library finds the same numbers in the text.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>

#include "base/prefix.h"
#include "base/quantity.h"
#include "fuzz.h"

/* `1.6GB`: the number times its unit, as near as a long double comes. */
static void check_scaled(const char *text, size_t size, __u64 value)
{
	static const char magnitudes[] = "kmgt";
	char copy[64] = "", *end;
	const char *magnitude;
	long double slow;

	if (size >= sizeof(copy))
		return;
	memcpy(copy, text, size);
	slow = strtold(copy, &end);
	magnitude = *end ? strchr(magnitudes, tolower(*end)) : NULL;
	if (magnitude)
		slow *= powl(end[1] == 'i' ? 1024 : 1000, magnitude - magnitudes + 1);
	if (strstr(end, "bit/s"))
		slow /= 8;
	fuzz_check(fabsl(slow - (long double)value) <= 1e-15L * slow);
}

static void check_bytes(const char *text, size_t size)
{
	char shown[WEIR_QUANTITY_TEXT_MAX];
	const char *why = NULL;
	__u64 value, again;

	if (weir_bytes_parse(text, size, &value, &why)) {
		fuzz_check(why && *why);
		return;
	}
	check_scaled(text, size, value);
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
	check_scaled(text, size, value);
	weir_rate_format(value, shown);
	fuzz_check(!weir_rate_parse(shown, strlen(shown), &again, &why) && again == value);
}

static void check_duration(const char *text, size_t size)
{
	char shown[WEIR_QUANTITY_TEXT_MAX];
	const char *why = NULL;
	__u64 value, again;

	if (weir_duration_parse(text, size, &value, &why)) {
		fuzz_check(why && *why);
		return;
	}
	fuzz_check(value > 0 && *weir_duration_format(value, shown));
	/* What is shown is rounded down: the same again, and never more. */
	if (weir_duration_parse(shown, strlen(shown), &again, &why))
		fuzz_check(value < 1000000000ULL);
	else
		fuzz_check(again <= value && value - again < value / 2 + 1000000000ULL);
}

/* The C library's reader is as strict, but for what ends the text. */
static void check_address(const char *text, size_t size)
{
	char copy[INET_ADDRSTRLEN + 1] = "";
	struct in_addr slow;
	const char *why;
	__u32 address;
	bool is_address = !weir_address_parse(text, size, &address, &why);

	memcpy(copy, text, size < sizeof(copy) - 1 ? size : sizeof(copy) - 1);
	fuzz_check(is_address == (strlen(copy) == size && inet_pton(AF_INET, copy, &slow) == 1));
	fuzz_check(!is_address || slow.s_addr == htonl(address));
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
	check_address(bytes, size);
	check_prefix(bytes, size);
	free(bytes);
	return 0;
}
