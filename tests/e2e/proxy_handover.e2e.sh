#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One proxy in the place of another under load: nobody is refused or reset, what is under way goes on,
# and whatever becomes of the new one before it serves, the old one is in charge.
. "$(dirname "$0")/lib.sh"
begin handover
sed -i 's/^proxy:/&\n  metrics: 9465/' "$LAB_DIR/weir.yaml"
lab_apps
NOTIFIED=$LAB_DIR/notified
export NOTIFY_SOCKET=$LAB_DIR/notify
lab_spawn gate socat -u "UNIX-RECV:$NOTIFY_SOCKET" "OPEN:$NOTIFIED,creat,append"
lab_start

HANDOVERS=${HANDOVERS:-20}
TOOLS=$LAB_ROOT/tests/tools
socket=/run/$LAB/proxy.sock

pid_now() { sed -n 's/^pid \([0-9]*\) .*/\1/p' "/run/$LAB/proxy.lock"; }
# The new proxy keeps the output that it was started with: nobody waits for its end.
take_over() {
	local code=0
	weir proxy --takeover --background "$@" >>"$LAB_DIR/spawned.log" 2>"$LAB_DIR/said" || code=$?
	cat "$LAB_DIR/said"
	return $code
}
scrape() { gate curl -sS --max-time 5 --fail http://127.0.0.1:9465/metrics; }
gone() { [[ ! -e /proc/$1 || $(awk '/^State/ { print $2 }' "/proc/$1/status") == Z ]]; }

story "a new proxy takes the place of the old one, which then ends"
old=$(pid_now)
expect "it takes over" take_over
new=$(pid_now)
expect "another process" test "$new" != "$old"
expect "a client is served" served
expect "metrics are" scrape
expect "the old one ends" eventually 5 gone "$old"
expect_equal "whom the service manager is told of" \
	"$(grep -aoE 'MAINPID=[0-9]+' "$NOTIFIED")" "MAINPID=$new"
expect_equal "how often one was ready" "$(grep -ao 'READY=1' "$NOTIFIED" | wc -l)" 2

story "$HANDOVERS hand-overs under load, to more workers and to fewer: no connection refused or reset"
nsenter --net="/run/netns/$LAB-client" -- python3 "$TOOLS/steady.py" $BLOG blog.example >"$LAB_DIR/steady" 2>&1 &
load=$!
fetch $SHOP http://shop.example/big --max-time 30 --range 0-41943039 -o "$LAB_DIR/big" 2>"$LAB_DIR/big.err" &
download=$!
for ((i = 0; i < HANDOVERS; i++)); do
	expect "hand-over $i" take_over --workers $((1 + i % 4))
done
wait $download
expect_equal "how a download that ran through all of it ended" $? 0
expect_equal "its bytes" "$(stat -c %s "$LAB_DIR/big")" 41943040
sleep 0.5
kill -TERM $load
wait $load
expect "what the clients say" cat "$LAB_DIR/steady"
expect_said "nothing failed" '^[0-9]+ answers, 0 failed$'
expect_between "answers" "$(cut -d ' ' -f 1 <<<"$SAID")" 100 10000000

story "live routes go along, and none is changed while that happens"
expect "a live route" weir route add live.example app=live http 10.66.0.2:8080
expect "it is served" fetch $BLOG http://live.example/ --fail
expect "a hand-over" take_over
expect "it is served still" fetch $BLOG http://live.example/ --fail
expect "it can go" weir route del live.example
expect_equal "it has gone" "$(fetch $BLOG http://live.example/ -o /dev/null -w '%{http_code}')" 404

story "a proxy that cannot start changes nothing"
before=$(pid_now)
cp "$LAB_DIR/weir.yaml" "$LAB_DIR/good.yaml"
echo 'nonsense: [' >>"$LAB_DIR/weir.yaml"
expect_exit 1 "a file that is wrong" take_over
cp "$LAB_DIR/good.yaml" "$LAB_DIR/weir.yaml"
sed -i 's/user: nobody/user: no-such-user/' "$LAB_DIR/weir.yaml"
expect_exit 1 "a user that is not there" take_over
cp "$LAB_DIR/good.yaml" "$LAB_DIR/weir.yaml"
expect_exit 1 "another address" take_over --listen-http 127.0.0.1:8480
expect_said "why" 'listens elsewhere: restart it'
expect_equal "who is in charge" "$(pid_now)" "$before"
expect "a client is served" served

story "two at once: one is refused by name; killed before it serves, it changes nothing"
mkfifo "$LAB_DIR/hold"
python3 "$TOOLS/taker.py" "$socket" <"$LAB_DIR/hold" >"$LAB_DIR/taker" 2>&1 &
taker=$!
exec 9>"$LAB_DIR/hold"
expect "the first one gets what it asks for" eventually 5 grep -q '^ok' "$LAB_DIR/taker"
expect_exit 1 "the second one" take_over
expect_said "its name" "process $taker is taking over already"
expect_exit 1 "a change of routes meanwhile" weir route add live.example app=live http 10.66.0.2:8080
expect "a client is served" served
kill -9 $taker
wait $taker 2>/dev/null
exec 9>&-
expect_equal "who is in charge" "$(pid_now)" "$before"
for _ in {1..20}; do expect "each client is served" served; done
expect "then another one takes over" take_over
expect "a client is served" served

story "who has hung up takes nothing over any more, though it comes back at once"
python3 - "$socket" <<'END' >"$LAB_DIR/said" 2>&1
import socket, sys, time
for verb in "takeover", "serving":
    control = socket.socket(socket.AF_UNIX)
    control.connect(sys.argv[1])
    control.sendall(b'{"version": 1, "verb": "%s"}\n' % verb.encode())
    print(control.recv(65536).decode())
    control.close()
    time.sleep(0.2)
END
expect "what it is told" cat "$LAB_DIR/said"
expect_said "that" 'nothing is being taken over'
expect "a client is served" served

story "who is dead when its last word is read takes nothing over"
before=$(pid_now)
python3 - "$socket" <<'END' >"$LAB_DIR/said" 2>&1
import json, os, signal, socket, sys
control = socket.socket(socket.AF_UNIX)
control.connect(sys.argv[1])
control.sendall(b'{"version": 1, "verb": "takeover"}\n')
line, fds, _, _ = socket.recv_fds(control, 65536, 253)
giver = json.loads(line)["pid"]
os.kill(giver, signal.SIGSTOP)
control.sendall(b'{"version": 1, "verb": "serving"}\n')
for fd in [control.detach(), *fds]:
    os.close(fd)
os.kill(giver, signal.SIGCONT)
END
expect_equal "what it says" "$(cat "$LAB_DIR/said")" ""
sleep 0.3
expect_equal "who is in charge" "$(pid_now)" "$before"
expect "a client is served" served

story "killed at any moment of a hand-over: the lock names who is in charge, and it serves"
for _ in {1..12}; do
	lab_spawn gate "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" proxy --takeover
	sleep "0.$(printf '%04d' $((RANDOM % 160)))"
	lab_stop "$LAB_PID" KILL
	[[ $(pid_now) != "$LAB_PID" ]] || expect "a new one after a new one" take_over
	expect "a client is served" served
done

story "the old one is killed while the new one is about to serve: the new one serves"
cp "$LAB_DIR/apps.routes" "$LAB_DIR/few.routes"
seq 300000 | sed 's/.*/n&.example app=n http 10.66.0.2:8080/' >>"$LAB_DIR/apps.routes"
old=$(pid_now)
lab_spawn gate "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" proxy --takeover
new=$LAB_PID
has_lock() { find "/proc/$new/fd" -lname '*proxy.lock' | grep -q .; }
eventually 10 has_lock
lab_stop "$old" KILL
expect "who is in charge" eventually 5 sh -c "grep -q '^pid $new ' /run/$LAB/proxy.lock"
expect "a client is served" served
expect "why is said" grep -q 'is dead: serving without it' "$LAB_DIR/spawned.log"
mv "$LAB_DIR/few.routes" "$LAB_DIR/apps.routes"
expect "then another one takes over" take_over
expect "a client is served" served

story "what holds the sockets is refused to others than root and the proxy's user"
expect_not "another user" setpriv --reuid=daemon --regid=daemon --clear-groups \
	python3 "$TOOLS/taker.py" "$socket"
expect_exit 1 "a second proxy by mistake" weir proxy
expect_said "by name" 'held by pid [0-9]+ \(weir proxy\)'

story "without one that runs, it starts as usual"
lab_stop "$(pid_now)"
expect "nobody serves" eventually 10 gone "$(pid_now)"
expect "it starts" take_over
expect_said "it says so" 'no proxy runs'
expect "a client is served" served
end
