/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of weir.yaml: what is taken where a key is missing, each value and each bad value. */
#include <netinet/in.h>

#include "config_scene.h"

static char source[256]; /* the source's top folder: where the tests are started */

static void init(void)
{
	cr_assert_not_null(getcwd(source, sizeof(source)));
	scene_init();
}

TestSuite(config_values, .init = init, .fini = folder_leave);

Test(config_values, three_lines_get_the_promises_of_the_platform)
{
	_cleanup_config_ struct weir_config *config = load(THREE_LINES, "");

	cr_expect_str_eq(config->path, "weir.yaml");
	cr_assert_eq(config->interfaces_count, 1);
	cr_expect_str_eq(config->interfaces[0].name, "eth1");
	cr_expect_eq(config->interfaces[0].mode, WEIR_MODE_AUTO);
	cr_expect_eq(config->interfaces[0].origin.line, 2);
	cr_expect_str_eq(config->region.name, "lab");
	cr_expect_str_eq(config->region.path, "regions/lab.region");
	cr_expect_eq(config->region.ingress_count, 2);
	cr_assert_eq(config->open_ports_count, 2);
	cr_expect(config->open_ports[0].port == 80 && config->open_ports[0].protocol == WEIR_HTTP);
	cr_expect(config->open_ports[1].port == 443 && config->open_ports[1].protocol == WEIR_TLS);
	cr_expect_eq(config->cdn_ports_count, 0);
	cr_assert_eq(config->denylists_count, 1);
	cr_expect_str_eq(config->denylists[0].name, "bad");
	cr_expect_str_eq(config->denylists[0].path, "lists/bad.txt");
	cr_expect_eq(config->denylists[0].count, 1);
	cr_expect_eq(config->default_bytes_per_s, 20000000);
	cr_expect_eq(config->default_burst_bytes, 1600000000);
	cr_assert_eq(config->management_count, 1);
	cr_expect_eq(config->management[0].protocol, IPPROTO_UDP);
	cr_expect_eq(config->management[0].source_port_low, 67);
	cr_expect_eq(config->management[0].port_high, 68);
	cr_expect_eq(config->management[0].from.length, 0);
	cr_expect_eq(config->machine_count + config->backends_count + config->routes.count, 0);
	cr_expect_not(config->does_nat);
	cr_expect_eq(config->live_max, WEIR_LIVE_DEFAULT);
	cr_expect_str_eq(config->proxy.user, "weir");
	cr_expect_eq(config->proxy.workers, 0);
	cr_expect_eq(config->proxy.connections_max, 65536);
	cr_expect_eq(config->proxy.connections_per_client, 1024);
	cr_expect_eq(config->proxy.connections_per_container, 0);
}

