#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Several hands at once on a gate under load: bans by thousands during applies, two applies at a
# time, addresses that come and go, kills. What should hold is told by counters, by verify and by
# the kernel behind the gate.
. "$(dirname "$0")/lib.sh"
begin writers

awk 'BEGIN { for (i = 0; i < 100000; i++) printf "11.%d.%d.%d\n",
	100 + i / 65536, i / 256 % 256, i % 256 }' >"$LAB_DIR/list-a.txt"
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "11.%d.%d.%d\n",
	110 + i / 65536, i / 256 % 256, i % 256 }' >"$LAB_DIR/list-b.txt"
for policy in a b; do
	sed "s/known-bad.txt/list-$policy.txt/" "$LAB_DIR/weir.yaml" >"$LAB_DIR/$policy.yaml"
done
with() { # POLICY COMMAND...: weir with the configuration a or b
	local policy=$1
	shift
	gate "$WEIR" -I "$LAB" -c "$LAB_DIR/$policy.yaml" "$@"
}
expect "weir apply" with a apply
expect "weir attach" with a attach

# flood_from PREFIX SECONDS: good packets at the first ingress address, in the background, until it is
# stopped; SECONDS are a bound, which a loaded machine does not reach.
flood_from() {
	lab_spawn client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s "$1" -r 30000 -t "$2"
	flood=$LAB_PID
}

dropped() { weir -j counts | jq .dropped.packets; }

# Ban 10.NET.*.0 in batches, note which batches were reported done and do not hold.
ban_in_batches() { # NET BATCHES
	local batch
	for ((batch = 0; batch < $2; batch++)); do
		awk -v net="$1" -v batch="$batch" 'BEGIN { for (i = 0; i < 250; i++)
			printf "10.%d.%d.%d\n", net, batch, i }' |
			with a deny add - --note "batch $batch" || echo "batch $batch failed"
		with a deny why "10.$1.$batch.249" >/dev/null 2>&1 || echo "batch $batch does not hold"
	done
}

apply_in_turns() { # TIMES
	local i
	for ((i = 0; i < $1; i++)); do
		with a apply || echo "apply of a failed"
		with b apply || echo "apply of b failed"
	done
}

story "bans added by two writers during applies by two more all hold, and no good packet drops"
flood_from 198.19.0.0/16 120
before=$(dropped)
writers=()
ban_in_batches 150 12 >"$LAB_DIR/bans-1" 2>&1 &
writers+=($!)
ban_in_batches 151 12 >"$LAB_DIR/bans-2" 2>&1 &
writers+=($!)
apply_in_turns 6 >"$LAB_DIR/applies-1" 2>&1 &
writers+=($!)
apply_in_turns 6 >"$LAB_DIR/applies-2" 2>&1 &
writers+=($!)
wait "${writers[@]}"
expect "the flood ran all the time" kill -0 "$flood"
for said in bans-1 bans-2 applies-1 applies-2; do
	# A ban may meet either policy in force, and says where its files are not the ban's own.
	expect_equal "complaints of $said" "$(grep -v '^warning: the files are not those of' \
		"$LAB_DIR/$said")" ""
done
expect_equal "good packets that dropped" $(($(dropped) - before)) 0
expect_equal "live bans" "$(weir -j deny list | jq length)" 6000
last=b
with b verify >/dev/null 2>&1 || last=a
expect "the policy in force is one of the two, whole" with $last verify
expect "weir deny flush" weir deny flush
lab_stop "$flood"

story "addresses that come and go under load cost the others no packet"
flood_from 198.19.0.0/16 120
others=$(weir -j counts | jq -c "[.destinations[] | select(.address == \"$BLOG\") | .dropped]")
refused=$(counted drop_not_ingress)
for i in {1..12}; do
	lab_region_lines=$(grep -v "ingress 203.0.113.1[0-9][0-9]" "$LAB_DIR/lab.region")
	{
		echo "$lab_region_lines"
		for ((k = 0; k < i % 4; k++)); do
			echo "ingress 203.0.113.$((100 + (i * 7 + k) % 90))/32 rate 1GB/s burst 1GB"
		done
	} >"$LAB_DIR/next.region" && mv "$LAB_DIR/next.region" "$LAB_DIR/lab.region"
	expect "weir apply $i" with a apply
done
expect "the flood ran all the time" kill -0 "$flood"
lab_stop "$flood"
expect_equal "packets to the first address that dropped" "$(weir -j counts |
	jq -c "[.destinations[] | select(.address == \"$BLOG\") | .dropped]")" "$others"
expect_equal "packets that dropped as to no ingress address" \
	$(($(counted drop_not_ingress) - refused)) 0
expect "weir verify" with a verify
expect_equal "addresses of weir that are local" \
	"$(gate ip -j route show table local proto 87 | jq length)" \
	"$(grep -c ^ingress "$LAB_DIR/lab.region")"

story "an apply killed at any moment leaves the old policy or the new one, whole"
flood_from 198.19.0.0/16 120
before=$(dropped) old=0 new=0
expect "weir apply" with a apply
began=$(now_ms)
expect "weir apply" with b apply
span=$(($(now_ms) - began))
from=b to=a
for i in {1..12}; do
	nsenter --net="/run/netns/$LAB-gate" "$WEIR" -I "$LAB" -c "$LAB_DIR/$to.yaml" apply \
		>/dev/null 2>&1 &
	pid=$!
	sleep "$(awk -v span=$span -v r=$RANDOM 'BEGIN { print span * r / 32768 / 1000 }')"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	if with $from verify >/dev/null 2>&1; then
		old=$((old + 1))
	elif with $to verify >"$LAB_DIR/drift" 2>&1; then
		new=$((new + 1))
		read -r from to <<<"$to $from"
	else
		fails "kill $i left neither policy" "$(cat "$LAB_DIR/drift")"
	fi
done
echo "  ($old kills left the old policy, $new the new one)"
expect "the flood ran all the time" kill -0 "$flood"
expect "a rerun works" with a apply
expect "and converges" with a verify
expect_equal "good packets that dropped" $(($(dropped) - before)) 0
expect_equal "packets that no stage decided" "$(counted drop_undecided)" 0
lab_stop "$flood"
end
