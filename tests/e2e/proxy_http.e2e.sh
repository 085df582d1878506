#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The proxy behind the gate with real clients and nginx as the app: what is refused and what the app
# saw of it, limits at and above, HTTP/2 inside TLS, reloads, lost containers, lost privileges.
. "$(dirname "$0")/lib.sh"
begin proxyhttp
lab_apps
lab_start

blog_log=$LAB_DIR/blog-10.66.0.2/access.log

# raw TEXT: send these bytes (printf escapes) to the ingress address; what came back.
raw() {
	# shellcheck disable=SC2059 # the escapes are the point
	printf "$1" | client socat -t 3 - "TCP4:$BLOG:80,connect-timeout=3"
}
status_of() { head -n 1 | tr -d '\r' | cut -d ' ' -f 2; }
code() { fetch "$@" -o /dev/null -w '%{http_code}' 2>/dev/null; }
reached() { grep -c "$1" "$blog_log"; }

story "shapes that smuggle get 400 and never reach the app"
host='Host: blog.example\r\n'
while IFS='|' read -r want request; do
	expect_equal "$request" "$(raw "$request" | status_of)" "$want"
done <<-'END'
	400|POST /smuggle HTTP/1.1\r\nHost: blog.example\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
	400|POST /smuggle HTTP/1.1\r\nHost: blog.example\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd
	400|POST /smuggle HTTP/1.1\r\nHost: blog.example\r\nContent-Length: 4, 4\r\n\r\nabcd
	400|POST /smuggle HTTP/1.1\r\nHost: blog.example\r\nContent-Length: 0x4\r\n\r\nabcd
	400|POST /smuggle HTTP/1.1\r\nHost: blog.example\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n
	400|POST /smuggle HTTP/1.1\r\nHost: blog.example\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n
	400|POST /smuggle HTTP/1.1\r\nHost: blog.example\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n
	400|POST /smuggle HTTP/1.0\r\nHost: blog.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
	501|POST /smuggle HTTP/1.1\r\nHost: blog.example\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n
	400|GET /smuggle HTTP/1.1\r\nHost: blog.example\r\nHost: shop.example\r\n\r\n
	400|GET http://shop.example/smuggle HTTP/1.1\r\nHost: blog.example\r\n\r\n
	400|GET /smuggle HTTP/1.1\r\nHost: blog.example\r\nX: a\r\n b\r\n\r\n
	400|GET /smuggle HTTP/1.1\nHost: blog.example\n\n
	400|GET /smuggle HTTP/1.1\r\nHost: blog.example\r\nX: a\rb\r\n\r\n
	400|GET /smuggle\r\n
	505|GET /smuggle HTTP/2.0\r\nHost: blog.example\r\n\r\n
	505|PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n
	405|CONNECT blog.example:80 HTTP/1.1\r\nHost: blog.example\r\n\r\n
END
expect_equal "requests that reached the app" "$(reached smuggle)" 0

story "a malformed chunk stops what is behind it"
expect_equal "its status" "$(raw "POST /chunk HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\nGET /behind HTTP/1.1\r\n$host\r\n" | status_of)" 400
expect_equal "the request behind it" "$(reached /behind)" 0

story "every request of a connection is routed for itself, also to another app"
answer=$(raw "GET / HTTP/1.1\r\n$host\r\nGET / HTTP/1.1\r\nHost: shop.example\r\n\r\nGET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n" | grep -oE '^(blog|shop) at' | xargs)
expect_equal "three pipelined requests" "$answer" "blog at shop at blog at"

story "what a client says of itself is not believed"
cat >"$LAB_DIR/echo.sh" <<'END'
head=$(sed '/^\r$/q')
printf 'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' "${#head}" "$head"
END
lab_spawn backends socat TCP4-LISTEN:9080,bind=10.66.0.2,fork,reuseaddr "SYSTEM:bash $LAB_DIR/echo.sh"
echo 'echo.example http 10.66.0.2:9080' >>"$LAB_DIR/apps.routes"
kill -HUP "$LAB_PROXY"
expect "a route that a reload brought" eventually 3 fetch $BLOG http://echo.example/ --fail
expect "claims" fetch $BLOG http://echo.example/ -H 'X-Real-Ip: 6.6.6.6' \
	-H 'X-Forwarded-For: 6.6.6.6' -H 'X-Forwarded-Proto: https' -H 'X_Forwarded_For: 6.6.6.6'
expect_said "the client's address" "^X-Forwarded-For: $CLIENT"
expect_said "likewise" "^X-Real-Ip: $CLIENT"
expect_said "the protocol" '^X-Forwarded-Proto: http.?$'
expect_said "the port" '^X-Forwarded-Port: 80.?$'
expect_said "an id" '^X-Request-ID: [0-9a-f]{32}'
expect_said "the time" '^X-Request-Start: t=[0-9]{10}\.[0-9]{3}'
expect_not "a claim got through" grep -q 6.6.6.6 <<<"$SAID"

