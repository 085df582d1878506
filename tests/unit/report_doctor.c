/* SPDX-License-Identifier: GPL-2.0-only */
/* Facts -> findings: nothing is wrong with a good machine, and every fault has its cost. */
#include "report/doctor.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static struct weir_nic_facts good_nic(void)
{
	return (struct weir_nic_facts){.name = "wan",
				       .driver = "mlx5_core",
				       .mtu = 9000,
				       .queues = 8,
				       .queues_max = 16,
				       .queues_are_combined = true,
				       .cpus = 8,
				       .is_up = true,
				       .native = WEIR_YES,
				       .frags = WEIR_YES,
				       .lro = WEIR_NO,
				       .rp_filter = 2};
}

static struct weir_facts good(struct weir_nic_facts *nic)
{
	return (struct weir_facts){.release = "6.1.0-50-amd64",
				   .major = 6,
				   .minor = 1,
				   .cpus = 8,
				   .memory_bytes = 8ULL << 30,
				   .is_privileged = true,
				   .btf = WEIR_YES,
				   .bpffs = WEIR_YES,
				   .jit = WEIR_YES,
				   .xdp_frags = WEIR_YES,
				   .sk_lookup = WEIR_YES,
				   .conntrack = WEIR_YES,
				   .ring = WEIR_YES,
				   .membarrier = WEIR_YES,
				   .dispatcher = WEIR_YES,
				   .bpf_stats = WEIR_NO,
				   .nics = nic,
				   .nics_count = 1};
}

/* The one finding that is not ok, or a failed test. */
static struct weir_finding only_fault(const struct weir_facts *facts, enum weir_health health)
{
	_cleanup_(weir_findings_done) struct weir_findings findings = {};
	struct weir_finding fault = {};
	int faults = 0;

	weir_doctor_judge(facts, &findings);
	cr_expect_eq(weir_findings_worst(&findings), health);
	for (size_t i = 0; i < findings.count; i++)
		if (findings.items[i].health != WEIR_HEALTH_OK) {
			fault = findings.items[i];
			faults++;
		}
	cr_expect_eq(faults, 1, "%d faults, the last: %s %s", faults, fault.subject, fault.found);
	cr_expect(fault.cost && *fault.cost, "%s", fault.subject);
	return fault;
}

Test(report_doctor, finds_nothing_wrong_with_a_good_machine)
{
	_cleanup_(weir_findings_done) struct weir_findings findings = {};
	struct weir_nic_facts nic = good_nic();
	struct weir_facts facts = good(&nic);

	weir_doctor_judge(&facts, &findings);
	cr_expect_eq(weir_findings_worst(&findings), WEIR_HEALTH_OK);
	for (size_t i = 0; i < findings.count; i++) {
		cr_expect_null(findings.items[i].cost, "%s", findings.items[i].subject);
		cr_expect(*findings.items[i].found, "%s", findings.items[i].subject);
	}
}

/* What is broken, and what is said of it. */
#define BREAK(name, what, health, in_subject, in_mend)                                             \
	Test(report_doctor, name)                                                                  \
	{                                                                                          \
		struct weir_nic_facts nic = good_nic();                                            \
		struct weir_facts facts = good(&nic);                                              \
		struct weir_finding fault;                                                         \
                                                                                                   \
		what;                                                                              \
		fault = only_fault(&facts, health);                                                \
		cr_expect(strstr(fault.subject, in_subject), "%s", fault.subject);                 \
		cr_expect(strstr(fault.mend, in_mend), "%s", fault.mend);                          \
	}

BREAK(an_old_kernel_stops_it, facts.major = 5, WEIR_HEALTH_STOPS, "kernel", "linux-image")
BREAK(jit_off, facts.jit = WEIR_NO, WEIR_HEALTH_COSTS, "JIT", "bpf_jit_enable=1")
BREAK(no_bpffs, facts.bpffs = WEIR_NO, WEIR_HEALTH_COSTS, "bpffs", "mount -t bpf")
BREAK(no_sk_lookup, facts.sk_lookup = WEIR_NO, WEIR_HEALTH_STOPS, "hand-off", "")
BREAK(no_frags, facts.xdp_frags = WEIR_NO, WEIR_HEALTH_STOPS, "frags", "6.1")
BREAK(may_not_ask, facts.xdp_frags = WEIR_UNKNOWN, WEIR_HEALTH_UNKNOWN, "frags", "as root")
BREAK(little_memory, facts.memory_bytes = 1 << 20, WEIR_HEALTH_COSTS, "memory", "")
BREAK(statistics_on, facts.bpf_stats = WEIR_YES, WEIR_HEALTH_COSTS, "statistics", "sysctl")
BREAK(no_dispatcher, facts.dispatcher = WEIR_NO, WEIR_HEALTH_COSTS, "dispatcher", "Debian")
BREAK(nat_without_conntrack, (facts.conntrack = WEIR_NO, facts.needs_conntrack = true),
      WEIR_HEALTH_STOPS, "conntrack", "modprobe")
