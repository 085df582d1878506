#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The denylist is swapped under a flood: nothing listed slips through, nothing unlisted is
# dropped. What got through is told by the kernel behind the gate, not by weir's counters alone.
. "$(dirname "$0")/lib.sh"
begin swap

# Two lists of 100,000 entries that cover 198.18.0.0/16, one by addresses and one by networks.
awk 'BEGIN { for (i = 0; i < 65536; i++) printf "198.18.%d.%d\n", i / 256, i % 256
	for (i = 0; i < 34464; i++) printf "10.%d.%d.%d\n", 100 + i / 65536, i / 256 % 256, i % 256
	}' >"$LAB_DIR/by-address.txt"
awk 'BEGIN { print "198.18.0.0/17"; print "198.18.128.0/17"
	for (i = 0; i < 99998; i++) printf "10.%d.%d.%d\n", 110 + i / 65536, i / 256 % 256, i % 256
	}' >"$LAB_DIR/by-network.txt"
cp "$LAB_DIR/by-address.txt" "$LAB_DIR/known-bad.txt"
expect "weir apply" weir apply
expect "weir attach" weir attach

# Flood from PREFIX, swap the lists meanwhile, at least fifty times and for five seconds, stop
# the flood. SWAPS is how many swaps ended while it was running.
swap_under_flood() { # PREFIX
	local next=by-network other=by-address flood began
	SWAPS=0
	lab_spawn client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s "$1" -r 40000 -t 60
	flood=$LAB_PID
	sleep 0.2
	began=$(now_ms)
	while ((SWAPS < 50 || $(now_ms) - began < 5000)); do
		cp "$LAB_DIR/$next.txt" "$LAB_DIR/known-bad.txt"
		expect "apply, with the list $next" weir apply
		kill -0 "$flood" || break
		SWAPS=$((SWAPS + 1))
		read -r next other <<<"$other $next"
	done
	lab_stop "$flood"
	eventually 5 settled
}

dropped() { dumped | jq '[to_entries[] | select(.key | startswith("drop_")) | .value] | add // 0'; }

story "under a flood of listed sources, 50 swaps of 100,000 entries let nothing through"
before_received=$(received) before_passed=$(counted pass_ingress)
before_denied=$(counted drop_denied)
swap_under_flood 198.18.0.0/16
expect_between "swaps while the flood ran" "$SWAPS" 50 1000
expect_equal "packets that the kernel behind the gate received" \
	$(($(received) - before_received)) 0
expect_equal "packets that the gate passed" $(($(counted pass_ingress) - before_passed)) 0
expect_between "packets that it dropped as denied" \
	$(($(counted drop_denied) - before_denied)) 100000 10000000
echo "  ($SWAPS swaps, $(($(counted drop_denied) - before_denied)) listed packets dropped)"

story "under a flood of unlisted sources, 50 swaps of 100,000 entries drop nothing"
before_received=$(received) before_dropped=$(dropped) before_passed=$(counted pass_ingress)
swap_under_flood 198.19.0.0/16
expect_between "swaps while the flood ran" "$SWAPS" 50 1000
expect_equal "packets that the gate dropped, under any reason" $(($(dropped) - before_dropped)) 0
passed=$(($(counted pass_ingress) - before_passed))
expect_between "packets that it passed" $passed 100000 10000000
expect_equal "packets that the kernel behind the gate received" \
	$(($(received) - before_received)) $passed
echo "  ($SWAPS swaps, $passed unlisted packets passed)"

story "a list of a million entries is in force after less than three seconds of a CPU"
awk 'BEGIN { srand(11); for (i = 0; i < 1000000; i++)
	printf "%d.%d.%d.%d%s\n", 11 + rand() * 80, rand() * 256, rand() * 256, rand() * 256,
		i % 20 ? "" : "/" 24 + i % 8 }' >"$LAB_DIR/known-bad.txt"
echo $CLIENT >>"$LAB_DIR/known-bad.txt"
# Not by the clock, of which others may have a part.
TIMEFORMAT='%3U %3S'
{ time weir apply >"$LAB_DIR/said" 2>&1; } 2>"$LAB_DIR/took" || fails "weir apply" "$(<"$LAB_DIR/said")"
took=$(awk '{ print int(1000 * ($1 + $2)) }' "$LAB_DIR/took")
expect_between "ms of a CPU that it took" "$took" 100 3000
expect "weir deny why finds its last line" weir deny why $CLIENT
expect_said "with the line" 'known-bad\.txt:1000001'
before_received=$(received)
expect_not "a client that it lists gets in" can_connect $CLIENT $BLOG 80
expect_equal "packets that the kernel behind the gate received" \
	$(($(received) - before_received)) 0
echo "  (a million entries in $took ms of a CPU)"
end
