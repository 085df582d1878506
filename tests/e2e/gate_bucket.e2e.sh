#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The token bucket of a destination, by the bytes that come out at the other end of a wire: exact
# at 20 MB/s, apart from other destinations, and not refilled by a change of its rate.
. "$(dirname "$0")/lib.sh"
begin bucket
BURST=4000000
lab_app blog 10.66.0.2
lab_start >/dev/null

# destination ADDRESS JQ: what weir counts says of it.
destination() {
	weir -j counts | jq --arg address "$1" ".destinations[] | select(.address == \$address) | $2"
}

# flood_at ADDRESS SECONDS RATE: 1500-byte frames; SENT and NS are what it did.
flood_at() {
	read -r SENT _ NS < <(client "$FLOOD" -i wire -m $GATE_MAC -d "$1" -l 1500 -r "$3" -t "$2")
}

# round WHAT SECONDS_OF_REST SECONDS: one flood at the metered destination. Never more than 2 % too
# much passes; whether enough was sent to take all of it is for who looks at the rounds: SHORT is
# how much less passed, in 1/10,000, in the round that lacked least.
round() {
	local before want got
	sleep "$2"
	before=$(destination $METERED .passed.bytes)
	flood_at $METERED "$3" 30000
	got=$(($(destination $METERED .passed.bytes) - before))
	want=$((NS / 1000 * 20000 / 1000 + BURST))
	expect_between "$1, bytes" $got 1 $((want * 102 / 100))
	((SHORT < (want - got) * 10000 / want)) || SHORT=$(((want - got) * 10000 / want))
	echo "  ($1: $got bytes, $want wanted," \
		"$(awk -v g="$got" -v w="$want" 'BEGIN { printf "%+.2f %%", (g - w) * 100 / w }'))"
}

story "a destination at 20 MB/s gets its burst and its rate, to 2 %"
SHORT=10000
round "from a full bucket" 0 2
round "after half a second of rest" 0.5 2
round "after half a second of rest" 0.5 2
expect_between "what it lacked at least, in 1/10,000" "$SHORT" -200 200
expect_equal "packets dropped as contended" "$(counted drop_contended)" 0

story "each destination has its own bucket and counters"
before=$(weir -j counts)
flood_at $METERED 1 30000
metered=$SENT
flood_at $BLOG 1 30000
blog=$SENT
counts() { # ADDRESS: packets passed and dropped since
	weir -j counts | jq -c --argjson before "$before" --arg address "$1" '
		[., $before | .destinations[] | select(.address == $address)] |
		[.[0].passed.packets - .[1].passed.packets,
		 .[0].dropped.packets - .[1].dropped.packets]'
}
expect_equal "of a destination without that limit" "$(counts $BLOG)" "[$blog,0]"
expect_equal "of the metered one, together" "$(counts $METERED | jq add)" "$metered"
expect_between "of the metered one, dropped" "$(counts $METERED | jq '.[1]')" 5000 "$metered"
expect_equal "of one that nothing was sent to" "$(counts $SHOP)" "[0,0]"

story "real TCP gets its rate through it, and no more"
head -c 30000000 /dev/zero >"$LAB_DIR/upload"
sleep 0.3
before=$(destination $METERED .passed.bytes) began=$(now_ms)
expect "an upload" fetch $METERED http://blog.example/up/x -T "$LAB_DIR/upload" --fail \
	--max-time 15
took=$(($(now_ms) - began))
expect_between "bytes that passed meanwhile" \
	$(($(destination $METERED .passed.bytes) - before)) 30000000 \
	$((took * 20000 * 102 / 100 + BURST))

# with_rate RATE: apply it.
with_rate() {
	sed -i "s|^ingress $METERED.*|ingress $METERED/32 rate $1 burst 4MB|" \
		"$LAB_DIR/lab.region" && grep -q "rate $1" "$LAB_DIR/lab.region" && weir apply
}

story "a changed rate holds from the apply on, and does not refill the bucket"
lab_spawn client "$FLOOD" -i wire -m $GATE_MAC -d $METERED -l 1500 -r 30000 -t 20
flood=$LAB_PID
spent=$(destination $METERED .dropped.packets)
is_spent() { (($(destination $METERED .dropped.packets) > spent)); }
expect "its bucket is spent" eventually 10 is_spent
rate_before=20
for rate in 10 5 15; do
	began=$(now_ms) before=$(destination $METERED .passed.bytes)
	expect "weir apply, with ${rate}MB/s" with_rate ${rate}MB/s
	changed=$(now_ms)
	sleep 1.2
	passed=$(($(destination $METERED .passed.bytes) - before)) ended=$(now_ms)
	# Up to the apply the rate before it, from then on this one: nothing of a burst of 4 MB.
	expect_between "bytes at ${rate}MB/s" $passed $((1200 * rate * 900)) \
		$((((ended - changed) * rate + (changed - began) * rate_before) * 1030))
	rate_before=$rate
done
began=$(now_ms) before=$(destination $METERED .passed.bytes)
for i in {1..10}; do
	echo "# $i" >>"$LAB_DIR/lab.region"
	weir apply
done
passed=$(($(destination $METERED .passed.bytes) - before)) ended=$(now_ms)
expect_between "bytes during ten applies" $passed $(((ended - began) * 6000)) \
	$(((ended - began) * 15600))
expect "the flood was there all the time" kill -0 $flood
lab_stop $flood
expect_equal "packets that no stage decided" "$(counted drop_undecided)" 0
end
