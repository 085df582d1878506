#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kill -9 of any command at any time: the gate goes on filtering, and the next apply works.
. "$(dirname "$0")/lib.sh"
begin kill
lab_app blog 10.66.0.2
# A list large enough that an apply takes a while.
awk 'BEGIN { for (i = 0; i < 50000; i++)
	printf "10.%d.%d.%d\n", 128 + i % 7, i / 256 % 256, i % 256 }' >"$LAB_DIR/large.txt"
sed -i '/^proxy:/i\  - name: large\n    file: large.txt' "$LAB_DIR/weir.yaml"
lab_start

# kill_at DELAY COMMAND...: start it, let it live that long (s), kill it.
kill_at() {
	local delay=$1 pid
	shift
	nsenter --net="/run/netns/$LAB-gate" "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" "$@" \
		>/dev/null 2>&1 &
	pid=$!
	sleep "$delay"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
}

# As long as the command takes, in ms.
took_ms() {
	local began
	began=$(now_ms)
	"$@" >/dev/null 2>&1
	echo $(($(now_ms) - began))
}

# kill_throughout NAME COMMAND...: twenty times, at moments spread over the time that it takes.
kill_throughout() {
	local name=$1 span i delay
	shift
	story "killed at any moment, $name leaves a gate that filters and the next apply works"
	span=$(took_ms weir "$@")
	for i in {0..19}; do
		echo "# $i" >>"$LAB_DIR/large.txt"
		echo "10.200.0.$i" >>"$LAB_DIR/large.txt"
		delay=$(awk -v span="$span" -v i="$i" 'BEGIN { print span * i / 18000 }')
		kill_at "$delay" "$@"
		((i % 4)) || expect_filtering "after $name was killed at $delay s"
	done
	expect_filtering "after the last kill"
	expect "the next apply works" weir apply
	expect_filtering "after the next apply"
	expect "weir status" weir status
	expect_equal "no packet went undecided" "$(counted drop_undecided)" 0
}

kill_throughout "weir apply" apply
kill_throughout "weir attach" attach
kill_throughout "weir deny add" deny add 10.99.0.0/24
kill_throughout "weir deny del" deny del 10.99.0.0/24

story "too few descriptors: an apply that gets past the flip says that the policy is in force"
said=0
for limit in {26..40}; do
	echo "10.9.8.$limit" >>"$LAB_DIR/known-bad.txt"
	SAID=$(ulimit -n $limit && weir apply 2>&1) && break
	if weir deny why "10.9.8.$limit" >/dev/null 2>&1; then
		said=$((said + 1))
		expect_said "with $limit of them" 'the new policy is in force all the same'
	else
		expect_not "with $limit of them, it says so" grep -q 'in force all the same' <<<"$SAID"
	fi
done
expect_between "applies that got past it and no further" $said 1 20
expect "weir apply" weir apply
expect "weir attach" weir attach
expect_filtering "after all of it"

story "a killed first apply leaves nothing that a second one cannot use"
weir detach >/dev/null 2>&1
for delay in 0.005 0.02 0.05 0.1 0.2; do
	rm -rf "/sys/fs/bpf/$LAB"
	kill_at $delay apply
done
expect "apply works" weir apply
expect "attach works" weir attach
expect_not "a listed source is dropped" listed_gets_in
end