Test(config_values, reads_every_key)
{
	static const char yaml[] =
		"%YAML 1.1\n---\n"
		"region: ./regions/lab.region\n"
		"interfaces:\n  - {name: eth1, mode: native}\n  - name: \"eth2\"\n    mode: skb\n"
		"ports: {open: [80, 443, 65535/http], cdn: [8080, 8443], cdn_sources: "
		"lists/cdn.txt}\n"
		"denylists:\n  - {name: worst, file: lists/bad.txt}\n  - lists/more.txt\n"
		"allowlist: lists/allow.txt\n"
		"rates:\n  default: 160Mbit/s\n  burst: 1GB\n"
		"  destinations: [{address: 203.0.113.11, rate: 30MB/s}]\n"
		"management:\n"
		"  - {protocol: tcp, from: 198.51.100.0/24, to: 10.0.0.1, port: 22}\n"
		"  - {protocol: udp, from: 198.51.100.7, source_port: 123, port: 8000-8010}\n"
		"  - {protocol: 112, from: 10.0.0.0/8}\n"
		"  - {protocol: any, from: 198.51.100.8}\n"
		"dhcp: false\n"
		"backends: [10.0.0.0/8]\n"
		"machine: [10.0.0.1, 10.0.0.2]\n"
		"egress: nat\n"
		"live_max: 1000\n"
		"proxy:\n  user: nobody\n  workers: 4\n  connections: 100\n"
		"  connections_per_client: 0\n  connections_per_container: 20\n"
		"  trusted_proxies: [10.0.0.0/8, 192.0.2.7]\n  proxy_protocol: [198.51.100.0/24]\n"
		"  metrics: 10.0.0.1:9465\n  routes: [a.routes, b.routes]\n";
	_cleanup_config_ struct weir_config *config = NULL;

	write_file("lists/more.txt", "192.0.2.2\n");
	write_file("lists/cdn.txt", "198.18.0.0/15\n");
	write_file("lists/allow.txt", "192.0.2.1\n");
	write_file("a.routes", "b.example http 10.0.0.9:80\n");
	write_file("b.routes", "a.example http 10.0.0.9:80\n");
	config = load(yaml, "");
	cr_assert_eq(config->interfaces_count, 2);
	cr_expect_eq(config->interfaces[0].mode, WEIR_MODE_NATIVE);
	cr_expect_str_eq(config->interfaces[1].name, "eth2");
	cr_expect_eq(config->interfaces[1].mode, WEIR_MODE_SKB);
	cr_expect_eq(config->interfaces[1].origin.line, 6);
	cr_expect_eq(config->open_ports_count, 3);
	cr_expect_eq(config->open_ports[2].port, 65535);
	cr_expect_eq(config->open_ports[2].protocol, WEIR_HTTP);
	cr_expect_eq(config->cdn_ports_count, 2);
	cr_expect_eq(config->cdn.count, 1);
	cr_assert_eq(config->denylists_count, 2);
	cr_expect_str_eq(config->denylists[0].name, "worst");
	cr_expect_str_eq(config->denylists[1].name, "more");
	cr_expect_eq(config->allowlist.count, 1);
	cr_expect_eq(config->default_bytes_per_s, 20000000);
	cr_expect_eq(config->default_burst_bytes, 1000000000);
	cr_expect_eq(config->region.ingress[1].bytes_per_s, 30000000);
	cr_expect_eq(config->region.ingress[1].burst_bytes, 1000000);
	cr_expect_str_eq(config->region.ingress[1].origin.path, "weir.yaml");
	cr_expect_eq(config->region.ingress[1].origin.line, 16);
	cr_assert_eq(config->management_count, 4);
	cr_expect_eq(config->management[0].from.address, 0xc6336400);
	cr_expect_eq(config->management[0].to.length, 32);
	cr_expect_eq(config->management[0].port_low, 22);
	cr_expect_eq(config->management[0].source_port_high, 65535);
	cr_expect_eq(config->management[1].source_port_low, 123);
	cr_expect_eq(config->management[1].port_low, 8000);
	cr_expect_eq(config->management[1].port_high, 8010);
	cr_expect_eq(config->management[1].origin.line, 19);
	cr_expect_eq(config->management[2].protocol, 112);
	cr_expect_eq(config->management[3].protocol, 0);
	cr_expect_eq(config->backends_count, 1);
	cr_expect_eq(config->machine_count, 2);
	cr_expect(config->does_nat);
	cr_expect_eq(config->live_max, 1000);
	cr_expect_str_eq(config->proxy.user, "nobody");
	cr_expect_eq(config->proxy.workers, 4);
	cr_expect_eq(config->proxy.connections_max, 100);
	cr_expect_eq(config->proxy.connections_per_client, 0);
	cr_expect_eq(config->proxy.connections_per_container, 20);
	cr_assert_eq(config->proxy.trusted_proxies_count, 2);
	cr_expect_eq(config->proxy.trusted_proxies[1].address, 0xc0000207);
	cr_assert_eq(config->proxy.proxy_protocol_count, 1);
	cr_expect_eq(config->proxy.proxy_protocol[0].length, 24);
	cr_expect_eq(config->proxy.metrics_address, 0x0a000001);
	cr_expect_eq(config->proxy.metrics_port, 9465);
	cr_assert_eq(config->routes.count, 2);
	cr_expect_str_eq(config->routes.items[0].host, "a.example");
	cr_expect_str_eq(config->routes.items[0].origin.path, "b.routes");
}

Test(config_values, takes_a_key_without_a_value_as_not_there)
{
	_cleanup_config_ struct weir_config *config = load(
		THREE_LINES "allowlist:\nports:\n  open:\nrates: ~\nmanagement: null\nproxy: {}\n",
		"");

	cr_expect_eq(config->open_ports_count, 2);
	cr_expect_null(config->allowlist.path);
}