story "limits of a head: exactly at the limit passes, one more does not"
expect_equal "a header of 8192" "$(code $BLOG http://echo.example/ -H "A: $(printf '%08189d' 0)")" 200
expect_equal "one of 8193" "$(code $BLOG http://blog.example/ -H "A: $(printf '%08190d' 0)")" 431
expect_equal "a target of 8193" "$(code $BLOG "http://blog.example/$(printf '%08192d' 0)")" 414
many=()
for i in {1..5}; do many+=(-H "B$i: $(printf '%08000d' 0)"); done
expect_equal "40 kB of headers" "$(code $BLOG http://blog.example/ "${many[@]}")" 431

story "limits of a body: 75 MiB pass, one byte more gets 413, whatever the framing"
truncate -s 78643200 "$LAB_DIR/most"
truncate -s 78643201 "$LAB_DIR/toomuch"
expect_equal "at the limit" "$(code $BLOG http://blog.example/up/most -T "$LAB_DIR/most" --max-time 30)" 201
expect "what arrived" cmp "$LAB_DIR/most" "$LAB_DIR/blog-10.66.0.2/www/up/most"
expect_equal "above, by its length" "$(code $BLOG http://blog.example/up/toomuch -T "$LAB_DIR/toomuch" --max-time 30)" 413
expect_equal "above, without Expect" "$(code $BLOG http://blog.example/up/toomuch -T "$LAB_DIR/toomuch" -H Expect: --max-time 30)" 413
expect_equal "above, by chunks" "$(code $BLOG http://blog.example/up/toomuch -T - --max-time 30 <"$LAB_DIR/toomuch")" 413
expect_not "part of it was kept" test -e "$LAB_DIR/blog-10.66.0.2/www/up/toomuch"
expect_equal "requests of it that reached the app whole" "$(grep -c 'PUT /up/toomuch.* 20[14] ' "$blog_log")" 0
expect_equal "at the limit, by chunks" "$(code $BLOG http://blog.example/up/chunks -T - --max-time 30 <"$LAB_DIR/most")" 201

story "an unknown server name gets the alert that says so"
client openssl s_client -connect "$BLOG:443" -servername nobody.example </dev/null >"$LAB_DIR/tls" 2>&1
expect "unrecognized_name" grep -qi 'unrecognized name' "$LAB_DIR/tls"

story "an error page is for who reads it"
expect "JSON" fetch $BLOG http://nobody.example/ -H 'Accept: application/json'
expect_equal "its error" "$(jq -r .error <<<"$SAID")" unknown_host
expect "HTML" fetch $BLOG http://nobody.example/ -i
expect_said "its header" '^X-Weir-Error: unknown_host'

story "a container that is lost is passed over, and served again when it is back"
expect "a route with a dead container" sh -c \
	"echo 'half.example app=half http 10.66.0.2:8080 10.66.0.2:9999' >>'$LAB_DIR/apps.routes'"
kill -HUP "$LAB_PROXY"
expect "the route" eventually 3 fetch $BLOG http://half.example/ --fail
for _ in {1..6}; do expect "an answer" fetch $BLOG http://half.example/ --fail; done

story "a reload that is wrong changes nothing"
cp "$LAB_DIR/apps.routes" "$LAB_DIR/good"
echo 'half example app=' >>"$LAB_DIR/apps.routes"
kill -HUP "$LAB_PROXY"
expect "it is said" eventually 3 grep -q 'the routes stay as they were' "$LAB_DIR/spawned.log"
expect "the routes are served" fetch $BLOG http://half.example/ --fail
cp "$LAB_DIR/good" "$LAB_DIR/apps.routes"

story "the proxy has neither privileges nor a hold on the gate"
status=/proc/$LAB_PROXY/status
expect_equal "its user" "$(awk '$1 == "Uid:" { print $2 }' "$status")" "$(id -u nobody)"
expect_equal "capabilities" "$(awk '/^Cap(Prm|Eff|Inh|Amb):/ { print $2 }' "$status" | sort -u)" 0000000000000000
expect_equal "no new privileges" "$(awk '$1 == "NoNewPrivs:" { print $2 }' "$status")" 1
expect_equal "bpf descriptors" "$(find "/proc/$LAB_PROXY/fd" -lname 'anon_inode:bpf*' | wc -l)" 0

story "each request left its line in the log, with nothing of the wire in it unescaped"
raw 'GET /a"b HTTP/1.1\r\nHost: blog.example\r\nConnection: close\r\n\r\n' >/dev/null
expect "the line" eventually 3 grep -q 'method=GET target=/a\\x22b app=blog container=10.66.0.2:8080 status=404' "$LAB_DIR/spawned.log"
expect "a refusal's reason" grep -q 'status=400 .*ending=length_conflict' "$LAB_DIR/spawned.log"

story "SIGTERM lets a download finish that is under way"
fetch $SHOP http://shop.example/big --max-time 30 --range 0-41943039 -o "$LAB_DIR/last" 2>"$LAB_DIR/last.err" &
download=$!
expect "it has begun" eventually 3 test -s "$LAB_DIR/last"
kill -TERM "$LAB_PROXY"
wait "$download"
expect_equal "how the download ended" $? 0
expect_equal "bytes" "$(stat -c %s "$LAB_DIR/last")" 41943040
gone() { ! kill -0 "$LAB_PROXY" 2>/dev/null; }
expect "then the proxy ends" eventually 10 gone
end
