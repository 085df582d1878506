/* SPDX-License-Identifier: GPL-2.0-only */
/* A gate of its own for each test. */
#include "kernel_lab.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/lock.h"
#include "kernel/pins.h"
#include "kernel/twin.h"

static char name_of_list[] = "bad", path_of_list[] = "bad.list", path_of_yaml[] = "weir.yaml",
	    name_of_region[] = "test", path_of_region[] = "test.region";

static __u32 address_of(const char *text)
{
	return ntohl(inet_addr(text));
}

static void remove_traces(const struct lab *lab)
{
	char command[512];

	snprintf(command, sizeof(command), "rm -rf %s %s %s", lab->paths.pins, lab->paths.run,
		 lab->paths.state);
	cr_expect_eq(system(command), 0);
}

void lab_init(struct lab *lab)
{
	*lab = (struct lab){};
	cr_assert_eq(unshare(CLONE_NEWNET), 0, "needs root");
	cr_assert_eq(system("ip link set lo up"), 0);
	snprintf(lab->instance, sizeof(lab->instance), "weirtest%d", getpid());
	cr_assert_eq(weir_paths_make(lab->instance, &lab->diags, &lab->paths), 0);
	remove_traces(lab); /* of a test that died, whose process had the same number */
	lab->denylist = (struct weir_list){name_of_list, path_of_list, lab->listed, 0};
	for (int i = 0; i < 2; i++)
		lab->ingress[i] = (struct weir_ingress){
			.address = address_of("198.18.0.1") + i,
			.bytes_per_s = WEIR_DEFAULT_RATE_BYTES_PER_S,
			.burst_bytes = WEIR_DEFAULT_BURST_BYTES,
		};
	lab->config = (struct weir_config){
		.path = path_of_yaml,
		.region = {name_of_region, path_of_region, lab->ingress, 2, NULL, 0},
		.open_ports = {{80, WEIR_HTTP}, {443, WEIR_TLS}},
		.open_ports_count = 2,
		.denylists = &lab->denylist,
		.denylists_count = 1,
		.allowlist = {.entries = lab->allowed},
		.default_bytes_per_s = WEIR_DEFAULT_RATE_BYTES_PER_S,
		.default_burst_bytes = WEIR_DEFAULT_BURST_BYTES,
		.live_max = 1024,
		.fingerprint = 1,
	};
	lab_deny(lab, "203.0.113.0/24");
}

void lab_done(struct lab *lab)
{
	weir_detach_all(&lab->paths, &lab->diags);
	remove_traces(lab);
	weir_diags_done(&lab->diags);
}

const char *lab_said(const struct lab *lab)
{
	return lab->diags.count ? lab->diags.items[lab->diags.count - 1].text : "nothing";
}

int lab_try_apply(struct lab *lab, __u64 try_ns)
{
	const struct weir_apply_options options = {.try_ns = try_ns, .wait_ms = 100};
	struct weir_applied applied;

	return weir_apply(&lab->paths, &lab->config, &options, &lab->diags, &applied);
}

void lab_apply(struct lab *lab)
{
	int r = lab_try_apply(lab, 0);

	cr_assert_eq(r, 0, "apply: %d: %s", r, lab_said(lab));
}

int lab_try_attach(struct lab *lab, const char *interface, enum weir_mode mode,
		   struct weir_attached *ret_attached)
{
	const struct weir_attach_options options = {.mode = mode, .wait_ms = WEIR_LOCK_WAIT_MS};

	return weir_attach_with(&lab->paths, interface, &options, &lab->diags, ret_attached);
}

struct weir_attached lab_attach(struct lab *lab, const char *interface, enum weir_mode mode)
{
	struct weir_attached attached = {};
	int r = lab_try_attach(lab, interface, mode, &attached);

	cr_assert_eq(r, 0, "attach: %d: %s", r, lab_said(lab));
	return attached;
}

static void add_prefix(struct weir_list *list, const char *text)
{
	struct weir_listed *entry = &list->entries[list->count++];

	cr_assert_leq(list->count, LAB_LISTED_MAX);
	cr_assert_eq(weir_prefix_parse(text, strlen(text), &entry->prefix, NULL, NULL), 0);
	entry->line = list->count;
}

void lab_deny(struct lab *lab, const char *prefix)
{
	add_prefix(&lab->denylist, prefix);
}

void lab_allow(struct lab *lab, const char *prefix)
{
	add_prefix(&lab->config.allowlist, prefix);
}

void lab_deny_many(struct lab *lab)
{
	char prefix[32];

	for (int i = 0; i < LAB_LISTED_MAX - 2; i++) {
		snprintf(prefix, sizeof(prefix), "10.%d.%d.1", i / 256, i % 256);
		lab_deny(lab, prefix);
	}
}

int lab_send(struct lab *lab, const char *source, const char *destination, __u16 port)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	const struct weir_probe probe = {inet_addr(source), inet_addr(destination), 40000, port,
					 IPPROTO_TCP};
	__u8 frame[WEIR_PROBE_BYTES];
	int r = weir_pins_need(&lab->paths, &lab->diags, &maps);

	cr_assert_eq(r, 0, "%s", lab_said(lab));
	weir_probe_frame(&probe, frame);
	r = weir_twin_judge(maps.program_fd, frame, sizeof(frame));
	cr_assert_geq(r, 0, "test_run: %d", r);
	return r;
}
