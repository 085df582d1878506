#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The gate and the proxy at work for SOAK_S seconds (180): clients of all kinds, while routes, lists and bans
# change, containers die and come back, and one proxy takes the place of another. No request fails, but at
# containers that die; no byte is wrong; memory and descriptors stay as they are. In the last third nobody
# takes over, so that the same process is seen from its first seconds to its end.
. "$(dirname "$0")/../e2e/lib.sh"
begin soak

SOAK_S=${SOAK_S:-180}
SANITIZE=${SANITIZE-} # thread or address: $WEIR is built so (make soak SANITIZE=)
REPORTS=$LAB_DIR/reports
TOOLS=$LAB_ROOT/tests/tools
SAMPLES=$LAB_DIR/samples

# For whom the proxy becomes, too. What was freed is not kept for long: memory is watched.
mkdir -m 1777 "$REPORTS"
export TSAN_OPTIONS="log_path=$REPORTS/thread exitcode=0"
export ASAN_OPTIONS="log_path=$REPORTS/address exitcode=0 detect_leaks=1 quarantine_size_mb=8"
export UBSAN_OPTIONS="log_path=$REPORTS/undefined print_stacktrace=1"

pid_now() { sed -n 's/^pid \([0-9]*\) .*/\1/p' "/run/$LAB/proxy.lock"; }
descriptors() { find "/proc/$(pid_now)/fd" -mindepth 1 "$@" | wc -l; }
# Each worker keeps some pipes for the next clients, and has more descriptors of its own than listeners.
PIPE_ENDS_MAX=$((3 * 2 * 32 + 2)) WORKER_DESCRIPTORS_MAX=8
resident_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$(pid_now)/status"; }
route() { "$WEIR" -I "$LAB" route "$@"; }
# Which of both twins has been needed so far is no matter.
pins() { find "/sys/fs/bpf/$LAB" -printf '%P\n' | sed 's/^twin[01]_/twin_/' | sort -u; }
state_kb() { du -sk "/var/lib/$LAB" | cut -f1; }
journal_kb() { du -k --apparent-size "/var/lib/$LAB/$1" | cut -f1; }
# Written anew at 1000 stale lines of about 100 bytes, and each request here brings 200.
ROUTES_JOURNAL_KB_MAX=160

containers() { # APP:ADDRESS:HTTP:TLS...
	lab_spawn backends python3 "$TOOLS/soak_apps.py" "$LAB_DIR/cert.pem" "$LAB_DIR/key.pem" "$@"
}

# Its log is written, but not kept.
proxy=(sh -c 'exec "$@" >/dev/null' - "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" proxy)

cat >"$LAB_DIR/apps.routes" <<-END
	blog.example app=blog http 10.66.0.2:8080 10.66.0.3:8080 tls 10.66.0.2:8443 10.66.0.3:8443
	shop.example app=shop http 10.66.0.3:8090 10.66.0.4:8090 tls 10.66.0.3:8493 10.66.0.4:8493
	brittle.example app=brittle http 10.66.0.2:9080 10.66.0.4:9080
END
lab_certificate || lab_fail "no certificate"
containers blog:10.66.0.2:8080:8443 blog:10.66.0.3:8080:8443 blog:10.66.0.4:8080:8443
containers shop:10.66.0.3:8090:8493 shop:10.66.0.4:8090:8493 brittle:10.66.0.2:9080:9443
containers brittle:10.66.0.4:9080:9443
mortal=$LAB_PID
eventually 10 backends curl -so /dev/null -o /dev/null --fail-early http://10.66.0.2:9080/ http://10.66.0.4:9080/ || lab_fail "the containers did not start"
weir apply && weir attach || lab_fail "no gate"
lab_spawn gate "${proxy[@]}"
eventually 10 served || lab_fail "the proxy does not answer: $(tail -n 5 "$LAB_DIR/spawned.log")"
idle_descriptors=$(descriptors ! -lname 'pipe:*') first_pins=$(pins)

