#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The proxy's log in a file: lines that jq reads whatever a client sends, moved away and reopened
# under load, and a folder that the proxy may not write to.
. "$(dirname "$0")/lib.sh"
begin proxylog
lab_apps
mkdir "$LAB_DIR/log"
chown nobody "$LAB_DIR/log"
log=$LAB_DIR/log/proxy.log
cat >>"$LAB_DIR/weir.yaml" <<END
  log: json
  log_file: $log
END
lab_start

# lines FILTER [FILE...]: how many lines of the log does jq's filter select?
lines() {
	local filter=$1
	shift
	jq -s "[.[] | select($filter)] | length" "${@:-$log}"
}
logged() { [[ $(lines "$1") -ge 1 ]]; }

story "a client's bytes make no line of the log unreadable"
printf 'GET /a"b\\%%n\xc3\xa4\xff HTTP/1.1\r\nHost: blog.example\r\n\r\n' |
	client socat -t 1 - "TCP4:$BLOG:80,connect-timeout=3" >/dev/null
printf 'GET / HTTP/1.1\r\nHost: bl"og\\\x01\r\n\r\n' |
	client socat -t 1 - "TCP4:$BLOG:80,connect-timeout=3" >/dev/null
head -c 4000 /dev/urandom | client socat -t 1 - "TCP4:$BLOG:80,connect-timeout=3" >/dev/null
expect "a line of each" eventually 3 logged '.ending == "header"'
expect_equal "lines that are no JSON" "$(jq -R 'fromjson? // "bad"' "$log" | grep -c '^"bad"$')" 0

story "a line says what was asked, of whom, with what outcome, and where the time went"
fetch $BLOG 'http://blog.example/?asked' -H 'X-Request-ID: from-the-client' >/dev/null
expect "it is there" eventually 3 logged '.target == "/?asked"'
expect "its fields" jq -e 'select(.target == "/?asked") | .status == 200 and .app == "blog" and
	.id == "from-the-client" and .host == "blog.example" and .method == "GET" and
	.container == "10.66.0.2:8080" and .by == "none" and .phase == "transfer" and
	(.client | startswith("'$CLIENT':")) and .up_bytes > 100 and .down_bytes > 100 and
	.head_us + .connect_us + .send_us + .first_byte_us + .transfer_us == .total_us' "$log"

story "TLS has a line a connection, with the server name"
fetch $BLOG https://blog.example/ >/dev/null
expect "it is there" eventually 3 logged '.protocol == "tls" and .host == "blog.example" and .ending == "complete"'

story "who gave up is told: the client in the transfer, or the container that refused"
fetch $SHOP http://shop.example/big --max-time 0.3 -o "$LAB_DIR/cut" 2>/dev/null
expect "the client" eventually 3 logged '.target == "/big" and .by == "client" and .phase == "transfer"'
echo 'dead.example app=dead http 10.66.0.2:9999' >>"$LAB_DIR/apps.routes"
kill -HUP "$LAB_PROXY"
dead() { fetch $BLOG http://dead.example/ -o /dev/null -w "%{http_code}" | grep -q 502; }
expect "its route" eventually 3 dead
expect "the container" eventually 3 logged '.host == "dead.example" and .status == 502 and .by == "container" and .phase == "connect"'

story "under load the file is moved away and opened anew: no request fails, no line is lost"
fetch $BLOG 'http://blog.example/?load[1-3000]' --fail -o /dev/null --rate 60000/m --max-time 30 2>"$LAB_DIR/load.err" &
load=$!
expect "it has begun" eventually 3 logged '.target == "/?load100"'
mv "$log" "$log.1"
kill -HUP "$LAB_PROXY"
expect "a new file" eventually 3 test -s "$log"
wait "$load"
expect_equal "how the requests ended" $? 0
seen() { [[ $(lines '.target // "" | startswith("/?load")' "$log" "$log.1") -eq 3000 ]]; }
expect "their lines" eventually 3 seen
expect "some in the new file" logged '.target == "/?load3000"'

story "a proxy whose log nobody reads serves, and ends in time and in order"
lab_stop "$LAB_PROXY"
mkfifo "$LAB_DIR/pipe"
exec 9<>"$LAB_DIR/pipe"
grep -v log_file "$LAB_DIR/weir.yaml" >"$LAB_DIR/unread.yaml"
nsenter --net="/run/netns/$LAB-gate" "$WEIR" -I "$LAB" -c "$LAB_DIR/unread.yaml" proxy >"$LAB_DIR/pipe" 2>>"$LAB_DIR/spawned.log" 9>&- &
unread=$!
expect "it serves" eventually 5 served
expect "more than a pipe holds" fetch $BLOG 'http://blog.example/?unread[1-1000]' --fail -o /dev/null
kill -TERM $unread
ends() { ! kill -0 $unread; }
expect "it ends" eventually 5 ends
wait $unread
expect_equal "its exit code" $? 0
exec 9>&-

story "a log that cannot be opened is said at once"
chown root "$LAB_DIR/log" "$log"
expect_exit 1 "the proxy" weir proxy
expect_said "why" "proxy.log: Permission denied"
end
