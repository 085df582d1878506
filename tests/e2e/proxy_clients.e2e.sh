#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Real clients through the proxy to real servers: curl in HTTP/1.0, 1.1 and 2, openssl, gnutls-cli, a
# WebSocket client; bodies in both framings, expectations, resumed TLS sessions.
. "$(dirname "$0")/lib.sh"
begin proxyclients
lab_apps
lab_start

code() { fetch "$@" -o /dev/null -w '%{http_code}' 2>/dev/null; }
head -c 3000000 /dev/urandom >"$LAB_DIR/body"
www=$LAB_DIR/blog-10.66.0.2/www

story "curl in HTTP/1.0, with and without keep-alive"
expect "1.0" fetch $BLOG http://blog.example/ --http1.0 --fail
expect_said "the answer" '^blog at 10.66.0.2'
expect_equal "two over one connection" "$(fetch $BLOG 'http://blog.example/?[1-2]' --http1.0 -H 'Connection: keep-alive' -o /dev/null -w '%{num_connects}' 2>/dev/null)" 10

story "uploads arrive whole: by length, by chunks, with and without an expectation"
expect_equal "by length, which curl announces" "$(code $BLOG http://blog.example/up/a -T "$LAB_DIR/body")" 201
expect_equal "by length at once" "$(code $BLOG http://blog.example/up/b -T "$LAB_DIR/body" -H Expect:)" 201
expect_equal "by chunks" "$(code $BLOG http://blog.example/up/c -T - <"$LAB_DIR/body")" 201
for name in a b c; do expect "what arrived" cmp "$LAB_DIR/body" "$www/up/$name"; done
expect "the container's 100 comes through" fetch $BLOG http://blog.example/up/d -T "$LAB_DIR/body" -v -H 'Expect: 100-continue'
expect_said "it" '^< HTTP/1.1 100 Continue'

story "a body that is announced and too large is not sent at all"
truncate -s 78643201 "$LAB_DIR/toomuch"
expect_equal "status and bytes sent" "$(fetch $BLOG http://blog.example/up/e -T "$LAB_DIR/toomuch" -H 'Expect: 100-continue' --expect100-timeout 5 -o /dev/null -w '%{http_code} %{size_upload}' 2>/dev/null)" "413 0"

story "HTTP/2 within TLS, many streams on one connection"
expect_equal "version" "$(fetch $BLOG https://blog.example/ --http2 -o /dev/null -w '%{http_version} %{http_code}')" "2 200"
expect_equal "fifty at once" "$(fetch $BLOG 'https://blog.example/?[1-50]' --http2 --parallel -o /dev/null -w '%{http_version} %{http_code}\n' 2>/dev/null | sort | uniq -c | xargs)" "50 2 200"
expect_equal "an upload" "$(code $BLOG https://blog.example/up/f --http2 -T "$LAB_DIR/body")" 201
expect "what arrived" cmp "$LAB_DIR/body" "$www/up/f"

# tls OPTIONS...: GET / by openssl; what it said, certificates checked.
tls() {
	printf 'GET / HTTP/1.1\r\nHost: blog.example\r\nConnection: close\r\n\r\n' |
		client openssl s_client -connect "$BLOG:443" -servername blog.example -quiet -ign_eof \
			-CAfile "$LAB_DIR/cert.pem" -verify_return_error "$@" 2>&1
}
story "openssl, every version of TLS, and sessions that are resumed"
for version in 1_2 1_3; do
	expect "TLS $version" tls "-tls$version" -alpn http/1.1
	expect_said "the answer" '^blog at 10.66.0.2'
done
printf 'GET / HTTP/1.1\r\nHost: blog.example\r\nConnection: close\r\n\r\n' |
	client openssl s_client -connect "$BLOG:443" -servername blog.example -ign_eof -tls1_2 \
		-sess_out "$LAB_DIR/session" >/dev/null 2>&1
expect "a session again" client sh -c "openssl s_client -connect $BLOG:443 -servername blog.example \
	-tls1_2 -sess_in '$LAB_DIR/session' </dev/null"
expect_said "it" '^Reused, TLSv1.2'

story "gnutls-cli, the name in capitals"
expect "an answer" client sh -c "printf 'GET / HTTP/1.1\r\nHost: blog.example\r\nConnection: close\r\n\r\n' |
	gnutls-cli --x509cafile '$LAB_DIR/cert.pem' --sni-hostname BLOG.example --verify-hostname blog.example \
		-p 443 $BLOG"
expect_said "it" '^blog at 10.66.0.2'

story "a WebSocket carries both ways, and its goodbye arrives"
lab_spawn backends "$LAB_ROOT/tests/tools/websocket.py" serve 10.66.0.3 9090
echo 'ws.example app=ws http 10.66.0.3:9090' >>"$LAB_DIR/apps.routes"
kill -HUP "$LAB_PROXY"
upgraded() { client "$LAB_ROOT/tests/tools/websocket.py" ask $BLOG 80 ws.example; }
expect "the route" eventually 5 upgraded
expect "a talk" upgraded
expect_equal "what held" "$(xargs <<<"$SAID")" "text True bytes True many True ping True code 1000"
expect "the server heard the end" grep -q 'closed by the client with 1000' "$LAB_DIR/spawned.log"
expect "its line" eventually 3 grep -q 'host=ws.example .* status=101 .* ending=upgraded' "$LAB_DIR/spawned.log"

story "a client that sends a byte at a time and one that reads slowly are served whole"
# shellcheck disable=SC2016 # for python
cat >"$LAB_DIR/slow.py" <<'END'
import socket, sys, time
peer = socket.create_connection((sys.argv[1], 80))
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for byte in b"PUT /up/slow HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 9\r\nConnection: close\r\n\r\n123456789":
    peer.send(bytes([byte]))
    time.sleep(0.005)
print(peer.recv(12).decode())
peer = socket.socket()
peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
peer.connect((sys.argv[1], 80))
peer.send(b"GET /big HTTP/1.1\r\nHost: shop.example\r\nRange: bytes=0-999999\r\nConnection: close\r\n\r\n")
size = 0
while part := peer.recv(4096):
    size += len(part)
    time.sleep(0.002)
print(size > 1000000)
END
expect "both" client python3 "$LAB_DIR/slow.py" $SHOP
expect_equal "what came back" "$(xargs <<<"$SAID")" "HTTP/1.1 201 True"
expect_equal "what arrived" "$(cat "$LAB_DIR"/shop-*/www/up/slow)" 123456789
end
