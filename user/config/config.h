/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operator's files as values: weir.yaml and everything that it names, read, checked and
 * ready to be planned. One model, which the parser fills and the planner and reports read.
 *
 * Every value that can decide a packet keeps the file and line it came from, so that `explain`
 * and `deny why` can name them.
 */
#ifndef WEIR_CONFIG_CONFIG_H
#define WEIR_CONFIG_CONFIG_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/prefix.h"
#include "weir/limits.h"

/* The platform's promises (ingress page, Bandwidth; network page, Rate Limiting). */
#define WEIR_DEFAULT_RATE_BYTES_PER_S 20000000ULL
#define WEIR_DEFAULT_BURST_BYTES      1600000000ULL

enum {
	WEIR_ROUTES_MAX = 1 << 22,  /* host names of all routes files together */
	WEIR_CONTAINERS_MAX = 1024, /* of one host name and protocol */
	WEIR_FRONT_ENDS_MAX = 256,  /* prefixes in each list of front ends */
};

/* Where a value was written. `path` belongs to the value's struct weir_list, region or config. */
struct weir_origin {
	const char *path;
	unsigned int line;
};

enum weir_mode { WEIR_MODE_AUTO, WEIR_MODE_NATIVE, WEIR_MODE_SKB };

/* As weir.yaml has it: auto, native or skb; static. */
const char *weir_mode_name(enum weir_mode mode);

struct weir_interface {
	char name[IFNAMSIZ];
	enum weir_mode mode;
	struct weir_origin origin;
};

struct weir_listed {
	struct weir_prefix prefix;
	unsigned int line;
};

/* A file of prefixes: a denylist, the allowlist or the CDN's ranges. In the file's order. */
struct weir_list {
	char *name;
	char *path;
	struct weir_listed *entries; /* a range a-b is several entries of one line */
	size_t count;
};

struct weir_ingress {
	__u32 address; /* host order */
	__u64 bytes_per_s;
	__u64 burst_bytes;
	bool states_rate; /* false: the platform's default per container; `check` warns */
	struct weir_origin origin;
};

struct weir_egress {
	__u32 address; /* host order */
	struct weir_origin origin;
};

struct weir_region {
	char *name;
	char *path;
	struct weir_ingress *ingress;
	size_t ingress_count;
	struct weir_egress *egress;
	size_t egress_count;
};

enum weir_protocol { WEIR_HTTP, WEIR_TLS };

struct weir_port {
	__u16 port;                  /* host order, as every port here */
	enum weir_protocol protocol; /* 80 and 8080 HTTP, 443 and 8443 TLS unless stated */
};

/* What may reach the machine itself. Ports are 0 to 65535 where none was stated. */
struct weir_management {
	__u8 protocol; /* IPPROTO_*; 0 any */
	struct weir_prefix from;
	struct weir_prefix to;
	__u16 source_port_low, source_port_high;
	__u16 port_low, port_high;
	struct weir_origin origin;
};

struct weir_backend {
	struct weir_prefix prefix;
	struct weir_origin origin;
};

struct weir_container {
	__u32 address; /* host order */
	__u16 port;
};

static inline bool weir_container_is_same(struct weir_container a, struct weir_container b)
{
	return a.address == b.address && a.port == b.port;
}

/* What a connection to a container begins with: nothing, or the client's address in the PROXY protocol. */
enum weir_preface_version { WEIR_PREFACE_NONE, WEIR_PREFACE_V1, WEIR_PREFACE_V2 };

/* In front of a protocol in place of a host: TLS connections whose client offers it. */
#define WEIR_ROUTE_ALPN "alpn="

/* A host name and its containers. `host` is lower case, without a trailing dot. */
struct weir_route {
	char *host; /* `*.` in front: any one name below; `alpn=`; NULL: the default route */
	char *app;  /* the app's name; the host's where none was stated */
	struct weir_container *containers[2]; /* by enum weir_protocol */
	size_t containers_count[2];
	enum weir_preface_version preface[2];
	bool is_gone; /* a live change has taken it out; never of a file */
	struct weir_origin origin;
};

struct weir_routes {
	char **paths;
	size_t paths_count;
	struct weir_route *items; /* sorted by host as strcmp orders; the default route first */
	size_t count;
	struct weir_arena arena; /* holds every host, app and container */
};

enum weir_log_format { WEIR_LOG_TEXT, WEIR_LOG_JSON, WEIR_LOG_OFF };

