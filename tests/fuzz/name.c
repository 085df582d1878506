/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host names: a normalised name is its own normal form, has nothing in it but what a name has, and is
 * what the rule says, label by label.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>

#include "fuzz.h"
#include "sniff/name.h"

/* 0x and hexadecimal digits, or decimal ones: then the name is an address. */
static bool is_number(const char *label)
{
	if (!strncmp(label, "0x", 2))
		return strspn(label + 2, "0123456789abcdef") == strlen(label + 2);
	return strspn(label, "0123456789") == strlen(label);
}

/* The rule of base/host.h once more, with the C library's words. Returns as weir_name_normalise. */
static int normalise_slowly(const uint8_t *data, size_t size, char *ret_name)
{
	char text[WEIR_NAME_MAX + 2] = "", *rest = text, *label, *last = text;

	if (size && data[size - 1] == '.')
		size--;
	if (!size || size > WEIR_NAME_MAX)
		return -EINVAL;
	for (size_t i = 0; i < size; i++)
		text[i] = tolower(data[i]);
	strcpy(ret_name, text);
	if (strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != size)
		return -EINVAL;
	while ((label = strsep(&rest, "."))) {
		if (!*label || strlen(label) > 63)
			return -EINVAL;
		last = label;
	}
	return is_number(last) ? -EADDRNOTAVAIL : (int)size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[WEIR_NAME_MAX + 1], again[WEIR_NAME_MAX + 1];
	char *bytes = fuzz_copy(data, size);
	int length = weir_name_normalise(bytes, size, name);

	free(bytes);
	fuzz_check(length == normalise_slowly(data, size, again));
	if (length < 0) {
		fuzz_check(length == -EINVAL || length == -EADDRNOTAVAIL);
		return 0;
	}
	fuzz_check(!strcmp(name, again));
	fuzz_check(length >= 1 && (size_t)length <= size && strlen(name) == (size_t)length);
	fuzz_check(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == (size_t)length);
	fuzz_check(name[0] != '.' && name[length - 1] != '.' && !strstr(name, ".."));
	fuzz_check(weir_name_normalise(name, length, again) == length && !strcmp(name, again));
	return 0;
}
