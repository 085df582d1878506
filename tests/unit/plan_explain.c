/* SPDX-License-Identifier: GPL-2.0-only */
/* Which line stands behind a verdict, for a configuration in memory. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "plan/explain.h"
#include "weir/deny.h"

static char bad_name[] = "bad", bad_path[] = "bad.list", more_name[] = "more",
	    more_path[] = "more.list", allow_path[] = "allow.list", cdn_path[] = "cdn.list",
	    yaml_path[] = "weir.yaml", region_path[] = "test.region";

static struct weir_listed bad[] = {{{0xcb007100, 24}, 3}, {{0xcb007107, 32}, 9}};
static struct weir_listed more[] = {{{0xcb000000, 8}, 1}};
static struct weir_listed allowed[] = {{{0xcb007105, 32}, 2}};
static struct weir_listed cdn[] = {{{0xc6120000, 16}, 4}};
static struct weir_list denylists[] = {{bad_name, bad_path, bad, 2},
				       {more_name, more_path, more, 1}};
static struct weir_ingress ingress[] = {{.address = 0xc0000201,
					 .bytes_per_s = 20000000,
					 .burst_bytes = 1600000000,
					 .origin = {region_path, 2}}};
static struct weir_egress egress[] = {{0xc000020a, {region_path, 3}}};
static struct weir_management management[] = {
	{.protocol = IPPROTO_UDP,
	 .source_port_low = 67,
	 .source_port_high = 67,
	 .port_low = 68,
	 .port_high = 68},
	{.protocol = IPPROTO_TCP,
	 .from = {0x0a010000, 16},
	 .source_port_high = 65535,
	 .port_low = 22,
	 .port_high = 22,
	 .origin = {yaml_path, 12}},
};
static struct weir_backend backends[] = {{{0x0a020000, 16}, {yaml_path, 20}}};

static struct weir_config config = {
	.path = yaml_path,
	.region = {bad_name, region_path, ingress, 1, egress, 1},
	.open_ports = {{80, WEIR_HTTP}, {443, WEIR_TLS}},
	.open_ports_count = 2,
	.cdn_ports = {{8080, WEIR_HTTP}},
	.cdn_ports_count = 1,
	.cdn_ports_origins = {{yaml_path, 7}},
	.cdn = {NULL, cdn_path, cdn, 1},
	.denylists = denylists,
	.denylists_count = 2,
	.allowlist = {NULL, allow_path, allowed, 1},
	.management = management,
	.management_count = 2,
	.backends = backends,
	.backends_count = 1,
};

static struct weir_record records[] = {
	{.kind = WEIR_LIVE_BAN, .prefix = {0xc6336400, 24}},
	{.kind = WEIR_LIVE_RELEASE, .prefix = {0xcb007109, 32}},
};

/* The evidence as `path:line text`, one a line. Static. */
static const char *because(__u32 source, __u32 destination, __u8 protocol, __u16 port,
			   enum weir_reason reason, const struct weir_config *files)
{
	static char text[2048];
	const struct weir_circumstances known = {files, records, 2};
	const struct weir_header header = {.source = source,
					   .destination = destination,
					   .source_port = 67,
					   .port = port,
					   .protocol = protocol};
	struct weir_explanation explanation;
	size_t size = 0;

	text[0] = '\0';
	weir_explain(&known, &header, reason, &explanation);
	for (size_t i = 0; i < explanation.count; i++)
		size += snprintf(text + size, sizeof(text) - size, "%s%s:%u %s%s", i ? "\n" : "",
				 explanation.items[i].path ?: "-", explanation.items[i].line,
				 explanation.items[i].text,
				 explanation.items[i].record ? " (live)" : "");
	return text;
}

#define INGRESS_LINE "test.region:2 ingress 192.0.2.1, rate 20MB/s, burst 1.6GB"

Test(explain, names_every_list_that_has_a_denied_source_and_its_first_entry)
{
	cr_expect_str_eq(
		because(0xcb007107, 0xc0000201, IPPROTO_TCP, 80, WEIR_DROP_DENIED, &config),
		"bad.list:3 denylist bad has 203.0.113.0/24\n"
		"more.list:1 denylist more has 203.0.0.0/8");
}

Test(explain, says_so_when_the_files_no_longer_list_a_denied_source)
{
	cr_expect_str_eq(
		because(0x01020304, 0xc0000201, IPPROTO_TCP, 80, WEIR_DROP_DENIED, &config),
		"-:0 the policy in force lists it; the files do not");
}

