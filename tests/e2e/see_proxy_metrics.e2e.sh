#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The proxy's metrics by HTTP: loopback only, judged by promtool, in step with what was served.
. "$(dirname "$0")/lib.sh"
begin proxymetrics
sed -i 's/^proxy:/&\n  metrics: 9465/' "$LAB_DIR/weir.yaml"
lab_apps
lab_start

scrape() { gate curl -sS --max-time 5 --fail http://127.0.0.1:9465/metrics; }
sample() { scrape | awk -v name="$1" '$1 == name { print $2 }'; }
judged() { [[ $(scrape | promtool check metrics 2>&1) == '' ]]; }
ok_of() { sample "weir_proxy_app_requests_total{app=\"$1\",class=\"2xx\"}"; }

story "promtool finds nothing to say of the proxy's metrics"
expect "a scrape" scrape
expect "promtool accepts it" judged

story "requests, bytes and connections are told by app"
before=$(ok_of shop) bytes=$(sample 'weir_proxy_app_bytes_total{app="shop",direction="down"}')
for _ in 1 2 3; do expect "shop answers" fetch $SHOP http://shop.example/ --fail; done
expect_equal "requests of shop" "$(ok_of shop)" $((before + 3))
expect "bytes were counted" test \
	"$(sample 'weir_proxy_app_bytes_total{app="shop",direction="down"}')" -gt "$bytes"
tunnels=$(sample 'weir_proxy_app_connections_total{app="blog"}')
expect "blog answers by TLS" fetch $BLOG https://blog.example/ --fail
expect_equal "connections of blog" "$(sample 'weir_proxy_app_connections_total{app="blog"}')" \
	$((tunnels + 1))
expect_equal "nobody has that host" "$(fetch $BLOG http://nobody.example/ -o /dev/null -w '%{http_code}')" 404
expect_equal "its ending" "$(sample 'weir_proxy_endings_total{ending="unknown_host"}')" 1
expect_equal "containers of shop" "$(sample 'weir_proxy_app_containers{app="shop"}')" 4

story "the endpoint is on loopback alone"
expect_not "a client can reach it" client curl -sS --max-time 2 "http://$GATE:9465/metrics"
expect_not "the machine's own address serves it" gate curl -sS --max-time 2 "http://$GATE:9465/metrics"

story "a scraper that says nothing holds up neither clients nor other scrapers"
for _ in 1 2 3 4 5; do lab_spawn gate socat -u TCP4:127.0.0.1:9465 STDOUT; done
expect "a client is served" served
expect "a scrape" scrape
end