struct weir_proxy_settings {
	char *user;           /* whom it runs as after it has its listeners */
	unsigned int workers; /* 0: one a core */
	unsigned int connections_max;
	unsigned int connections_per_client;    /* 0: no limit */
	unsigned int connections_per_container; /* likewise */
	__u32 metrics_address;                  /* host order: where metrics are served */
	__u16 metrics_port;                     /* 0: nowhere */
	unsigned int log;                       /* enum weir_log_format */
	unsigned int log_max;                   /* lines a second; 0: no bound */
	char *log_file;                         /* NULL: standard output */
	/* Front ends: whose X-Forwarded-* are believed, and who begins with a PROXY header. */
	struct weir_prefix *trusted_proxies, *proxy_protocol;
	size_t trusted_proxies_count, proxy_protocol_count;
};

struct weir_config {
	char *path;
	struct weir_interface *interfaces;
	size_t interfaces_count;
	struct weir_region region;
	struct weir_port open_ports[WEIR_PORTS_MAX];
	size_t open_ports_count;
	struct weir_port cdn_ports[WEIR_PORTS_MAX];
	size_t cdn_ports_count;
	/* Where each of them stands; path NULL for the defaults. */
	struct weir_origin open_ports_origins[WEIR_PORTS_MAX], cdn_ports_origins[WEIR_PORTS_MAX];
	struct weir_list cdn;
	struct weir_list *denylists;
	size_t denylists_count;
	struct weir_list allowlist;
	__u64 default_bytes_per_s;
	__u64 default_burst_bytes;
	struct weir_management *management; /* DHCP's client replies first, unless turned off */
	size_t management_count;
	struct weir_backend *backends;
	size_t backends_count;
	__u32 *machine; /* the machine's addresses, host order; empty: those of the interfaces */
	size_t machine_count;
	bool does_nat;  /* egress: nat */
	__u32 live_max; /* live bans and releases that fit */
	struct weir_proxy_settings proxy;
	struct weir_routes routes;
	__u64 fingerprint; /* of every byte that the policy was read from */
};

/*
 * Read weir.yaml and every file that it names; relative paths are relative to weir.yaml.
 * Reads on after an error, so that `diags` has every error of every file.
 * Returns 0; -EINVAL when there was an error in the input; another errno for the machine's own
 * failures (which are in `diags` too). On failure *ret_config is untouched.
 */
int weir_config_load(const char *path, struct weir_diags *diags, struct weir_config **ret_config);
void weir_config_free(struct weir_config **config);

/*
 * Copy every file that `config` was read from into `folder`, which exists and is empty, and wait
 * for the disk. Routes are no part of it. Returns 0; -ESTALE: a file is not any more what it was
 * when it was read; or another negative errno; each with a diagnostic. A failure leaves the
 * folder half filled.
 */
int weir_config_keep(const struct weir_config *config, const char *folder,
		     struct weir_diags *diags);

/*
 * Read a copy that weir_config_keep has made. The values name the files that were copied, at the
 * paths that they had, and the routes by path alone. Returns as weir_config_load.
 */
int weir_config_load_kept(const char *folder, struct weir_diags *diags,
			  struct weir_config **ret_config);

/* The fingerprint of a policy that is made of no files; that of files is never 0. */
#define WEIR_FINGERPRINT_MANAGEMENT 0ULL

/*
 * A policy of management rules alone, for when neither the files nor a copy of them check: no
 * region, no list. The rules are those of weir.yaml if every one of them can be read and there
 * are any, else SSH from everywhere and DHCP; the interfaces and the machine's addresses are
 * those that can be read. Returns 0 or -ENOMEM; what is wrong with the file is not repeated.
 */
int weir_config_load_management(const char *path, struct weir_config **ret_config);

/*
 * Does a denylist cover an address of the region, one of `machine` (host order), a range of the
 * CDN or the source of a management rule, which the allowlist does not release? Each is an
 * error, or only a warning when `is_forced`. Apart from weir_config_load, since only the caller
 * knows the machine's addresses and whether the operator insists.
 * Returns 0, -EINVAL after an error, or -ENOMEM.
 */
int weir_config_check_cover(const struct weir_config *config, const __u32 *machine,
			    size_t machine_count, bool is_forced, struct weir_diags *diags);

/* Routes files alone, for a proxy that reads them anew. Returns as weir_config_load. */
int weir_routes_load(char *const *paths, size_t count, struct weir_diags *diags,
		     struct weir_routes *ret_routes);

/* What a part holds is freed, and it is empty. */
void weir_region_done(struct weir_region *region);
void weir_list_done(struct weir_list *list);
void weir_routes_done(struct weir_routes *routes);

#endif