Test(config_values, places_every_bad_value)
{
	refuse("region: lab\n"
	       "interfaces: [eth1, eth1, a/b, sixteen-chars-xx, {mode: skb}, {name: x, mode: "
	       "fast}]\n"
	       "ports: {open: [80, 80, 0, 65536, 81, 81/udp], cdn: [443, 8080]}\n"
	       "rates: {default: 0, destinations: [{address: 203.0.113.10}, "
	       "{address: 192.0.2.9, rate: 1MB/s}, {address: 203.0.113.11, burst: 1kB}]}\n"
	       "management:\n"
	       "  - {protocol: tcp, port: 22}\n"
	       "  - {from: 198.51.100.0/24}\n"
	       "  - {from: 198.51.100.1, protocol: xyz}\n"
	       "  - {from: 198.51.100.1, protocol: 256}\n"
	       "  - {from: 198.51.100.1, protocol: icmp, port: 8}\n"
	       "  - {from: 198.51.100.1, protocol: tcp, port: 70000}\n"
	       "  - {from: 198.51.100.1, protocol: tcp, port: 9-8}\n"
	       "  - {from: 198.51.100, protocol: tcp}\n"
	       "dhcp: yes\n"
	       "backends: [0.0.0.0/0, 10.1.0.1/16]\n"
	       "machine: [10.0.0.1, 10.0.0.1]\n"
	       "egress: snat\n"
	       "live_max: 0\n"
	       "denylists: [{name: a b, file: lists/bad.txt}, {name: x}, lists/bad.txt, "
	       "{file: lists/bad.txt}]\n"
	       "proxy: {user: 'a b', workers: -1, connections: 0, routes: [regions]}\n",
	       "weir.yaml:2:20: 'eth1' is on line 2 already\n"
	       "weir.yaml:2:26: 'a/b' is no name of an interface\n"
	       "weir.yaml:2:31: 'sixteen-chars-xx' is no name of an interface\n"
	       "weir.yaml:2:49: the interface's name is missing\n"
	       "weir.yaml:2:78: 'fast' is none of auto, native, skb\n"
	       "weir.yaml:3:20: port 80 is open already\n"
	       "weir.yaml:3:24: '0' is no port of 1 to 65535\n"
	       "weir.yaml:3:27: '65536' is no port of 1 to 65535\n"
	       "weir.yaml:3:34: '81' needs a protocol: 81/http or 81/tls\n"
	       "weir.yaml:3:38: '81/udp' needs a protocol: 81/http or 81/tls\n"
	       "weir.yaml:3:53: `cdn_sources` is missing: the list of sources of these ports\n"
	       "weir.yaml:4:18: a rate of 0 passes nothing\n"
	       "weir.yaml:14:7: 'yes' is none of false, true\n"
	       "weir.yaml:6:5: the rule lacks `from`: who may reach the machine\n"
	       "weir.yaml:7:5: the rule lacks `protocol`: tcp, or any\n"
	       "weir.yaml:8:36: 'xyz' is no protocol: tcp, udp, icmp, vrrp, ospf, gre, esp, ah, "
	       "any, "
	       "or a number\n"
	       "weir.yaml:9:36: '256' is no number of 1 to 255\n"
	       "weir.yaml:10:48: this protocol has no ports\n"
	       "weir.yaml:11:47: '70000' is no port or range of ports up to 65535: 22, or "
	       "8000-8010\n"
	       "weir.yaml:12:47: '9-8' ends before it begins\n"
	       "weir.yaml:13:12: '198.51.100' is not an IPv4 address: that has four numbers, "
	       "as 192.0.2.1\n"
	       "weir.yaml:16:21: '10.0.0.1' is stated twice\n"
	       "weir.yaml:15:12: '0.0.0.0/0' is wider than a /8\n"
	       "weir.yaml:15:23: warning: '10.1.0.1/16' has host bits; it is read as 10.1.0.0/16\n"
	       "weir.yaml:17:9: 'snat' is none of none, nat\n"
	       "weir.yaml:18:11: '0' is no number of 1 to 16777216\n"
	       "weir.yaml:20:16: 'a b' is no name: letters, digits, '.', '_' and '-'\n"
	       "weir.yaml:20:31: '-1' is no number of 0 to 1024\n"
	       "weir.yaml:20:48: '0' is no number of 1 to 16777216\n"
	       "weir.yaml:19:21: 'a b' is no name: letters, digits, '.', '_' and '-'\n"
	       "weir.yaml:19:47: the denylist lacks `file`\n"
	       "weir.yaml:19:80: a denylist 'bad' is there already: lists/bad.txt\n"
	       "weir.yaml:20:60: 'regions' is a directory: name a file in it\n"
	       "weir.yaml:4:36: a destination needs `address`, and `rate` or `burst`\n"
	       "weir.yaml:4:71: '192.0.2.9' is no ingress address of regions/lab.region\n"
	       "weir.yaml:4:96: a burst of 1kB is smaller than one frame of 1518 bytes\n");
}