# ---- what changes meanwhile -----------------------------------------------------------------------

take_over() { # OPTION...: the new proxy keeps what it was given for errors, so that is a file
	local code=0
	gate "${proxy[@]}" --takeover --background "$@" 2>"$LAB_DIR/said" || code=$?
	cat "$LAB_DIR/said"
	return $code
}

change_routes() {
	local app=blog container=10.66.0.2:8080
	((round % 2)) || { app=shop container=10.66.0.3:8090; }
	expect "many names are added" sh -c "'$WEIR' -I '$LAB' route add - <'$LAB_DIR/many'"
	expect "a route comes" route add comes.example app=$app http $container
	expect "it is served" fetch $BLOG http://comes.example/ --fail
	expect_equal "by the app" "$SAID" $app
	expect "another container comes" route add blog.example http 10.66.0.4:8080
	expect "one drains" route drain 10.66.0.3:8080
	expect "it is back" route undrain 10.66.0.3:8080
	expect "the other goes" route del blog.example http 10.66.0.4:8080
	expect "the route goes" route del comes.example
	expect "the names go" sh -c "cut -d' ' -f1 '$LAB_DIR/many' | '$WEIR' -I '$LAB' route del -"
}

change_lists() {
	{
		echo "$LISTED"
		awk -v seed=$round 'BEGIN { srand(seed); for (i = 0; i < 20000; i++)
			printf "192.%d.%d.%d\n", 1 + rand() * 160, rand() * 256, rand() * 256 }'
	} >"$LAB_DIR/new.txt"
	mv "$LAB_DIR/new.txt" "$LAB_DIR/known-bad.txt"
	expect "the lists are read again" weir apply --lists
	((round % 4)) || expect "everything is" weir apply
	expect "it is as the files say" weir verify
}

change_bans() {
	expect "bans" sh -c "seq -f '10.9.%g.0/24' 0 200 | nsenter --net='/run/netns/$LAB-gate' \
		'$WEIR' -I '$LAB' -c '$LAB_DIR/weir.yaml' deny add - --for 1h"
	expect "a release" weir allow add "$LISTED" --for 1h
	expect "who was released gets in" eventually 3 listed_gets_in
	expect "its end" weir allow del "$LISTED"
	expect_not "a listed source gets in" listed_gets_in
	expect "the end of all bans" weir deny flush
}

# It is away for a moment only, else it would be in quarantine for most of the time.
deaths=0
container_dies() {
	lab_stop "$mortal" KILL
	deaths=$((deaths + 1))
	containers brittle:10.66.0.4:9080:9443
	mortal=$LAB_PID
}

handovers=0 next_handover=$((SOAK_S / 20 + 1))
hand_over() {
	((SECONDS >= next_handover)) || return 0
	expect "hand-over $handovers" take_over --workers $((1 + handovers % 3))
	handovers=$((handovers + 1)) next_handover=$((SECONDS + SOAK_S / 20 + 1))
}

# Twice a second: which process serves, what it has in memory, and its descriptors.
keep_samples() {
	while sleep 0.5; do
		echo "$(pid_now) $(resident_kb) $(descriptors)"
	done >"$SAMPLES" 2>/dev/null
}

# mean COLUMN FROM TO: over that part of the samples of the last process.
mean() {
	awk -v c="$1" -v from="$2" -v to="$3" -v pid="$(pid_now)" '$1 == pid { row[++rows] = $c } END {
		for (i = 1; i <= rows; i++) if (i > rows * from && i <= rows * to) { sum += row[i]; n++ }
		printf "%d\n", n ? sum / n : -1 }' "$SAMPLES"
}

# ---- stories --------------------------------------------------------------------------------------

story "$SOAK_S seconds of mixed load while everything changes: what may not fail did not"
seq 1 200 | sed 's/.*/n&.example app=n http 10.66.0.2:8080/' >"$LAB_DIR/many"
nsenter --net="/run/netns/$LAB-client" -- \
	python3 "$TOOLS/soak.py" $BLOG "$LAB_DIR/cert.pem" "$SOAK_S" >"$LAB_DIR/load" 2>&1 &
