#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A wall clock that steps by a year, ahead, behind and back, under a proxy that serves and under commands. The
# clock is weir's alone (tests/tools/clock.c); tests/kernels has that of a whole machine.
. "$(dirname "$0")/lib.sh"
begin clock
log=$LAB_DIR/log/proxy.log
mkdir "$LAB_DIR/log"
chown nobody "$LAB_DIR/log"
sed -i "s,^proxy:,&\n  log: json\n  log_file: $log\n  metrics: 9465," "$LAB_DIR/weir.yaml"
echo 'rates: {default: 20MB/s, burst: 4MB}' >>"$LAB_DIR/weir.yaml"
echo 'dead.example app=dead http 10.66.0.2:9999' >>"$LAB_DIR/apps.routes"
lab_apps
head -c 60M /dev/urandom >"$LAB_DIR/blog-10.66.0.2/www/random"

STEP=$LAB_DIR/step
printf '0' >"$STEP"
printf '#!/bin/sh\nLD_PRELOAD=%s CLOCK_STEP=%s exec %s "$@"\n' "$LAB_ROOT/build/clock.so" "$STEP" "$WEIR" >"$LAB_DIR/weir"
chmod 755 "$LAB_DIR/weir"
WEIR=$LAB_DIR/weir
clock() { printf '%s' "$1" 1<>"$STEP"; } # + a year ahead, - a year behind, 0 right

took_ms() { # FILE COMMAND...: into the file goes how long it took
	local began file=$1
	began=$(now_ms)
	shift
	"$@"
	echo $(($(now_ms) - began)) >"$file"
}
half_a_request() {
	client timeout 30 bash -c "exec 3<>/dev/tcp/$BLOG/80
		printf 'GET / HTTP/1.1\r\nHost: blog' >&3; cat <&3" >/dev/null
}
lasted() { # BAN_AT_MS: until a client got in again
	until can_connect $CLIENT $BLOG 80 2>/dev/null; do
		(($(now_ms) - $1 < 12000)) || break
	done
	echo $(($(now_ms) - $1))
}
take_over() { weir proxy --takeover --background >>"$LAB_DIR/spawned.log" 2>&1; } # it keeps its output
lab_start

story "while the clock goes to and fro by years, every request is answered, and rates and time limits hold"
took_ms "$LAB_DIR/half.ms" half_a_request &
half=$!
nsenter --net="/run/netns/$LAB-client" -- python3 "$LAB_ROOT/tests/tools/steady.py" $BLOG blog.example >"$LAB_DIR/steady" 2>&1 &
steady=$!
took_ms "$LAB_DIR/down.ms" fetch $SHOP http://blog.example/random --max-time 30 -o "$LAB_DIR/down" &
down=$!
took_ms "$LAB_DIR/up.ms" fetch $METERED http://blog.example/up/random --max-time 30 -T "$LAB_DIR/blog-10.66.0.2/www/random" &
up=$!
for to in + 0 - 0 + - + 0; do
	sleep 0.4
	clock $to
	fetch $BLOG "http://blog.example/?step[1-10]" --fail >/dev/null || fails "requests at $to"
done
wait $down $up
expect "what came down" cmp "$LAB_DIR/down" "$LAB_DIR/blog-10.66.0.2/www/random"
expect "what went up" cmp "$LAB_DIR/blog-10.66.0.2/www/up/random" "$LAB_DIR/blog-10.66.0.2/www/random"
expect_between "ms that 60 MiB took down at 20 MB/s" "$(<"$LAB_DIR/down.ms")" 2500 12000
expect_between "ms that they took up" "$(<"$LAB_DIR/up.ms")" 2500 12000
sleep 0.5
kill -TERM $steady
wait $steady
expect "what the clients say" cat "$LAB_DIR/steady"
expect_said "nothing failed" '^[0-9]+ answers, 0 failed$'
echo "  (60 MiB at 20 MB/s: $(<"$LAB_DIR/down.ms") ms down, $(<"$LAB_DIR/up.ms") ms up; $(<"$LAB_DIR/steady"))"

story "a container that failed stays in quarantine, and comes out of it"
quarantined() {
	gate curl -sS --max-time 5 http://127.0.0.1:9465/metrics | grep -q '^weir_proxy_app_quarantined_containers{app="dead"} 1'
}
dead() { fetch $BLOG http://dead.example/ --fail; }
for _ in {1..40}; do # one second, two, four
	dead 2>/dev/null
	sleep 0.1
done
expect "it is in quarantine" eventually 5 quarantined
for to in + - 0; do
	clock $to
	expect "it still is, at $to" quarantined
done
clock +
cat >"$LAB_DIR/alive.sh" <<'END'
sed '/^\r$/q' >/dev/null
printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
END
lab_spawn backends socat TCP4-LISTEN:9999,bind=10.66.0.2,fork,reuseaddr "SYSTEM:bash $LAB_DIR/alive.sh"
expect "it is asked again" eventually 9 dead
clock 0

story "each line of the log has the time that it was, and none is missing"
wait $half
expect_between "ms that half a request was waited for" "$(<"$LAB_DIR/half.ms")" 9900 15000
logged() { [[ $(jq -r 'select(.target // "" | startswith("/?step")) | .time' "$log" | wc -l) -eq 80 ]]; }
expect "a line a request" eventually 3 logged
expect_equal "years" "$(jq -r '.time[:4]' "$log" | sort -u | xargs)" \
	"$(($(date +%Y) - 1)) $(date +%Y) $(($(date +%Y) + 1))"

story "bans and trials end when they should"
echo $CLIENT >>"$LAB_DIR/known-bad.txt"
for to in + -; do
	clock 0
	at=$(now_ms)
	expect "a ban" weir deny add $CLIENT --for 2s
	clock $to
	expect "apply at $to" weir apply --try 3s --force
	expect_between "ms that they lasted, the clock set to $to" "$(lasted "$at")" 3000 10000
done
sed -i '$d' "$LAB_DIR/known-bad.txt"
expect "apply" weir apply
expect_filtering "after all of it"

story "a command that takes long says so four times a second, whatever the clock says"
for to in + 0 -; do
	clock $to
	SAID=$(gate script -qec "strace -f -qq -o /dev/null -P $LAB_DIR/known-bad.txt -e trace=openat -e inject=openat:delay_exit=2000000:when=1 \
		$WEIR -I $LAB -c $LAB_DIR/weir.yaml check" /dev/null </dev/null | head -c 100000)
	expect_between "how often, at $to" "$(grep -o 'reading the files \.\.\.' <<<"$SAID" | wc -l)" 2 20
done

story "a proxy takes over and ends in time, and its last line is written, whatever the clock says"
for to in + -; do
	clock $to
	expect "a new proxy, at $to" take_over
	expect "it serves" served
done
pid=$(sed -n 's/^pid \([0-9]*\) .*/\1/p' "/run/$LAB/proxy.lock")
for to in + -; do
	clock $to
	fetch $BLOG "http://blog.example/?last$to" --fail >/dev/null
	kill -TERM "$pid"
	expect "it ends, at $to" eventually 4 test ! -e "/proc/$pid"
	expect "its last line, at $to" grep -F "/?last$to" "$log"
	lab_proxy
	pid=$LAB_PROXY
done
end
