/* SPDX-License-Identifier: GPL-2.0-only */
/* The one rule for host names, for files and for the wire. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/host.h"
#include "guard.h"

static int parse(const char *text, size_t size, char to[static WEIR_HOST_MAX + 1])
{
	_cleanup_guard_ struct guard guard = guard_of(text, size);
	const char *why = NULL;
	size_t at = size + 1;
	int r = weir_host_parse(guard.bytes, size, to, &at, &why);

	cr_expect(!r || (why && at <= size), "'%s'", text);
	return r;
}

Test(host, is_lower_case_without_a_trailing_dot)
{
	static const char *const names[][2] = {
		{"Shop.Example", "shop.example"},
		{"shop.example.", "shop.example"},
		{"a", "a"},
		{"xn--caf-dma.example", "xn--caf-dma.example"},
		{"_dmarc.a_b.c", "_dmarc.a_b.c"},
		{"-a.b-.c", "-a.b-.c"},
		{"1.2.3.a", "1.2.3.a"},
		{"0xfg", "0xfg"},
		{"127.0.0.1a", "127.0.0.1a"},
		{"0x1.example", "0x1.example"},
	};
	char host[WEIR_HOST_MAX + 1];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_expect_eq(parse(names[i][0], strlen(names[i][0]), host), 0, "%s", names[i][0]);
		cr_expect_str_eq(host, names[i][1]);
	}
}

Test(host, is_no_address)
{
	static const char *const addresses[] = {"127.0.0.1", "127.1",   "0x7f000001",
						"0X7F.1.",   "1",       "a.example.7",
						"a.0x",      "a.0xDEAD"};
	char host[WEIR_HOST_MAX + 1];

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		cr_expect_eq(parse(addresses[i], strlen(addresses[i]), host), -EADDRNOTAVAIL, "%s",
			     addresses[i]);
}

Test(host, has_no_other_byte_and_no_empty_label)
{
	static const char *const others[] = {"",     ".",   "..",  "a..b", ".a",
					     "a b",  "a:1", "[a]", "a/b",  "caf\xc3\xa9",
					     "a\tb", "a,b", "*.a", "a..",  "a\x7f.b"};
	char host[WEIR_HOST_MAX + 1];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_eq(parse(others[i], strlen(others[i]), host), -EINVAL, "%s", others[i]);
	cr_expect_eq(parse("a\0.b", 4, host), -EINVAL);
}