load=$!
keep_samples &
sampler=$!
SECONDS=0 round=0
while kill -0 $load 2>/dev/null && ((SECONDS < SOAK_S)); do
	round=$((round + 1))
	change_routes
	((round % 2)) || container_dies
	((round % 3)) || change_lists
	((round % 4)) || change_bans
	((SECONDS >= SOAK_S * 2 / 3)) || hand_over
	sleep 0.2
done
lab_stop $sampler
wait $load
expect_equal "how the load ended" $? 0
echo "figure: $SOAK_S s, $round rounds of changes, $handovers hand-overs, $deaths deaths of a container"
kinds=0
while read -r kind right failed wrong cut bytes; do
	[[ $bytes =~ ^[0-9]+$ ]] || continue
	kinds=$((kinds + 1))
	echo "figure: $kind: $right right, $failed failed, $wrong wrong, $cut cut, $((bytes >> 20)) MiB"
	expect_between "right ones of $kind" "$right" 1 1000000000
	expect_equal "failed ones of $kind" "$failed" 0
	expect_equal "wrong ones of $kind" "$wrong" 0
done <"$LAB_DIR/load"
expect_equal "kinds of clients" $kinds 9
expect_equal "what failed" "$(grep -E ' after |Error' "$LAB_DIR/load")" ''

story "memory stays as it is"
before=$(mean 2 0.2 0.6) after=$(mean 2 0.6 1)
echo "figure: resident in the last process: $before kB, later $after kB"
expect_between "resident kB, later" "$after" 1000 $((before * 11 / 10 + 1024))

story "descriptors stay as they are, and go with the clients"
before=$(mean 3 0.2 0.6) after=$(mean 3 0.6 1)
no_more_descriptors() { test "$(descriptors ! -lname 'pipe:*')" -le $((idle_descriptors + WORKER_DESCRIPTORS_MAX)); }
echo "figure: descriptors in the last process: $before, later $after"
expect_between "descriptors, later" "$after" 1 $((before * 3 / 2 + 16))
expect "those of clients are given back" eventually 40 no_more_descriptors
expect_between "ends of pipes" "$(descriptors -lname 'pipe:*')" 0 $PIPE_ENDS_MAX
echo "figure: descriptors without a client: $idle_descriptors before, $(descriptors ! -lname 'pipe:*') after," \
	"and $(descriptors -lname 'pipe:*') ends of pipes"

story "nothing is left behind: no old proxy, no pin, no journal that grows"
one_proxy() { test "$(ip netns pids "$LAB-gate" | wc -l)" -eq 1; }
expect "one process alone" eventually 40 one_proxy
expect_equal "pins that came or went" "$(diff <(echo "$first_pins") <(pins))" ''
echo "figure: state on disk: $(state_kb) kB, of it $(journal_kb proxy/routes.journal) the journal of routes," \
	"$(journal_kb live.journal) that of bans"
expect_between "kB of the routes' journal" "$(journal_kb proxy/routes.journal)" 0 $ROUTES_JOURNAL_KB_MAX
expect_between "kB of state" "$(state_kb)" 1 4096
expect "it is as the files say" weir verify
expect_filtering "at the end"

if [[ -n $SANITIZE ]]; then
	story "the sanitiser has nothing to say, not even of what is left at the end"
	gone() { test -z "$(ip netns pids "$LAB-gate")"; }
	expect "the sanitiser is there" grep -qa "__${SANITIZE:0:1}san_init" "$WEIR"
	kill "$(pid_now)"
	expect "the proxy ends" eventually 60 gone
	expect_equal "reports" "$(find "$REPORTS" -type f | wc -l)" 0
	find "$REPORTS" -type f -exec cat {} + | head -n 200
fi
end
