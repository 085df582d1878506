/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ClientHellos: the verdict does not depend on how the bytes were cut, every strict prefix of a
 * whole hello is MORE, a slow reader finds the same, and what comes out is what routes and alerts can
 * be made of.
 */
#include "sniff/hello.h"
#include "fuzz.h"
#include "slow/hello.h"

static enum weir_sniff feed(struct weir_hello *hello, const char *bytes, size_t size, size_t step,
			    size_t *ret_used)
{
	enum weir_sniff verdict = WEIR_MORE;
	size_t used, at = 0;

	weir_hello_init(hello);
	while (at < size && verdict == WEIR_MORE) {
		size_t piece = size - at < step ? size - at : step;

		verdict = weir_hello_feed(hello, bytes + at, piece, &used);
		at += verdict == WEIR_DONE ? used : piece;
	}
	*ret_used = at;
	return verdict;
}

static void check_result(const struct weir_hello *hello)
{
	char name[WEIR_NAME_MAX + 1];
	size_t at = 0;

	fuzz_check(hello->has_name == (hello->name_size > 0));
	if (hello->has_name) {
		fuzz_check(strlen(hello->name) == hello->name_size);
		fuzz_check(weir_name_normalise(hello->name, hello->name_size, name) ==
			   hello->name_size);
		fuzz_check(!strcmp(hello->name, name));
	}
	while (at < hello->alpn_size) {
		fuzz_check(hello->alpn[at]);
		at += 1 + hello->alpn[at];
	}
	fuzz_check(at == hello->alpn_size);
}

/* The fast reader may refuse sooner, never accept or go on where the slow one refuses. */
static void check_slowly(const struct weir_hello *hello, enum weir_sniff verdict, const char *bytes,
			 size_t size)
{
	char name[WEIR_NAME_MAX + 1] = "";
	enum weir_sniff slow = slow_hello_read((const __u8 *)bytes, size, name);

	fuzz_check(slow == verdict || (slow == WEIR_MORE && verdict == WEIR_BAD));
	if (verdict == WEIR_DONE)
		fuzz_check(!strcmp(hello->has_name ? hello->name : "", name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = fuzz_take_step(&data, &size), used, used_cut;
	struct weir_hello hello, cut;
	char *bytes = fuzz_copy(data, size);
	enum weir_sniff verdict = feed(&hello, bytes, size, size, &used);

	fuzz_check(feed(&cut, bytes, size, step, &used_cut) == verdict);
	if (verdict == WEIR_BAD)
		fuzz_check(hello.ending == cut.ending && hello.ending != WEIR_END_NONE);
	if (verdict == WEIR_DONE) {
		fuzz_check(used == used_cut && used <= size);
		fuzz_check(!strcmp(hello.name, cut.name));
		check_result(&hello);
		fuzz_check(feed(&cut, bytes, used - 1, used, &used_cut) == WEIR_MORE);
	}
	check_slowly(&hello, verdict, bytes, size);
	free(bytes);
	return 0;
}