Test(explain, names_the_live_ban)
{
	cr_expect_str_eq(
		because(0xc6336407, 0xc0000201, IPPROTO_TCP, 80, WEIR_DROP_BANNED, &config),
		"-:0 live ban of 198.51.100.0/24 (live)");
}

Test(explain, names_port_and_destination_of_what_passes)
{
	cr_expect_str_eq(
		because(0x01020304, 0xc0000201, IPPROTO_TCP, 80, WEIR_PASS_INGRESS, &config),
		"-:0 open port 80, the platform's default\n" INGRESS_LINE);
	cr_expect_str_eq(because(0xc6120001, 0xc0000201, IPPROTO_TCP, 8080, WEIR_PASS_CDN, &config),
			 "weir.yaml:7 CDN port 8080\n"
			 "cdn.list:4 the CDN's ranges have 198.18.0.0/16\n" INGRESS_LINE);
}

Test(explain, tells_what_released_a_listed_source_and_what_lists_it)
{
	cr_expect_str_eq(
		because(0xcb007105, 0xc0000201, IPPROTO_TCP, 443, WEIR_PASS_INGRESS, &config),
		"-:0 open port 443, the platform's default\n" INGRESS_LINE
		"\nallow.list:2 released: the allowlist has 203.0.113.5\n"
		"bad.list:3 denylist bad has 203.0.113.0/24\n"
		"more.list:1 denylist more has 203.0.0.0/8");
	cr_expect_str_eq(
		because(0xcb007109, 0x0a000001, IPPROTO_TCP, 443, WEIR_PASS_RETURN_TCP, &config),
		"-:0 10.0.0.1 is the machine's own address\n"
		"-:0 live release of 203.0.113.9 (live)\n"
		"bad.list:3 denylist bad has 203.0.113.0/24\n"
		"more.list:1 denylist more has 203.0.0.0/8");
}

Test(explain, names_the_first_rule_that_matches)
{
	cr_expect_str_eq(
		because(0x0a010203, 0xc0000214, IPPROTO_TCP, 22, WEIR_PASS_MANAGEMENT, &config),
		"weir.yaml:12 management: tcp from 10.1.0.0/16 to 0.0.0.0/0 port 22");
	cr_expect_str_eq(
		because(0x01020304, 0xc0000214, IPPROTO_UDP, 68, WEIR_PASS_MANAGEMENT, &config),
		"weir.yaml:0 management: udp from 0.0.0.0/0 source-port 67 to 0.0.0.0/0 "
		"port 68 (`dhcp`, on by default)");
}

Test(explain, names_what_a_dropped_packet_was_for)
{
	cr_expect_str_eq(because(1, 0xc0000263, IPPROTO_TCP, 80, WEIR_DROP_NOT_INGRESS, &config),
			 "test.region:0 192.0.2.99 is no ingress or egress address, nor the "
			 "machine's own");
	cr_expect_str_eq(because(1, 0xc0000201, IPPROTO_TCP, 25, WEIR_DROP_PORT, &config),
			 "weir.yaml:0 port 25 is none of `ports`, and no `management` rule opens "
			 "it\n" INGRESS_LINE);
	cr_expect_str_eq(because(1, 0xc0000201, IPPROTO_TCP, 8080, WEIR_DROP_CDN_SOURCE, &config),
			 "cdn.list:0 no range of the CDN has 0.0.0.1\nweir.yaml:7 CDN port 8080");
	cr_expect_str_eq(because(1, 0xc000020a, IPPROTO_TCP, 25, WEIR_DROP_UNSOLICITED, &config),
			 "test.region:3 egress 192.0.2.10\nweir.yaml:0 no `management` rule names "
			 "it");
	cr_expect_str_eq(because(1, 0xc0000201, IPPROTO_TCP, 80, WEIR_DROP_RATE, &config),
			 INGRESS_LINE);
	cr_expect_str_eq(because(0x0a020001, 1, IPPROTO_TCP, 80, WEIR_PASS_BACKEND, &config),
			 "weir.yaml:20 backends: 10.2.0.0/16");
}

/* No reason and no missing file makes it stumble; at most the live entries are then named. */
Test(explain, has_nothing_to_say_of_a_file_that_cannot_be_read)
{
	for (int reason = 0; reason < WEIR_REASONS_END; reason++) {
		const char *text = because(0xcb007105, 0xc0000201, IPPROTO_TCP, 80, reason, NULL);

		cr_expect_null(strstr(text, ".list"), "%d: %s", reason, text);
		because(0xcb007105, 0xc0000201, IPPROTO_TCP, 80, reason, &config);
	}
}