BREAK(link_down, nic.is_up = false, WEIR_HEALTH_COSTS, "wan: link", "ip link set wan up")
BREAK(no_native_mode, nic.native = WEIR_NO, WEIR_HEALTH_COSTS, "wan: native", "")
BREAK(jumbo_without_frags, nic.frags = WEIR_NO, WEIR_HEALTH_COSTS, "wan: MTU", "mtu 1500")
BREAK(few_queues, nic.queues = 2, WEIR_HEALTH_COSTS, "wan: queues", "combined 8")
BREAK(few_queues_of_few, (nic.queues = 2, nic.queues_max = 4), WEIR_HEALTH_COSTS, "wan: queues",
      "ethtool -L wan combined 4")
BREAK(few_queues_apart, (nic.queues = 2, nic.queues_are_combined = false), WEIR_HEALTH_COSTS,
      "wan: queues", "ethtool -L wan rx 8")
BREAK(few_queues_and_no_more, (nic.queues = 2, nic.queues_max = 2), WEIR_HEALTH_COSTS,
      "wan: queues", "no more")
BREAK(queues_not_known, nic.queues = 0, WEIR_HEALTH_UNKNOWN, "wan: queues", "")
BREAK(memory_not_known, facts.memory_bytes = 0, WEIR_HEALTH_UNKNOWN, "memory", "proc")
BREAK(bpffs_hidden, (facts.bpffs = WEIR_NO, facts.hides_bpffs = true), WEIR_HEALTH_STOPS, "bpffs",
      "nsenter --net=")
BREAK(dispatcher_not_known, facts.dispatcher = WEIR_UNKNOWN, WEIR_HEALTH_UNKNOWN, "dispatcher",
      "as root")
BREAK(queues_on_one_cpu, nic.cpus = 1, WEIR_HEALTH_COSTS, "wan: queues", "affinity")
BREAK(lro_on, nic.lro = WEIR_YES, WEIR_HEALTH_COSTS, "wan: LRO", "ethtool -K wan lro off")
BREAK(strict_rp_filter, nic.rp_filter = 1, WEIR_HEALTH_COSTS, "rp_filter", "/wan/rp_filter=2")

Test(report_doctor, conntrack_is_missed_only_by_nat)
{
	_cleanup_(weir_findings_done) struct weir_findings findings = {};
	struct weir_nic_facts nic = good_nic();
	struct weir_facts facts = good(&nic);

	facts.conntrack = WEIR_NO;
	weir_doctor_judge(&facts, &findings);
	cr_expect_eq(weir_findings_worst(&findings), WEIR_HEALTH_OK);
}

Test(report_doctor, table_and_json_say_cost_and_mend)
{
	_cleanup_(weir_findings_done) struct weir_findings findings = {};
	struct weir_nic_facts nic = good_nic();
	struct weir_facts facts = good(&nic);
	char *table, *json;
	json_t *root;
	size_t with_cost = 0;

	nic.lro = WEIR_YES;
	weir_doctor_judge(&facts, &findings);
	table = weir_doctor_table(&findings);
	cr_expect(strstr(table, "costs    wan: LRO"), "%s", table);
	cr_expect(strstr(table, "mend:  ethtool -K wan lro off"), "%s", table);
	json = weir_doctor_json(&findings);
	root = json_loads(json, 0, NULL);
	cr_assert_eq(json_array_size(root), findings.count, "%s", json);
	for (size_t i = 0; i < findings.count; i++)
		with_cost += json_is_string(json_object_get(json_array_get(root, i), "cost"));
	cr_expect_eq(with_cost, 1);
	json_decref(root);
	free(table);
	free(json);
}