Test(config_values, names_the_limits_that_are_exceeded)
{
	char yaml[8192] = THREE_LINES
		"ports: {open: [80, 443, 1/tls, 2/tls, 3/tls]}\nmanagement:\n";

	for (int i = 0; i < WEIR_RULES_MAX; i++)
		strcat(yaml, "- {from: 198.51.100.0/24, protocol: tcp}\n");
	strcat(yaml, "backends: [");
	for (int i = 0; i <= WEIR_BACKENDS_MAX; i++)
		sprintf(yaml + strlen(yaml), "10.%d.0.0/16, ", i);
	strcat(yaml, "]\n");
	refuse(yaml, "weir.yaml:4:39: more than 4 ports (WEIR_PORTS_MAX)\n"
		     "weir.yaml:69:3: more than 64 rules (WEIR_RULES_MAX)\n"
		     "weir.yaml:70:226: more than 16 prefixes (WEIR_BACKENDS_MAX)\n");
}

Test(config_values, warns_of_an_ingress_address_that_states_no_rate)
{
	_cleanup_config_ struct weir_config *config = NULL;

	write_file("regions/lab.region",
		   "region lab\ningress 203.0.113.10\ningress 203.0.113.11\n");
	config = load(THREE_LINES "rates: {destinations: [{address: 203.0.113.11, rate: 1GB/s}]}\n",
		      "regions/lab.region:2: warning: 203.0.113.10 states no rate: it gets that of "
		      "one container\n");
	cr_expect_not(config->region.ingress[0].states_rate);
	cr_expect(config->region.ingress[1].states_rate);
}

Test(config_values, warns_once_a_list_of_private_networks)
{
	_cleanup_config_ struct weir_config *config = NULL;

	write_file("lists/bad.txt",
		   "192.0.2.1\n10.0.0.0/8\n192.168.7.1\n172.32.0.0/16\n160.0.0.0/3\n");
	config = load(THREE_LINES, "lists/bad.txt:2: warning: 10.0.0.0/8 is private, loopback or "
				   "link-local; entries in all that are: 3\n");
	cr_expect_eq(config->denylists[0].count, 5);
}

Test(config_values, fingerprints_what_decides_packets)
{
	_cleanup_config_ struct weir_config *a = NULL, *b = NULL, *c = NULL, *d = NULL;

	write_file("a.routes", "a.example http 10.0.0.9:80\n");
	a = load(THREE_LINES "proxy: {routes: [a.routes]}\n", "");
	b = load(THREE_LINES "proxy: {routes: [a.routes]}\n", "");
	cr_expect_eq(a->fingerprint, b->fingerprint);
	write_file("a.routes", "a.example http 10.0.0.8:80\n");
	c = load(THREE_LINES "proxy: {routes: [a.routes]}\n", "");
	cr_expect_eq(a->fingerprint, c->fingerprint);
	write_file("lists/bad.txt", "192.0.2.2\n");
	d = load(THREE_LINES "proxy: {routes: [a.routes]}\n", "");
	cr_expect_neq(a->fingerprint, d->fingerprint);
}

