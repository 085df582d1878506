/* SPDX-License-Identifier: GPL-2.0-only */
/* Region files: addresses, rates and their defaults, and every error with its place. */
#include <criterion/criterion.h>
#include <errno.h>

#include "base/cleanup.h"
#include "config/parse.h"
#include "diags_text.h"
#include "guard.h"

#define _cleanup_region_ _cleanup_(weir_region_done)

static int parse(const char *text, struct weir_diags *diags, struct weir_region *ret_region)
{
	_cleanup_guard_ struct guard guard = guard_of(text, strlen(text));

	return weir_region_parse("r.region", guard.bytes, strlen(text), 20000000, 1600000000, diags,
				 ret_region);
}

static void refuse(const char *text, const char *want)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	struct weir_region region = {.ingress_count = 7};

	cr_expect_eq(parse(text, &diags, &region), -EINVAL, "%s", text);
	cr_expect_eq(region.ingress_count, 7);
	cr_expect_str_eq(diags_text(&diags), want, "%s", diags_text(&diags));
}

Test(region, reads_addresses_rates_and_defaults)
{
	static const char input[] = "# a region\r\n"
				    "region lab-1\n"
				    "ingress 192.0.2.30/32 rate 1.6GB/s burst 2GB # shared\n"
				    "ingress 192.0.2.31\n"
				    "ingress 192.0.2.32 burst 64kB rate 160Mbit/s\n"
				    "\n"
				    "egress\t192.0.2.206";
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_region_ struct weir_region region = {0};

	cr_assert_eq(parse(input, &diags, &region), 0, "%s", diags_text(&diags));
	cr_expect_eq(diags.count, 0);
	cr_expect_str_eq(region.name, "lab-1");
	cr_assert_eq(region.ingress_count, 3);
	cr_expect_eq(region.ingress[0].address, 0xc000021e);
	cr_expect_eq(region.ingress[0].bytes_per_s, 1600000000);
	cr_expect_eq(region.ingress[0].burst_bytes, 2000000000);
	cr_expect(region.ingress[0].states_rate);
	cr_expect_eq(region.ingress[1].bytes_per_s, 20000000);
	cr_expect_eq(region.ingress[1].burst_bytes, 1600000000);
	cr_expect_not(region.ingress[1].states_rate);
	cr_expect_eq(region.ingress[2].bytes_per_s, 20000000);
	cr_expect_eq(region.ingress[2].burst_bytes, 64000);
	cr_expect_eq(region.ingress[2].origin.line, 5);
	cr_expect_eq(region.ingress[2].origin.path, region.path);
	cr_assert_eq(region.egress_count, 1);
	cr_expect_eq(region.egress[0].address, 0xc00002ce);
	cr_expect_eq(region.egress[0].origin.line, 7);
}

Test(region, says_that_an_empty_one_is_empty)
{
	refuse("", "r.region: names no region: a line `region NAME` is missing\n"
		   "r.region: the region is empty: it has no ingress address\n");
	refuse("region a\negress 192.0.2.1\n",
	       "r.region: the region is empty: it has no ingress address\n");
}

Test(region, reports_every_bad_line_with_its_column)
{
	refuse("region a b\n"
	       "region c\n"
	       "ingress\n"
	       "ingress 192.0.2.256\n"
	       "ingress 192.0.2.0/24\n"
	       "ingress 192.0.2.1/33\n"
	       "ingress 192.0.2.1 rate\n"
	       "ingress 192.0.2.1 rate 20MB\n"
	       "ingress 192.0.2.1 rate 1MB/s rate 1MB/s\n"
	       "ingress 192.0.2.1 speed 1MB/s\n"
	       "ingress 192.0.2.1 rate 0\n"
	       "ingress 192.0.2.1 burst 1517B\n"
	       "ingress 192.0.2.1 rate 1B/s burst 1.6GB\n"
	       "ingress 192.0.2.2\n"
	       "ingress 192.0.2.2/32\n"
	       "egress 192.0.2.2\n"
	       "egress 192.0.2.3 rate 1MB/s\n"
	       "  ingres 192.0.2.4\n"
	       "ingress 127.0.0.1\n"
	       "ingress 0.0.0.1\n"
	       "egress 224.0.0.1\n"
	       "ingress 255.255.255.255\n"
	       "ingress 192.0.2.5 rate 1,6GB/s\n"
	       "ingress 192.0.2.5 burst 1.6GB/s\n",
	       "r.region:1:10: 'b' does not belong here\n"
	       "r.region:2:1: the region has its name on line 1 already\n"
	       "r.region:3:8: the address is missing\n"
	       "r.region:4:9: '192.0.2.256' has a part above 255\n"
	       "r.region:5:9: '192.0.2.0/24' is a network; a region has addresses, each a /32\n"
	       "r.region:6:9: '192.0.2.1/33' has a prefix length above 32\n"
	       "r.region:7:23: the rate is missing\n"
	       "r.region:8:24: '20MB' needs a unit such as MB/s, GB/s, Mbit/s or MiB/s\n"
	       "r.region:9:30: rate is stated twice\n"
	       "r.region:10:19: 'speed' is neither rate nor burst\n"
	       "r.region:11:9: a rate of 0 passes nothing\n"
	       "r.region:12:9: a burst of 1517B is smaller than one frame of 1518 bytes\n"
	       "r.region:13:9: a burst of 1.6GB takes more than two years at this rate\n"
	       "r.region:15:9: 192.0.2.2 is on line 14 already\n"
	       "r.region:16:8: 192.0.2.2 is on line 14 already\n"
	       "r.region:17:18: 'rate' does not belong here\n"
	       "r.region:18:3: 'ingres' is none of region, ingress, egress\n"
	       "r.region:19:9: '127.0.0.1' is no address that a packet comes to from outside\n"
	       "r.region:20:9: '0.0.0.1' is no address that a packet comes to from outside\n"
	       "r.region:21:8: '224.0.0.1' is no address that a packet comes to from outside\n"
	       "r.region:22:9: '255.255.255.255' is no address that a packet comes to from "
	       "outside\n"
	       "r.region:23:24: '1,6GB/s' has a comma: write a point, as in 1.6GB\n"
	       "r.region:24:25: '1.6GB/s' is a rate where a size belongs: leave out /s\n");
}

Test(region, refuses_more_addresses_than_fit_by_name)
{
	_cleanup_free_ char *text = malloc((WEIR_DESTINATIONS_MAX + 2) * 32);
	char *at = text + sprintf(text, "region a\n");

	for (unsigned int i = 0; i <= WEIR_DESTINATIONS_MAX; i++)
		at += sprintf(at, "ingress 198.18.%u.%u\n", i >> 8, i & 255);
	refuse(text, "r.region:4098:9: more than 4096 addresses (WEIR_DESTINATIONS_MAX)\n");
}

Test(region, refuses_names_that_are_no_file_names)
{
	refuse("region ../x\ningress 192.0.2.1\n",
	       "r.region:1:10: '../x' is no name: letters, digits, '.', '_' and '-'\n");
}
