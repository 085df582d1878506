#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A program of another version takes the live one's place, under load: no packet goes unjudged,
# none is lost, and counters, bans and buckets go on.
. "$(dirname "$0")/lib.sh"
begin upgrade
OTHER=${OTHER:-$LAB_ROOT/build/weir-other}
[[ -x $OTHER ]] || lab_fail "not built: run make build/weir-other"
lab_app blog 10.66.0.2
lab_start
gate "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" deny add 198.18.3.0/24 --note 'a story' ||
	lab_fail "weir deny add failed"

weir_other() { gate "$OTHER" -I "$LAB" -c "$LAB_DIR/weir.yaml" "$@"; }
tag() { weir -j status | jq -r .gate.tag; }
program() { weir -j status | jq -r '.interfaces[0].program_id'; }
denied() { counted drop_denied; }

# upgrades COMMAND...: a dozen upgrades, there and back while the command runs; UPGRADES is how many
# ended in time.
upgrades() {
	local flood began version before
	UPGRADES=0
	lab_spawn client "$@"
	flood=$LAB_PID
	sleep 0.2
	began=$(now_ms)
	while ((UPGRADES < 12 || $(now_ms) - began < 4000)); do
		for version in weir_other weir; do
			before=$(program)
			expect "an upgrade by $version" $version apply
			[[ $(program) != "$before" ]] || fails "the program is another one" "$before"
			kill -0 "$flood" 2>/dev/null || break 2
			UPGRADES=$((UPGRADES + 1))
		done
	done
	lab_stop "$flood"
	eventually 5 settled
}

story "a version is told from another by its tag, and an apply by the same one changes nothing"
before=$(program) own=$(tag)
expect "weir apply" weir apply
expect_equal "the program" "$(program)" "$before"
expect "weir apply, by another version" weir_other apply
expect_not "the tag is the same" test "$(tag)" = "$own"
expect_exit 3 "weir verify" weir verify
expect_said "it names the program" 'of another version'
expect "weir apply, back" weir apply
expect_equal "the tag" "$(tag)" "$own"

story "under a flood of listed and of banned sources, upgrades let nothing through"
echo 198.18.0.0/23 >>"$LAB_DIR/known-bad.txt"
echo 198.18.2.0/24 >>"$LAB_DIR/known-bad.txt"
expect "weir apply" weir apply
# The proxy's kept connections to containers say goodbye some seconds later, and would be counted.
no_kept() { [[ -z $(gate ss -Htn state established dst 10.66.0.0/24) ]]; }
expect "no connection to a container is left" eventually 20 no_kept
eventually 5 settled
before_received=$(received) before_denied=$(denied) before_banned=$(counted drop_banned)
before_passed=$(counted pass_ingress)
upgrades "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s 198.18.0.0/22 -r 40000 -t 60
expect_between "upgrades while the flood ran" "$UPGRADES" 12 1000
expect_equal "packets that the kernel behind the gate received" \
	$(($(received) - before_received)) 0
expect_equal "packets that the gate passed" $(($(counted pass_ingress) - before_passed)) 0
denied=$(($(denied) - before_denied)) banned=$(($(counted drop_banned) - before_banned))
expect_between "packets that it dropped as listed" $denied 30000 10000000
expect_between "packets that it dropped as banned, a third as many" $banned \
	$((denied / 3 - 64)) $((denied / 3 + 64))
echo "  ($UPGRADES upgrades, $denied listed and $banned banned packets dropped)"

story "under a flood of unlisted sources, upgrades lose no packet"
before_received=$(received) before_passed=$(counted pass_ingress) before_all=$(dumped | jq 'add')
upgrades "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s 198.19.0.0/16 -r 40000 -t 60
expect_between "upgrades while the flood ran" "$UPGRADES" 12 1000
passed=$(($(counted pass_ingress) - before_passed))
expect_between "packets that it passed" $passed 100000 10000000
expect_equal "packets that the kernel behind the gate received" \
	$(($(received) - before_received)) $passed
expect_between "packets that it counted otherwise: neighbours looking for each other" \
	$(($(dumped | jq add) - before_all - passed)) 0 20
echo "  ($UPGRADES upgrades, $passed packets passed)"

story "a ban, a bucket in debt and the counters are the same after an upgrade as before"
expect "a flood that empties a bucket" client "$FLOOD" -i wire -m $GATE_MAC -d $METERED \
	-s 198.19.0.0/16 -l 1514 -t 1
expect_between "packets beyond the rate" "$(counted drop_rate)" 100 10000000
buckets() { bpftool map dump pinned "/sys/fs/bpf/$LAB/weir_buckets" | md5sum; }
before_buckets=$(buckets) before_counts=$(dumped)
expect "an upgrade" weir_other apply
expect_equal "the buckets" "$(buckets)" "$before_buckets"
expect_equal "the counters" "$(dumped)" "$before_counts"
expect "weir deny list" weir deny list
expect_said "the ban" '198\.18\.3\.0/24.*a story'
expect "weir apply, back" weir apply

story "a download goes on through upgrades, and every byte arrives"
client curl -sS --connect-to "blog.example::$BLOG:" --limit-rate 20M -o "$LAB_DIR/got" \
	--max-time 60 http://blog.example/big &
download=$!
for version in weir_other weir weir_other weir weir_other weir; do
	expect "an upgrade by $version" $version apply
	sleep 0.3
done
kill -0 $download 2>/dev/null || fails "the download is still running"
wait $download || fails "the download ended well" "curl said $?"
expect "what arrived" cmp "$LAB_DIR/got" "$LAB_DIR/blog-10.66.0.2/www/big"
rm -f "$LAB_DIR/got"

story "killed at any moment, an upgrade leaves a gate that filters and the next one works"
for i in {1..10}; do
	nsenter --net="/run/netns/$LAB-gate" "$OTHER" -I "$LAB" -c "$LAB_DIR/weir.yaml" apply &
	pid=$!
	sleep "0.$(printf %02d $((i * 4)))"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	((i % 5)) || expect_filtering "after a kill at $((i * 40)) ms"
	expect "the next upgrade" weir apply
	expect_equal "the tag" "$(tag)" "$own"
done
expect_filtering "after all that"
end
