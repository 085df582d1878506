/* SPDX-License-Identifier: GPL-2.0-only */
/* Host names: a normalised name is its own normal form, and has nothing in it but what a name has. */
#include <errno.h>

#include "fuzz.h"
#include "sniff/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[WEIR_NAME_MAX + 1], again[WEIR_NAME_MAX + 1];
	char *bytes = fuzz_copy(data, size);
	int length = weir_name_normalise(bytes, size, name);

	free(bytes);
	if (length < 0) {
		fuzz_check(length == -EINVAL || length == -EADDRNOTAVAIL);
		return 0;
	}
	fuzz_check(length >= 1 && (size_t)length <= size && strlen(name) == (size_t)length);
	fuzz_check(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == (size_t)length);
	fuzz_check(name[0] != '.' && name[length - 1] != '.' && !strstr(name, ".."));
	fuzz_check(weir_name_normalise(name, length, again) == length && !strcmp(name, again));
	return 0;
}
