/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a packet passed or was dropped: the one list of reasons.
 *
 * Everything that names a reason is made from this list: the enum that the stages return, the
 * XDP action, the fields of struct weir_counts, the names on the command line, in JSON and in
 * metrics, and the table in the README. The list is append-only: a reason keeps its number for
 * ever, so that counters of two releases mean the same.
 *
 *   X(IDENTIFIER, OUTCOME, slug, "one sentence")      OUTCOME is PASS or DROP
 *
 * Number 0 is no reason: a stage that has not decided returns it.
 */
#ifndef WEIR_REASONS_H
#define WEIR_REASONS_H

#define WEIR_REASON_LIST(X)                                                                        \
	X(PASS_LINK, PASS, pass_link, "link control: ARP, LACP, LLDP or EAPOL")                    \
	X(PASS_INGRESS, PASS, pass_ingress, "TCP to an open port of an ingress address")           \
	X(PASS_CDN, PASS, pass_cdn, "TCP to a CDN port, from the ranges of the CDN")               \
	X(PASS_MANAGEMENT, PASS, pass_management, "a management rule names it")                    \
	X(PASS_BACKEND, PASS, pass_backend, "a reply from a backend prefix")                       \
	X(PASS_RETURN_TCP, PASS, pass_return_tcp, "answers a TCP connection of this machine")      \
	X(PASS_RETURN_UDP, PASS, pass_return_udp,                                                  \
	  "answers a connected UDP socket of this machine")                                        \
	X(PASS_RETURN_NAT, PASS, pass_return_nat, "answers a container behind this machine's NAT") \
	X(PASS_ICMP, PASS, pass_icmp, "fragmentation needed, quoting a live connection")           \
	X(DROP_TRUNCATED, DROP, drop_truncated, "the frame ends before what its headers declare")  \
	X(DROP_NOT_IPV4, DROP, drop_not_ipv4, "neither IPv4 nor IPv6 nor link control")            \
	X(DROP_IPV6, DROP, drop_ipv6, "IPv6, which the platform does not serve")                   \
	X(DROP_VLAN, DROP, drop_vlan, "more than two VLAN tags")                                   \
	X(DROP_IP_HEADER, DROP, drop_ip_header, "IPv4 version, header length or flags are wrong")  \
	X(DROP_IP_LENGTH, DROP, drop_ip_length, "IPv4 total length is less than its header")       \
	X(DROP_FRAGMENT, DROP, drop_fragment, "an IPv4 fragment, first or later")                  \
	X(DROP_SOURCE, DROP, drop_source, "a source address that no sender can have")              \
	X(DROP_TCP_HEADER, DROP, drop_tcp_header, "TCP header length or port is wrong")            \
	X(DROP_TCP_FLAGS, DROP, drop_tcp_flags, "TCP flags that no sender sets together")          \
	X(DROP_UDP_HEADER, DROP, drop_udp_header, "UDP length or port is wrong")                   \
	X(DROP_ICMP_HEADER, DROP, drop_icmp_header, "ICMP message or its quote is cut short")      \
	X(DROP_NOT_INGRESS, DROP, drop_not_ingress, "the destination is no address of this gate")  \
	X(DROP_NOT_TCP, DROP, drop_not_tcp, "not TCP, to an ingress address")                      \
	X(DROP_PORT, DROP, drop_port, "TCP to a closed port of an ingress address")                \
	X(DROP_CDN_SOURCE, DROP, drop_cdn_source, "a CDN port, from outside the CDN's ranges")     \
	X(DROP_ICMP, DROP, drop_icmp, "ICMP other than fragmentation needed")                      \
	X(DROP_DENIED, DROP, drop_denied, "the source is on a denylist")                           \
	X(DROP_BANNED, DROP, drop_banned, "the source is banned live")                             \
	X(DROP_UNSOLICITED, DROP, drop_unsolicited, "answers no connection of this machine")       \
	X(DROP_PROOF_RATE, DROP, drop_proof_rate,                                                  \
	  "return traffic beyond the lookups metered for it")                                      \
	X(DROP_RATE, DROP, drop_rate, "the token bucket of the destination is empty")              \
	X(DROP_CONTENDED, DROP, drop_contended, "the token bucket changed under every attempt")    \
	X(DROP_NO_POLICY, DROP, drop_no_policy, "no policy has been applied yet")                  \
	X(DROP_MAP, DROP, drop_map, "a map lookup that must succeed failed")                       \
	X(DROP_UNDECIDED, DROP, drop_undecided, "no stage decided: a bug, always 0")               \
	X(DROP_NO_LISTENER, DROP, drop_no_listener, "no proxy listens: the sender will try again") \
	X(PASS_TRIAL_OVER, PASS, pass_trial_over,                                                  \
	  "would be dropped, but attach --try has ended unconfirmed")

enum weir_reason {
	WEIR_UNDECIDED = 0,
#define X(id, outcome, slug, text) WEIR_##id,
	WEIR_REASON_LIST(X)
#undef X
		WEIR_REASONS_END, /* one past the last */
};

/* One bit per reason that passes; a reason is below 64 until a second word is needed. */
#define WEIR_BIT_IF_PASS(id)       (1ULL << (id))
#define WEIR_BIT_IF_DROP(id)       0ULL
#define X(id, outcome, slug, text) | WEIR_BIT_IF_##outcome(WEIR_##id)
static const unsigned long long weir_reasons_passing = 0 WEIR_REASON_LIST(X);
#undef X

_Static_assert(WEIR_REASONS_END <= 64, "weir_reasons_passing needs a second word");

/* Does this reason let the packet through? Any number that is no reason does not. */
static inline int weir_reason_passes(unsigned int reason)
{
	return reason < 64 && (weir_reasons_passing >> reason & 1);
}

#endif
