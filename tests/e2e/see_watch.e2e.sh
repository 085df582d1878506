#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Rates and sources: what --watch and --sources say of a stream of a known rate.
. "$(dirname "$0")/lib.sh"
begin watch
weir apply && weir attach >/dev/null || lab_fail "no gate"

# A stream from the listed source, 2000 packets a second, until the lab goes.
lab_spawn client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s $LISTED/32 -r 2000 -t 60
eventually 10 counted_to drop_denied 500 || lab_fail "no flood"
watched() { # SECONDS ARGUMENTS...: the last line of what is said in that time
	gate timeout -s INT "$1" "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" "${@:2}" | tail -n 1
}
rounded() { awk '{ printf "%d\n", $1 }'; }

story "counts takes sources to be meant where only they can be ordered or joined"
for option in --nets --by=syns '--by bytes --nets'; do
	# shellcheck disable=SC2086 # words
	expect "weir counts $option" weir counts $option
	expect_said "weir counts $option" '^dropped +packets/s'
done

story "counts --watch says what comes a second, again and again"
line=$(watched 3.5 -j counts --watch=0.5)
expect_between "packets of the stream" \
	"$(jq '.reasons.drop_denied.packets_per_s' <<<"$line" | rounded)" 1000 2600
expect_between "dropped at its destination" \
	"$(jq --arg a $BLOG '.destinations[] | select(.address == $a) | .dropped.packets_per_s' <<<"$line" | rounded)" 1000 2600
expect_between "tables for people" \
	"$(gate timeout -s INT 3 "$WEIR" -I "$LAB" counts --watch=0.5 | grep -c '^drop_denied')" 3 6
expect_exit 0 "interrupting it is no error" gate timeout --preserve-status -s INT 1 sh -c \
	"exec '$WEIR' -I $LAB counts --watch"

story "a reader that goes ends watching without a complaint, a full disk with one"
for watching in 'counts --watch=0.2' 'status --watch=0.2' 'deny list --watch=0.2' 'top -d 0.2' '-j counts -a --watch=0.2'; do
	# shellcheck disable=SC2086 # words
	said=$( (weir $watching 2>&1 >&3 | cat) 3> >(head -n 1 >/dev/null))
	expect_equal "$watching says" "$said" ""
done
SAID=$(weir version 2>&1 >/dev/full)
expect_said "version, on a full disk" 'No space left'

story "to be interrupted while who reads stands still is an end like any other"
mkfifo "$LAB_DIR/full"
exec 5<>"$LAB_DIR/full"
head -c 65536 /dev/zero >&5
for watching in 'counts --watch=0.2' '-j status --watch=0.2' 'top -d 0.2' 'counts --sources --watch=0.2' 'capture'; do
	# shellcheck disable=SC2086 # words
	nsenter --net="/run/netns/$LAB-gate" -- "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" $watching \
		>&5 2>"$LAB_DIR/said" </dev/null &
	watch=$!
	expect "$watching stands still" eventually 5 grep -q pipe "/proc/$watch/wchan"
	kill -INT $watch
	wait $watch
	expect_equal "$watching: exit code" $? 0
	expect_equal "$watching: complaints" "$(grep -v '^[0-9]* frames; left out' "$LAB_DIR/said")" ''
done
exec 5>&-

story "status --watch shows the rates beside the state"
said=$(gate timeout -s INT 2.5 "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" status --watch)
expect_equal "times that rates were said" "$(grep -c '^rates: .*dropped [0-9.]*k\? packets/s' <<<"$said")" \
	"$(($(grep -c '^gate:' <<<"$said") - 1))"