Test(config_values, the_shipped_files_are_right)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_config_ struct weir_config *config = NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/etc/weir.yaml", source);
	cr_assert_eq(weir_config_load(path, &diags, &config), 0, "%s", diags_text(&diags));
	cr_expect_eq(diags.count, 0, "%s", diags_text(&diags));
	cr_expect_str_eq(config->region.name, "osc-fr1");
	cr_expect_eq(weir_config_check_cover(config, NULL, 0, false, &diags), 0);
}

Test(config_values, serves_metrics_on_loopback_unless_told_otherwise)
{
	_cleanup_config_ struct weir_config *none = load(THREE_LINES, ""), *port = NULL;

	cr_expect_eq(none->proxy.metrics_port, 0);
	port = load(THREE_LINES "proxy: {metrics: 9465}\n", "");
	cr_expect_eq(port->proxy.metrics_address, 0x7f000001);
	cr_expect_eq(port->proxy.metrics_port, 9465);
	weir_config_free(&port);
	refuse(THREE_LINES "proxy: {metrics: '10.0.0.1:'}\n",
	       "weir.yaml:4:18: '10.0.0.1:' has no port of 1 to 65535\n");
	refuse(THREE_LINES "proxy: {metrics: 65536}\n",
	       "weir.yaml:4:18: '65536' has no port of 1 to 65535\n");
	refuse(THREE_LINES "proxy: {metrics: 'all:80'}\n",
	       "weir.yaml:4:18: 'all:80' is a name, not an IPv4 address: names are not "
	       "looked up; metrics are at PORT or "
	       "ADDRESS:PORT\n");
}

Test(config_values, logs_as_text_to_standard_output_unless_told_otherwise)
{
	_cleanup_config_ struct weir_config *none = load(THREE_LINES, ""), *file = NULL;

	cr_expect_eq(none->proxy.log, WEIR_LOG_TEXT);
	cr_expect_null(none->proxy.log_file);
	cr_expect_eq(none->proxy.log_max, 0);
	file = load(THREE_LINES "proxy: {log: json, log_file: /var/log/weir.log, log_max: 500}\n",
		    "");
	cr_expect_eq(file->proxy.log, WEIR_LOG_JSON);
	cr_expect_str_eq(file->proxy.log_file, "/var/log/weir.log");
	cr_expect_eq(file->proxy.log_max, 500);
	refuse(THREE_LINES "proxy: {log: xml}\n",
	       "weir.yaml:4:14: 'xml' is none of text, json, off\n");
	refuse(THREE_LINES "proxy: {log_file: weir.log}\n",
	       "weir.yaml:4:19: 'weir.log' is no absolute path\n");
}

#define RULE THREE_LINES "management: [{from: 10.0.0.1, protocol: tcp, port: "

Test(config_values, says_what_mends_a_slip_in_a_value)
{
	refuse(RULE "0}]\n", "weir.yaml:4:52: '0' is no port or range of ports up to 65535: 22, "
			     "or 8000-8010\n");
	refuse(RULE "'22,80'}]\n", "weir.yaml:4:52: '22,80': a rule has one port or range; write "
				   "a rule for each\n");
	refuse(THREE_LINES "allowlist: lists\n",
	       "weir.yaml:4:12: 'lists' is a directory: name a file in it\n");
	refuse(THREE_LINES "allowlist: https://example.org/a\n",
	       "weir.yaml:4:12: 'https://example.org/a' is a URL, and weir fetches nothing: name "
	       "the file that a fetcher writes\n");
	cr_assert_eq(symlink("loop", "loop"), 0);
	refuse(THREE_LINES "allowlist: loop\n", "weir.yaml:4:12: cannot read 'loop': Too many "
						"levels of symbolic links\n");
}

Test(config_values, warns_of_what_is_allowed_but_hardly_meant)
{
	_cleanup_config_ struct weir_config *config = NULL;

	write_file("regions/copy.region", region_text);
	write_file("a.routes", "a.example http 203.0.113.10:80 203.0.113.10:81 10.0.0.1:80\n");
	config = load("region: copy\ninterfaces: [eth1]\nproxy: {routes: [a.routes]}\n",
		      "regions/copy.region: warning: calls its region 'lab', not 'copy': is it a "
		      "copy?\n"
		      "a.routes:1: warning: 203.0.113.10:80 is an ingress address: the proxy would "
		      "connect to itself\n");
	cr_expect_eq(config->routes.count, 1);
}
