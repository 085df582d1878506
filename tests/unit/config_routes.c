/* SPDX-License-Identifier: GPL-2.0-only */
/* Routes: the grammar, host names, order and duplicates, every error, a million of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "config/parse.h"
#include "diags_text.h"
#include "guard.h"

#define _cleanup_routes_ _cleanup_(weir_routes_done)

static int parse(const char *text, struct weir_diags *diags, struct weir_routes *routes)
{
	_cleanup_guard_ struct guard guard = guard_of(text, strlen(text));
	int r = weir_routes_parse("a.routes", guard.bytes, strlen(text), diags, routes);
	int s = weir_routes_finish(routes, diags);

	return r ? r : s;
}

static void refuse(const char *text, const char *want)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_routes_ struct weir_routes routes = {0};

	cr_expect_eq(parse(text, &diags, &routes), -EINVAL, "%s", text);
	cr_expect_str_eq(diags_text(&diags), want, "%s", diags_text(&diags));
}

Test(routes, reads_hosts_apps_and_containers)
{
	static const char input[] = "# apps\n"
				    "Shop.Example. app=shop http 10.0.1.5:8080 10.0.1.6:80 tls "
				    "10.0.1.5:8443 # two\r\n"
				    "*.shop.example tls 10.0.1.7:443\n"
				    "idle.example\n"
				    "default app=catch_all http 10.0.1.9:65535";
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_routes_ struct weir_routes routes = {0};
	const struct weir_route *items;

	cr_assert_eq(parse(input, &diags, &routes), 0, "%s", diags_text(&diags));
	cr_assert_eq(routes.count, 4);
	items = routes.items;
	cr_expect_null(items[0].host);
	cr_expect_str_eq(items[0].app, "catch_all");
	cr_expect_eq(items[0].containers[WEIR_HTTP][0].port, 65535);
	cr_expect_str_eq(items[1].host, "*.shop.example");
	cr_expect_str_eq(items[1].app, "*.shop.example");
	cr_expect_eq(items[1].containers_count[WEIR_HTTP], 0);
	cr_expect_eq(items[1].containers_count[WEIR_TLS], 1);
	cr_expect_str_eq(items[2].host, "idle.example");
	cr_expect_eq(items[2].containers_count[WEIR_HTTP] + items[2].containers_count[WEIR_TLS], 0);
	cr_expect_str_eq(items[3].host, "shop.example");
	cr_expect_str_eq(items[3].app, "shop");
	cr_assert_eq(items[3].containers_count[WEIR_HTTP], 2);
	cr_expect_eq(items[3].containers[WEIR_HTTP][0].address, 0x0a000105);
	cr_expect_eq(items[3].containers[WEIR_HTTP][0].port, 8080);
	cr_expect_eq(items[3].containers[WEIR_HTTP][1].address, 0x0a000106);
	cr_expect_eq(items[3].containers[WEIR_TLS][0].port, 8443);
	cr_expect_eq(items[3].origin.line, 2);
	cr_expect_eq(items[3].origin.path, routes.paths[0]);
}

Test(routes, reports_every_bad_line_with_its_column)
{
	refuse("exa mple.org http 10.0.0.1:80\n"
	       "exa!mple.org\n"
	       "a..b\n"
	       "*\n"
	       "*.*.b\n"
	       "0x7F.0x1\n"
	       "a.0xg.1\n"
	       "caf\xc3\xa9.example\n"
	       "192.0.2.1 http 10.0.0.1:80\n"
	       "a.b http\n"
	       "a.b http tls 10.0.0.1:80\n"
	       "a.b http 10.0.0.1\n"
	       "a.b http 10.0.0.256:80 10.0.0.1:0\n"
	       "a.b http 10.0.0.1:65536\n"
	       "a.b http 10.0.0.1:080\n"
	       "a.b http 0.0.0.0:80\n"
	       "a.b http 10.0.0.1:80 10.0.0.1:80\n"
	       "a.b http 10.0.0.1:80 http 10.0.0.2:80\n"
	       "a.b app=x/y\n"
	       "a.b app=\n"
	       "a.b https 10.0.0.1:80\n"
	       "a.b http proxy=v3 10.0.0.1:80\n"
	       "a.b http proxy=v1\n"
	       "alpn= app=x tls 10.0.0.1:80\n"
	       "alpn=h2 tls 10.0.0.1:80\n"
	       "alpn=h2 app=x http 10.0.0.1:80\n"
	       "a.b http 8080:10.0.0.1\n"
	       "a.b http 10.0.0.1:80,10.0.0.2:80\n"
	       "a.b http [2001:db8::1]:80 web1:80\n"
	       "a.b http 10.0.0.1:80 app=x proxy=v2\n",
	       "a.routes:1:5: 'mple.org' is none of app=, http, tls: say which before the "
	       "containers\n"
	       "a.routes:2:4: 'exa!mple.org' has a character that no host name has\n"
	       "a.routes:3:3: 'a..b' has an empty label\n"
	       "a.routes:4:1: '*' has a * that is not its first label, as in *.example.org\n"
	       "a.routes:5:3: '*.*.b' has a * that is not its first label, as in *.example.org\n"
	       "a.routes:6:1: '0x7F.0x1' is an address, not a host name\n"
	       "a.routes:7:1: 'a.0xg.1' is an address, not a host name\n"
	       "a.routes:8:4: 'caf\\xc3\\xa9.example' is not ASCII: write the name as A-labels, "
	       "xn--...\n"
	       "a.routes:9:1: '192.0.2.1' is an address, not a host name\n"
	       "a.routes:10:9: http has no ADDRESS:PORT behind it\n"
	       "a.routes:11:9: http has no ADDRESS:PORT behind it\n"
	       "a.routes:12:10: '10.0.0.1' is not ADDRESS:PORT\n"
	       "a.routes:13:10: '10.0.0.256:80' has a part above 255\n"
	       "a.routes:13:24: '10.0.0.1:0' has no port of 1 to 65535\n"
	       "a.routes:14:10: '10.0.0.1:65536' has no port of 1 to 65535\n"
	       "a.routes:15:10: '10.0.0.1:080' has no port of 1 to 65535\n"
	       "a.routes:16:10: '0.0.0.0:80' is no address of a container\n"
	       "a.routes:17:22: '10.0.0.1:80' is in this list already\n"
	       "a.routes:18:22: http is stated twice\n"
	       "a.routes:19:10: 'x/y' is no name: letters, digits, '.', '_' and '-'\n"
	       "a.routes:20:9: a name has 1 to 63 characters\n"
	       "a.routes:21:5: 'https' is none of app=, http, tls: say which before the "
	       "containers\n"
	       "a.routes:22:16: 'v3' is neither v1 nor v2\n"
	       "a.routes:23:9: http has no ADDRESS:PORT behind it\n"
	       "a.routes:24:6: '' is no protocol of 1 to 95 characters\n"
	       "a.routes:25:1: a route by protocol needs app=NAME\n"
	       "a.routes:26:1: a route by protocol has containers for tls only\n"
	       "a.routes:27:10: '8080:10.0.0.1' has the port in front: write ADDRESS:PORT\n"
	       "a.routes:28:10: '10.0.0.1:80,10.0.0.2:80' has a comma: put a blank between "
	       "containers\n"
	       "a.routes:29:10: '[2001:db8::1]:80' is not an IPv4 ADDRESS:PORT\n"
	       "a.routes:29:27: 'web1:80' is a name, not an IPv4 address: names are not looked "
	       "up\n"
	       "a.routes:30:22: 'app=x' stands right behind the host, before http and tls\n"
	       "a.routes:30:28: 'proxy=v2' stands right behind http or tls, before the "
	       "addresses\n");
}

Test(routes, reads_prefaces_and_routes_by_protocol)
{
	static const char input[] = "a.b http proxy=v1 10.0.0.1:80 tls 10.0.0.1:443\n"
				    "alpn=acme-tls/1 app=certs tls proxy=v2 10.0.0.2:443\n";
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_routes_ struct weir_routes routes = {0};

	cr_assert_eq(parse(input, &diags, &routes), 0, "%s", diags_text(&diags));
	cr_assert_eq(routes.count, 2);
	cr_expect_eq(routes.items[0].preface[WEIR_HTTP], WEIR_PREFACE_V1);
	cr_expect_eq(routes.items[0].preface[WEIR_TLS], WEIR_PREFACE_NONE);
	cr_expect_eq(routes.items[0].containers_count[WEIR_HTTP], 1);
	cr_expect_str_eq(routes.items[1].host, "alpn=acme-tls/1");
	cr_expect_str_eq(routes.items[1].app, "certs");
	cr_expect_eq(routes.items[1].preface[WEIR_TLS], WEIR_PREFACE_V2);
}

Test(routes, of_a_protocol_have_a_name_of_up_to_95_characters)
{
	for (int size = 95; size <= 96; size++) {
		_cleanup_diags_ struct weir_diags diags = {0};
		_cleanup_routes_ struct weir_routes routes = {0};
		char line[200];

		snprintf(line, sizeof(line), "alpn=%0*d app=a tls 10.0.0.2:443\n", size, 0);
		cr_expect_eq(parse(line, &diags, &routes), size == 95 ? 0 : -EINVAL, "%d", size);
	}
}

Test(routes, names_the_first_of_duplicates_across_files)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_routes_ struct weir_routes routes = {0};
	static const char one[] = "b.example\na.example\ndefault\n",
			  two[] = "A.example.\ndefault\n"
				  "*.a.example\na.example";

	cr_assert_eq(weir_routes_parse("1", one, sizeof(one) - 1, &diags, &routes), 0);
	cr_assert_eq(weir_routes_parse("2", two, sizeof(two) - 1, &diags, &routes), 0);
	cr_expect_eq(weir_routes_finish(&routes, &diags), -EINVAL);
	cr_expect_str_eq(diags_text(&diags), "2:2:1: 'default' is at 1:3 already\n"
					     "2:1:1: 'a.example' is at 1:2 already\n"
					     "2:4:1: 'a.example' is at 1:2 already\n");
}

Test(routes, bounds_labels_names_and_containers)
{
	char label[65], text[32768], host[WEIR_HOST_MAX + 1];
	size_t at, used;
	const char *why;

	memset(label, 'a', 64);
	label[64] = '\0';
	cr_expect_eq(weir_host_parse(label, 63, host, &at, &why), 0);
	cr_expect_eq(weir_host_parse(label, 64, host, &at, &why), -EINVAL);
	cr_expect_str_eq(why, "has a label of more than 63 characters");
	sprintf(text, "%.63s.%.63s.%.63s.%.61s.", label, label, label, label);
	cr_expect_eq(weir_host_parse(text, strlen(text), host, &at, &why), 0);
	cr_expect_eq(strlen(host), 253);
	sprintf(text, "%.63s.%.63s.%.63s.%.62s", label, label, label, label);
	cr_expect_eq(weir_host_parse(text, strlen(text), host, &at, &why), -EINVAL);
	cr_expect_str_eq(why, "has more than 253 characters");

	used = sprintf(text, "a.b http");
	for (unsigned int i = 0; i <= WEIR_CONTAINERS_MAX; i++)
		used += sprintf(text + used, " 10.0.0.1:%u", 1000 + i);
	refuse(text, "a.routes:1:14346: more than 1024 containers (WEIR_CONTAINERS_MAX)\n");
}

Test(routes, sorts_a_million_as_strcmp_does)
{
	enum { ROUTES = 1000000 };
	_cleanup_free_ char *text = malloc(ROUTES * 64);
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_routes_ struct weir_routes routes = {0};
	char *at = text;

	for (__u32 i = 0; i < ROUTES; i++)
		at += sprintf(at, "app-%u.apps.example http 10.%u.%u.%u:8080\n", i * 2654435761u,
			      i >> 16 & 255, i >> 8 & 255, i & 255);
	cr_assert_eq(weir_routes_parse("a", text, at - text, &diags, &routes), 0);
	cr_assert_eq(weir_routes_finish(&routes, &diags), 0);
	cr_assert_eq(routes.count, ROUTES);
	for (__u32 i = 0; i < ROUTES; i++) {
		const struct weir_route *route = &routes.items[i];

		cr_assert(!i || strcmp(routes.items[i - 1].host, route->host) < 0);
		cr_assert_eq(route->containers[WEIR_HTTP][0].address,
			     10u << 24 | (route->origin.line - 1));
	}
}
