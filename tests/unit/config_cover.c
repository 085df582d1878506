/* SPDX-License-Identifier: GPL-2.0-only */
/* What a denylist must not cover: by name, unless released, and found among millions. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "config/parse.h"
#include "diags_text.h"

/* A configuration whose lists are given as text; all else is the same in every test. */
struct fixture {
	struct weir_config config;
	struct weir_list denylist;
	struct weir_management management[2];
};

static const __u32 machine[] = {0x0a000001};

static void fixture_init(struct fixture *f, const char *denied, const char *allowed)
{
	static const char region[] = "region lab\ningress 203.0.113.10 rate 1GB/s\n"
				     "egress 203.0.113.200\n";
	static const char cdn[] = "198.18.0.0/15\n";
	_cleanup_diags_ struct weir_diags diags = {0};

	*f = (struct fixture){.config.path = "weir.yaml"};
	f->config.denylists = &f->denylist;
	f->config.denylists_count = 1;
	f->config.management = f->management;
	f->config.management_count = 2; /* the first is DHCP's, from everyone */
	f->management[1].from = (struct weir_prefix){0xc6336440, 26};
	f->management[1].origin = (struct weir_origin){"weir.yaml", 9};
	cr_assert_eq(
		weir_list_parse("bad", "bad.txt", denied, strlen(denied), &diags, &f->denylist) |
			weir_list_parse("allow", "allow.txt", allowed, strlen(allowed), &diags,
					&f->config.allowlist) |
			weir_list_parse("cdn", "cdn.txt", cdn, strlen(cdn), &diags,
					&f->config.cdn) |
			weir_region_parse("lab.region", region, strlen(region), 1, 1600, &diags,
					  &f->config.region),
		0, "%s", diags_text(&diags));
}

static void fixture_done(struct fixture *f)
{
	weir_list_done(&f->denylist);
	weir_list_done(&f->config.allowlist);
	weir_list_done(&f->config.cdn);
	weir_region_done(&f->config.region);
}

static void check(const char *denied, const char *allowed, bool is_forced, int want_r,
		  const char *want)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_(fixture_done) struct fixture f;

	fixture_init(&f, denied, allowed);
	cr_expect_eq(weir_config_check_cover(&f.config, machine, 1, is_forced, &diags), want_r,
		     "%s", denied);
	cr_expect_str_eq(diags_text(&diags), want, "%s", diags_text(&diags));
}

Test(cover, passes_lists_that_touch_nothing)
{
	check("192.0.2.1\n203.0.113.11\n203.0.113.8/31\n198.51.100.0/26\n10.0.0.2\n", "", false, 0,
	      "");
}

Test(cover, names_what_each_entry_covers)
{
	check("203.0.113.10\n203.0.113.192/26\n10.0.0.0/8\n198.18.0.0/15\n198.51.100.0/24\n", "",
	      false, -EINVAL,
	      "bad.txt:1: 203.0.113.10 covers the ingress address 203.0.113.10 (lab.region:2), and "
	      "the allowlist does not release it\n"
	      "bad.txt:2: 203.0.113.192/26 covers the egress address 203.0.113.200 (lab.region:3), "
	      "and the allowlist does not release it\n"
	      "bad.txt:3: 10.0.0.0/8 covers the machine's address 10.0.0.1, and the allowlist does "
	      "not release it\n"
	      "bad.txt:4: 198.18.0.0/15 covers the CDN's range 198.18.0.0/15 (cdn.txt:1), and the "
	      "allowlist does not release it\n"
	      "bad.txt:5: 198.51.100.0/24 covers the management source 198.51.100.64/26 "
	      "(weir.yaml:9), and the allowlist does not release it\n");
}

Test(cover, only_warns_when_forced)
{
	check("203.0.113.10\n", "", true, 0,
	      "bad.txt:1: warning: 203.0.113.10 covers the ingress address 203.0.113.10 "
	      "(lab.region:2), and the allowlist does not release it\n");
}

Test(cover, trusts_what_the_allowlist_releases)
{
	check("203.0.113.10\n198.18.0.0/15\n198.51.100.0/24\n198.18.3.4\n",
	      "203.0.113.0/24\n198.18.0.0/16\n198.19.0.0-198.19.255.255\n198.51.100.64/26\n", false,
	      0, "");
	/* Half of the range is not the range. */
	check("198.18.0.0/15\n", "198.18.0.0/16\n", false, -EINVAL,
	      "bad.txt:1: 198.18.0.0/15 covers the CDN's range 198.18.0.0/15 (cdn.txt:1), and the "
	      "allowlist does not release it\n");
}

