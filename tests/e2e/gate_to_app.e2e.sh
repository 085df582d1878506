#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Through the gate and the proxy to the apps, with real clients and servers: HTTP and TLS by
# name, whole bodies both ways, half-close, and a proxy that stops and starts again.
. "$(dirname "$0")/lib.sh"
begin toapp
lab_apps
lab_start

story "HTTP is routed by the Host header"
expect_equal "blog" "$(fetch $BLOG http://blog.example/ 2>&1)" "blog at 10.66.0.2"
expect "shop" fetch $SHOP http://shop.example/
expect_said "shop answers" '^shop at 10\.66\.0\.[34]$'
expect_equal "blog, by any ingress address" "$(fetch $SHOP http://blog.example/ 2>&1)" \
	"blog at 10.66.0.2"

story "TLS is routed by the server name and reaches the app's own certificate"
expect_equal "blog" "$(fetch $BLOG https://blog.example/ 2>&1)" "blog at 10.66.0.2"
expect "shop" fetch $SHOP https://shop.example/
expect_said "shop answers" '^shop at 10\.66\.0\.[34]$'
expect "TLS 1.2" fetch $BLOG https://blog.example/ --tls-max 1.2
expect "HTTP/1.1 over TLS, kept alive" fetch $BLOG https://blog.example/ --http1.1 \
	--next -sS --cacert "$LAB_DIR/cert.pem" --connect-to "blog.example::$BLOG:" \
	https://blog.example/

story "a name that no route has is not served"
expect_not "over HTTP" fetch $BLOG http://nobody.example/ --fail
expect_not "over TLS" fetch $BLOG https://nobody.example/ --fail

story "containers of an app take turns"
answers=$(for _ in {1..10}; do fetch $SHOP http://shop.example/; done 2>&1)
expect_equal "ten requests over two containers" \
	"$(sort <<<"$answers" | uniq -c | awk '{ print $1 }' | xargs)" "5 5"

story "a large download arrives whole"
expect "64 MiB" fetch $SHOP https://shop.example/big --max-time 30 --range 0-67108863 \
	-o "$LAB_DIR/got"
expect_equal "bytes" "$(stat -c %s "$LAB_DIR/got")" 67108864

story "an upload arrives whole, over HTTP and over TLS"
head -c 5000000 /dev/urandom >"$LAB_DIR/sent"
for scheme in http https; do
	expect "$scheme" fetch $BLOG $scheme://blog.example/up/$scheme -T "$LAB_DIR/sent" --fail
	expect "what arrived is what was sent" \
		cmp "$LAB_DIR/sent" "$LAB_DIR/blog-10.66.0.2/www/up/$scheme"
done

story "a client that has said all and closes its half still gets a late reply, whole"
# A real ClientHello, taken from openssl, to an app that answers a second after the end.
client socat -u TCP4-LISTEN:4433,bind=127.0.0.1 "CREATE:$LAB_DIR/hello" &
recording=$!
eventually 5 client sh -c 'ss -Hltn sport = 4433 | grep -q .'
client timeout 1 openssl s_client -connect 127.0.0.1:4433 -servername late.example \
	>/dev/null 2>&1 </dev/null
wait $recording
lab_spawn backends socat -t 5 TCP4-LISTEN:9443,bind=10.66.0.2,fork,reuseaddr \
	"SYSTEM:wc -c; sleep 1; head -c 300000 /dev/zero"
echo 'late.example tls 10.66.0.2:9443' >>"$LAB_DIR/apps.routes"
lab_stop "$LAB_PROXY"
lab_proxy
client socat -t 5 - "TCP4:$BLOG:443" <"$LAB_DIR/hello" >"$LAB_DIR/late" 2>/dev/null
expect_equal "what the app counted" "$(head -n 1 "$LAB_DIR/late" | tr -d '\0')" \
	"$(stat -c %s "$LAB_DIR/hello")"
expect_between "bytes of the late reply" "$(stat -c %s "$LAB_DIR/late")" 300002 300010

for signal in TERM KILL; do
	story "the proxy ends by SIG$signal and starts again: who comes meanwhile waits, and is served"
	pid=$LAB_PROXY
	lab_stop "$pid" $signal
	expect_not "a process is left" kill -0 "$pid"
	waiting=$(counted drop_no_listener)
	fetch "$BLOG" http://blog.example/ >"$LAB_DIR/waited" 2>&1 &
	client_pid=$!
	is_held_back() { [[ $(counted drop_no_listener) -gt $waiting ]]; }
	expect "its first packet is held back" eventually 5 is_held_back
	lab_proxy
	wait "$client_pid"
	expect_equal "the client that waited" "$(cat "$LAB_DIR/waited")" "blog at 10.66.0.2"
	expect_between "packets held back" "$(($(counted drop_no_listener) - waiting))" 1 20
done
end
