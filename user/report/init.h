/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a machine is, as far as weir.yaml is about it, and a weir.yaml proposed from that. Pure.
 */
#ifndef WEIR_REPORT_INIT_H
#define WEIR_REPORT_INIT_H

#include <net/if.h>
#include <stdbool.h>

#include "base/prefix.h"
#include "plan/lockout.h"

enum { WEIR_SURVEY_GATES_MAX = 8 };

struct weir_survey_address {
	__u32 address; /* host order */
	__u8 length;
	bool is_dynamic; /* it has a lifetime: a lease, as a rule */
	bool is_gated;   /* packets to it come in by a proposed interface */
	bool is_own;     /* of a proposed interface itself, which weir looks up by itself */
	char interface[IF_NAMESIZE];
};

struct weir_survey {
	char gates[WEIR_SURVEY_GATES_MAX][IF_NAMESIZE]; /* proposed */
	size_t gates_count;
	char way[IF_NAMESIZE]; /* the interface of the default route; "": there is none */
	struct weir_survey_address *addresses; /* of every interface, 127.0.0.0/8 left out */
	size_t addresses_count;
	struct weir_peer *peers; /* inbound, by the proposed interfaces, to no port of the web */
	size_t peers_count;
	size_t web_peers;      /* those to 80, 443, 8080, 8443 */
	struct weir_peer *bgp; /* the far ends of BGP sessions, whoever began them */
	size_t bgp_count;
	bool listens_ssh, listens_bgp;
	bool has_bfd, has_multihop_bfd, has_dhcp_client; /* UDP sockets */
	bool has_ospf, has_vrrp, has_pim;                /* raw sockets */
	bool does_forward;
};

void weir_survey_done(struct weir_survey *survey);

#define _cleanup_survey_ __attribute__((cleanup(weir_survey_done)))

/*
 * The file, with comments that say what was seen. `region` is the name that goes into it; NULL
 * leaves NAME there. free(3) it; NULL when memory runs out.
 */
char *weir_init_yaml(const struct weir_survey *survey, const char *region);

#endif
