/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The region files as they are shipped: TCP 80 and 443 pass to each ingress address, and nothing
 * else to it, past it, or from a listed source.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "base/file.h"
#include "config/parse.h"
#include "fixture.h"

/* The ingress page's, written out again: a file that lost one must not pass. */
static const __u32 osc_fr1[] = {0x0568651e, 0x6de8ec5a, 0x6de8e982, 0x94fd4b78};
static const __u32 osc_secnum_fr1[] = {0x94fd60c1, 0xb915c269, 0x50f70cff, 0x50f70d91};

/* Start the gate with the region of the file, and the scene's lists and rules. */
static struct gate *start_region(const char *path, struct weir_region *region)
{
	_cleanup_diags_ struct weir_diags diags = {};
	struct gate *gate = gate_start(1024);
	struct weir_config config = gate_config();
	_cleanup_file_ struct weir_file text = {};
	int r = weir_file_read_text(path, WEIR_REGION_BYTES_MAX, &diags, &text)
			?: weir_region_parse(path, text.bytes, text.size,
					     WEIR_DEFAULT_RATE_BYTES_PER_S,
					     WEIR_DEFAULT_BURST_BYTES, &diags, region);

	if (r)
		weir_diags_print(&diags, stderr);
	cr_assert_eq(r, 0, "%s", path);
	config.region = *region;
	gate_apply_config(gate, &config, NULL, 0);
	return gate;
}

static void expect(struct gate *gate, struct frame_spec spec, unsigned int want)
{
	char name[80];

	snprintf(name, sizeof(name), "%08x to %08x, protocol %u, port %u", spec.from, spec.to,
		 spec.protocol, spec.port);
	gate_expect_spec(gate, name, spec, want);
}

static void expect_ingress(struct gate *gate, __u32 address)
{
	static const __u16 closed[] = {1, 22, 79, 81, 442, 444, 3306, 8000, 65535};
	static const __u8 protocols[] = {IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_GRE, IPPROTO_ESP};
	struct frame_spec spec = {.from = CLIENT, .to = address, .protocol = IPPROTO_TCP};

	for (spec.port = 80; spec.port <= 443; spec.port += 443 - 80) {
		spec.from = CLIENT;
		expect(gate, spec, WEIR_PASS_INGRESS);
		spec.from = LISTED;
		expect(gate, spec, WEIR_DROP_DENIED);
		spec.from = CLIENT;
		for (size_t i = 0; i < sizeof(protocols); i++) {
			spec.protocol = protocols[i];
			expect(gate, spec, WEIR_DROP_NOT_TCP);
		}
		spec.protocol = IPPROTO_TCP;
	}
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		spec.port = closed[i];
		expect(gate, spec, WEIR_DROP_PORT);
	}
	spec.protocol = IPPROTO_ICMP;
	spec.type = 8;
	expect(gate, spec, WEIR_DROP_ICMP);
}

static bool is_ingress(const struct weir_region *region, __u32 address)
{
	for (size_t i = 0; i < region->ingress_count; i++)
		if (region->ingress[i].address == address)
			return true;
	return false;
}

/* The neighbours of an ingress address are nobody's, nor is one with a bit turned. */
static void expect_others(struct gate *gate, const struct weir_region *region, __u32 address)
{
	for (int bit = 0; bit < 32; bit++) {
		__u32 other = address ^ 1u << bit;

		if (!is_ingress(region, other))
			expect(gate, (struct frame_spec){.from = CLIENT, .to = other, .port = 443},
			       WEIR_DROP_NOT_INGRESS);
	}
}

static void expect_region(const char *path, const __u32 *ingress, size_t count)
{
	struct weir_region region;
	struct gate *gate = start_region(path, &region);

	cr_assert_eq(region.ingress_count, count);
	for (size_t i = 0; i < count; i++) {
		expect_ingress(gate, ingress[i]);
		expect_others(gate, &region, ingress[i]);
	}
	for (size_t i = 0; i < region.egress_count; i++) {
		struct frame_spec spec = {
			.from = CLIENT, .to = region.egress[i].address, .port = 443};

		expect(gate, spec, WEIR_DROP_UNSOLICITED);
		spec.flags = ACK;
		expect(gate, spec, WEIR_DROP_UNSOLICITED);
	}
	cr_assert_eq(region.egress_count, 2);
	weir_region_done(&region);
}

Test(gate_region, passes_80_and_443_to_osc_fr1_and_nothing_else)
{
	expect_region("etc/regions/osc-fr1.region", osc_fr1, 4);
}

Test(gate_region, passes_80_and_443_to_osc_secnum_fr1_and_nothing_else)
{
	expect_region("etc/regions/osc-secnum-fr1.region", osc_secnum_fr1, 4);
}
