/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an interface's facts cost the gate, and what mends it: the mode that its driver allows, the
 * CPUs that its queues reach, and settings by which packets vanish before or behind the gate.
 */
#include "report/doctor_finding.h"

/* rp_filter: the way back must be the interface that the packet came by. */
enum { RP_FILTER_STRICT = 1 };

static void judge_native(const struct weir_nic_facts *nic, struct weir_findings *findings)
{
	struct weir_finding *finding = add(findings, weir_health_of(nic->native, WEIR_HEALTH_COSTS),
					   "%s: native XDP", nic->name);

	found(finding, "%s%s%s",
	      nic->native == WEIR_YES  ? "yes"
	      : nic->native == WEIR_NO ? "no"
				       : "not known before weir attach",
	      *nic->driver ? ", driver " : "", nic->driver);
	if (nic->native == WEIR_NO)
		mend(finding,
		     "skb mode: the kernel allocates every packet before the gate "
		     "sees it, which "
		     "costs three to five times as much",
		     "use a NIC whose driver has XDP, or a newer kernel");
	if (nic->native == WEIR_UNKNOWN)
		mend(finding, "weir attach falls back to skb mode where native mode is refused",
		     "weir attach says which mode it took");
}

static void judge_mtu(const struct weir_nic_facts *nic, struct weir_findings *findings)
{
	bool is_doubtful = nic->mtu > 1500 && nic->native == WEIR_YES && nic->frags == WEIR_NO;
	struct weir_finding *finding = add(
		findings, is_doubtful ? WEIR_HEALTH_COSTS : WEIR_HEALTH_OK, "%s: MTU", nic->name);

	found(finding, "%u", nic->mtu);
	if (is_doubtful)
		mend(finding,
		     "the driver has no XDP for frames of several buffers: with this MTU it may "
		     "refuse native mode",
		     "ip link set %s mtu 1500", nic->name);
}

static void mend_queues(struct weir_finding *finding, const struct weir_nic_facts *nic, __u32 cpus)
{
	static const char cost[] = "a flood is judged by as many CPUs as there are queues";

	if (nic->queues_max > nic->queues)
		mend(finding, cost, "ethtool -L %s %s %u", nic->name,
		     nic->queues_are_combined ? "combined" : "rx",
		     nic->queues_max < cpus ? nic->queues_max : cpus);
	else
		mend(finding, cost,
		     "the device has no more: a NIC, or its virtual machine, with more");
}

static void judge_queues(const struct weir_nic_facts *nic, __u32 cpus,
			 struct weir_findings *findings)
{
	__u32 spread = nic->cpus && nic->cpus < nic->queues ? nic->cpus : nic->queues;
	bool is_narrow = spread < cpus && nic->queues;
	struct weir_finding *finding = add(findings,
					   !nic->queues ? WEIR_HEALTH_UNKNOWN
					   : is_narrow  ? WEIR_HEALTH_COSTS
							: WEIR_HEALTH_OK,
					   "%s: queues", nic->name);

	if (!nic->queues) {
		found(finding, "not known");
		mend(finding, "nothing can be said about them", "%s", "");
		return;
	}
	if (nic->cpus)
		found(finding, "%u that receive, on %u of %u CPUs", nic->queues, nic->cpus, cpus);
	else
		found(finding, "%u that receive, %u CPUs", nic->queues, cpus);
	if (is_narrow && nic->queues < cpus)
		mend_queues(finding, nic, cpus);
	else if (is_narrow)
		mend(finding, "the interrupts of several queues go to one CPU",
		     "systemctl start irqbalance, or write /proc/irq/*/smp_affinity_list");
}

static void judge_lro(const struct weir_nic_facts *nic, struct weir_findings *findings)
{
	struct weir_finding *finding;

	if (nic->lro == WEIR_UNKNOWN)
		return;
	finding = add(findings, nic->lro == WEIR_YES ? WEIR_HEALTH_COSTS : WEIR_HEALTH_OK,
		      "%s: LRO", nic->name);
	found(finding, "%s", nic->lro == WEIR_YES ? "on" : "off");
	if (nic->lro == WEIR_YES)
		mend(finding,
		     "the NIC joins packets before the gate counts them, and most "
		     "drivers refuse "
		     "native XDP with it",
		     "ethtool -K %s lro off", nic->name);
}

static void judge_rp_filter(const struct weir_nic_facts *nic, struct weir_findings *findings)
{
	bool is_strict = nic->rp_filter == RP_FILTER_STRICT;
	struct weir_finding *finding = add(findings, is_strict ? WEIR_HEALTH_COSTS : WEIR_HEALTH_OK,
					   "%s: rp_filter", nic->name);

	found(finding, "%u%s", nic->rp_filter, is_strict ? ", strict" : "");
	if (is_strict)
		mend(finding,
		     "packets whose way back is another interface vanish behind the gate, "
		     "uncounted",
		     "sysctl -w net/ipv4/conf/%s/rp_filter=2",
		     nic->name); /* a name may have dots */
}

void weir_doctor_judge_nic(const struct weir_nic_facts *nic, __u32 cpus,
			   struct weir_findings *findings)
{
	struct weir_finding *finding;

	if (!nic->is_up) {
		finding = add(findings, WEIR_HEALTH_COSTS, "%s: link", nic->name);
		found(finding, "down");
		mend(finding, "it receives nothing", "ip link set %s up", nic->name);
	}
	judge_native(nic, findings);
	judge_mtu(nic, findings);
	judge_queues(nic, cpus, findings);
	judge_lro(nic, findings);
	judge_rp_filter(nic, findings);
}