Test(cover, warns_of_a_list_that_the_allowlist_releases_whole)
{
	check("192.0.2.1\n192.0.2.64/26\n", "192.0.2.1\n192.0.2.64-192.0.2.127\n", false, 0,
	      "bad.txt: warning: the allowlist releases every entry of it: it holds nobody back\n");
	check("192.0.2.1\n192.0.2.64/26\n", "192.0.2.1\n", false, 0, "");
}

Test(cover, warns_once_of_entries_inside_a_range)
{
	check("198.18.3.4\n198.19.0.0/16\n198.51.100.70\n", "", false, 0,
	      "bad.txt:1: warning: 198.18.3.4 lies inside the CDN's ranges or a management source; "
	      "entries in all that do: 3\n");
}

Test(cover, counts_what_it_does_not_show)
{
	check("0.0.0.0/0\n0.0.0.0/0\n", "", false, -EINVAL,
	      "bad.txt:1: 0.0.0.0/0 covers the machine's address 10.0.0.1, and the allowlist does "
	      "not release it\n"
	      "bad.txt:1: 0.0.0.0/0 covers the CDN's range 198.18.0.0/15 (cdn.txt:1), and the "
	      "allowlist does not release it\n"
	      "bad.txt:1: 0.0.0.0/0 covers the management source 198.51.100.64/26 (weir.yaml:9), "
	      "and the allowlist does not release it\n"
	      "bad.txt:1: 0.0.0.0/0 covers the ingress address 203.0.113.10 (lab.region:2), and "
	      "the allowlist does not release it\n"
	      "bad.txt:1: 0.0.0.0/0 covers the egress address 203.0.113.200 (lab.region:3), and "
	      "the allowlist does not release it\n"
	      "bad.txt:2: 0.0.0.0/0 covers the machine's address 10.0.0.1, and the allowlist does "
	      "not release it\n"
	      "bad.txt:2: 0.0.0.0/0 covers the CDN's range 198.18.0.0/15 (cdn.txt:1), and the "
	      "allowlist does not release it\n"
	      "bad.txt:2: 0.0.0.0/0 covers the management source 198.51.100.64/26 (weir.yaml:9), "
	      "and the allowlist does not release it\n"
	      "bad.txt: warning: and 2 more like these in this list\n");
}

/* Against the obvious test of every entry with every address. */
Test(cover, finds_the_same_as_a_slow_search_in_random_lists)
{
	unsigned int seed = 17;

	for (int round = 0; round < 300; round++) {
		_cleanup_diags_ struct weir_diags diags = {0};
		_cleanup_(fixture_done) struct fixture f;
		char denied[4096] = "", text[WEIR_PREFIX_TEXT_MAX];
		__u32 addresses[8];
		bool want = false;

		for (int i = 0; i < 20; i++) {
			__u8 length = 8 + rand_r(&seed) % 25;
			__u32 address = (__u32)rand_r(&seed) * 2 & weir_prefix_mask(length);

			address = (address & 0x0003ffff) | 0x2c000000;
			address &= weir_prefix_mask(length);
			strcat(strcat(denied, weir_prefix_format(
						      (struct weir_prefix){address, length}, text)),
			       "\n");
		}
		fixture_init(&f, denied, "");
		for (int i = 0; i < 8; i++) {
			addresses[i] = 0x2c000000 | (rand_r(&seed) & 0x0fffffff);
			for (size_t j = 0; j < f.denylist.count; j++)
				want |= weir_prefix_has(f.denylist.entries[j].prefix, addresses[i]);
		}
		cr_assert_eq(weir_config_check_cover(&f.config, addresses, 8, false, &diags),
			     want ? -EINVAL : 0, "%s", denied);
	}
}

/* What is fetched may be anything, also a line a hundred thousand times: looking ends all the same. */
Test(cover, takes_as_long_as_lists_are_and_not_their_product, .timeout = 60)
{
	enum { LINES = 100000 };
	_cleanup_(fixture_done) struct fixture f;
	_cleanup_diags_ struct weir_diags diags = {0};
	struct weir_list *lists[] = {&f.denylist, &f.config.cdn};

	fixture_init(&f, "192.0.2.1\n", "");
	for (int i = 0; i < 2; i++) {
		free(lists[i]->entries);
		lists[i]->entries = calloc(LINES, sizeof(*lists[i]->entries));
		lists[i]->count = LINES;
	}
	cr_assert_eq(weir_config_check_cover(&f.config, machine, 1, false, &diags), -EINVAL);
	cr_expect(strstr(diags_text(&diags), "and 10000399992 more like these in this list"), "%s",
		  diags_text(&diags));
}