story "deny list --watch shows bans come and go, as JSON a line each time"
"$WEIR" -I "$LAB" -j deny list --watch=0.1 >"$LAB_DIR/watched" &
watch=$!
expect "nothing is banned" eventually 5 grep -qx '\[\]' "$LAB_DIR/watched"
expect "a ban" weir deny add 198.18.0.77 --note watched
expect "it shows" eventually 5 sh -c "tail -n 1 '$LAB_DIR/watched' | jq -e '.[0].note == \"watched\"'"
expect "its end" weir deny del 198.18.0.77
expect "it is gone" eventually 5 sh -c "tail -n 1 '$LAB_DIR/watched' | grep -qx '\[\]'"
kill -INT "$watch"
wait "$watch"
expect_exit 2 "only a list can be watched" weir deny add 198.18.0.77 --watch
expect_exit 2 "of routes as well" weir route export --watch

story "counts --sources finds who sends, and estimates how much"
expect "weir counts --sources" weir -j counts --sources
top=$(jq -c '.dropped[0]' <<<"$SAID")
expect_equal "the source" "$(jq -r .source <<<"$top")" $LISTED
expect_equal "its reason" "$(jq -r .reason <<<"$top")" drop_denied
expect_between "its packets" "$(jq .packets_per_s <<<"$top" | rounded)" 1000 2600
expect "by /24" weir -j counts --sources --nets --by bytes
expect_equal "its network" "$(jq -r '.dropped[0].source' <<<"$SAID")" 198.51.100.0/24
nobody_asks() {
	[[ $(bpftool map dump pinned "/sys/fs/bpf/$LAB/weir_control" | jq '.[0].value.watchers') == 0 ]]
}
expect "the gate asks nobody any more" eventually 15 nobody_asks

story "who watches sees the gate that is there, not the one that was there when it began"
renew() { weir detach --purge && weir apply && weir attach; }
for watching in 'counts --watch=0.2' 'top -d 0.2' 'counts --sources --watch=0.5' 'capture'; do
	rm -f "$LAB_DIR/seen"
	# shellcheck disable=SC2086 # words
	nsenter --net="/run/netns/$LAB-gate" -- "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" $watching \
		>>"$LAB_DIR/seen" 2>"$LAB_DIR/said" </dev/null &
	watch=$!
	lab_spawn client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s $LISTED/32 -r 2000 -t 30
	expect "$watching shows the flood" eventually 5 grep -q drop_denied "$LAB_DIR/seen"
	kill -STOP $watch
	expect "$watching: another gate" renew
	kill -CONT $watch
	if [[ $watching != capture ]]; then
		sleep 1 # what the former one had counted until it went
		: >"$LAB_DIR/seen"
		expect "$watching shows it again" eventually 5 grep -q drop_denied "$LAB_DIR/seen"
		expect "$watching: no gate" weir detach --purge
	fi
	expect "$watching ends" eventually 5 sh -c "! kill -0 $watch 2>/dev/null"
	kill -KILL $watch 2>/dev/null
	wait $watch
	expect_equal "$watching: exit code" $? 1
	expect "$watching says why" grep -qE 'no gate is loaded|replaced: capture again' "$LAB_DIR/said"
	lab_stop "$LAB_PID"
	weir apply && weir attach >/dev/null
done
"$WEIR" -I "$LAB" -j deny list --watch=0.1 >"$LAB_DIR/watched" &
watch=$!
nsenter --net="/run/netns/$LAB-gate" -- "$WEIR" -I "$LAB" capture >>"$LAB_DIR/seen" 2>/dev/null &
capture=$!
sed -i '$a live_max: 64' "$LAB_DIR/weir.yaml"
expect "room for fewer bans" weir apply
expect "a ban" weir deny add 198.18.0.78
expect "it shows" eventually 5 grep -q '198.18.0.78' "$LAB_DIR/watched"
sleep 1.5 # by then it has looked
: >"$LAB_DIR/seen"
can_connect $LISTED $BLOG 80
expect "a capture goes on with the gate" eventually 5 grep -q drop_denied "$LAB_DIR/seen"
kill -INT $watch $capture
wait $watch $capture

story "bad arguments are usage errors, and say what is meant"
expect_exit 2 "an unknown order" weir counts --sources --by size
expect_exit 1 "an interval that is none" weir counts --watch=often
expect_said "it names the option" -- "--watch 'often'"
end
