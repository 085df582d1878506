#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What other hands and hard times do to a gate: each fault is said by name, the gate filters for as
# long as it is there, and the next apply and attach mend what is left.
. "$(dirname "$0")/lib.sh"
begin faults
PINS=/sys/fs/bpf/$LAB
weir apply || lab_fail "weir apply failed"
weir attach || lab_fail "weir attach failed"

pings() { client ping -c 1 -W 1 $GATE; }
program() { weir -j status | jq -r '.interfaces[0].program_id'; }
expect_filters() { expect_not "a ping gets through, $1" pings; }

# Another XDP program, pinned at $1.
other_program() {
	cat >"$LAB_DIR/other.c" <<-END
		int somebody(void *context) { return 2; }
	END
	[[ -e $LAB_DIR/other.o ]] || clang -O2 -target bpf -c "$LAB_DIR/other.c" -o "$LAB_DIR/other.o" &&
		llvm-objcopy --rename-section .text=xdp,alloc,readonly,code "$LAB_DIR/other.o" &&
		bpftool prog load "$LAB_DIR/other.o" "$1" type xdp
}

story "every pin but the link's deleted: the gate is found by its interface, and apply pins it again"
before=$(program)
find "$PINS" -type f ! -name 'link_*' -delete
expect_filters "without pins"
expect "weir deny add" weir deny add 10.20.30.40
expect "weir apply" weir apply
expect_equal "the program" "$(program)" "$before"
expect "the counters' pin" test -e "$PINS/weir_counts"

story "another program pinned as the gate's: said, and put right"
rm "$PINS/program"
expect "a foreign pin" other_program "$PINS/program"
expect "weir status" weir status
expect_said "it names the pin and the program" "$PINS/program: program id [0-9]+ is 'somebody'"
expect_filters "with a foreign pin"
expect "weir apply" weir apply
expect "weir status" weir status
expect_not "it is still said" grep -q somebody <<<"$SAID"
expect "weir detach" weir detach
rm "$PINS/program"
expect "a foreign pin, with nothing attached" other_program "$PINS/program"
expect_exit 1 "weir apply" weir apply
expect_said "what to do" 'remove the pin'
rm "$PINS/program"
expect "weir apply" weir apply
expect "weir attach" weir attach

story "another map pinned by the name of one of the gate's: not believed, and put right"
rm "$PINS/weir_counts"
expect "a foreign pin" bpftool map create "$PINS/weir_counts" type array key 4 value 4 entries 1 \
	name other
expect "weir counts" weir counts
expect "weir apply" weir apply
expect_equal "the pinned map" "$(bpftool -j map show pinned "$PINS/weir_counts" | jq -r .name)" \
	weir_counts

story "the link detached by force: said, and attach brings it back"
link=$(bpftool -j link show pinned "$PINS/link_wan" | jq .id)
expect "bpftool link detach" bpftool link detach id "$link"
expect "a ping gets through" pings
expect "weir status" weir status
expect_said "it says so" 'wan, gone: .*detached by force; attach again'
expect_exit 3 "weir verify" weir verify
expect "weir apply" weir apply
expect "weir attach" weir attach
expect_filters "after attach"

story "the link's pin deleted: nothing is filtered, which status says, and attach brings it back"
rm "$PINS/link_wan"
expect "weir status" weir status
expect_said "it says so" 'nothing is filtered'
expect "weir attach" weir attach
expect_filters "after attach"

story "another program on the interface meanwhile: named, and not thrown out"
expect "weir detach" weir detach
expect "another program" gate ip link set dev wan xdp object "$LAB_DIR/other.o" section xdp
expect_exit 1 "weir attach" weir attach
expect_said "it names the program" "wan is held by another XDP program: 'somebody'"
expect "the other program goes" gate ip link set dev wan xdp off
expect "weir attach" weir attach
expect_filters "after attach"

story "the interface deleted and made again: said, and attach brings it back"
expect "its deletion" gate ip link del wan
expect "weir status" weir status
expect_said "it says so" 'wan, gone'
expect "weir apply" weir apply
expect "a new wire" ip link add wire netns "$LAB-client" address $CLIENT_MAC type veth \
	peer name wan netns "$LAB-gate" address $GATE_MAC
gate ip -batch - <<-END
	address add $GATE/24 dev wan
	link set wan up
END
client ip -batch - <<-END
	address add $CLIENT/24 dev wire
	link set wire up
END
expect "a ping before attach" eventually 3 pings
expect "weir attach" weir attach
expect_filters "after attach"

story "the MTU changed: the gate goes on filtering, also frames larger than a page"
expect "a larger MTU" gate ip link set wan mtu 9000
client ip link set wire mtu 9000
expect_filters "with jumbo frames"
expect_not "a jumbo ping" client ping -c 1 -W 1 -s 8000 $GATE

story "all pins deleted: the gate is gone, which is said, and apply and attach make a new one with the bans"
expect "weir deny add" weir deny add 10.20.30.41
rm -r "$PINS"
expect "a ping gets through" pings
expect "weir status" weir status
expect_said "it says so" 'not loaded; nothing is filtered'
expect_exit 1 "weir deny add" weir deny add 10.20.30.42
expect_said "what to do" 'weir apply first'
expect_exit 3 "weir verify" weir verify
expect "weir apply" weir apply
expect "weir attach" weir attach
expect_filters "after attach"
expect "weir deny list" weir deny list
expect_said "the ban of before" '10\.20\.30\.41'

story "pins replaced by things of another kind: every command says which and what it is"
rm "$PINS/program"
expect "a map in the place of the program" bpftool map create "$PINS/program" type array key 4 \
	value 4 entries 1 name other
expect "weir status" weir status
expect_said "it names the pin" "$PINS/program is a map, not a program: not pinned by weir"
expect_filters "with a map for a program"
expect "weir deny add" weir deny add 10.20.30.44
expect "weir apply" weir apply
expect "weir status" weir status
expect_not "it is said after an apply" grep -q 'is a map' <<<"$SAID"
# Of this type a map describes itself with the number by which a link says that it is of XDP.
mv "$PINS/link_wan" "$PINS/held"
expect "a map in the place of the link" bpftool map create "$PINS/link_wan" type percpu_array key 4 \
	value 4 entries 1 name other
for command in apply attach 'deny list' 'deny add 10.1.1.1' counts 'attach wan' detach \
	confirm 'explain 10.1.1.1 203.0.113.10:80' plan; do
	# shellcheck disable=SC2086 # words
	expect_exit 1 "weir $command" weir $command
	expect_said "$command names the pin" "$PINS/link_wan is a map, not a link: not pinned by weir"
done
mv "$PINS/held" "$PINS/link_wan"
expect "weir apply" weir apply
expect_filters "with the link's own pin again"

story "a name that others go by is refused, and what is theirs stays as it is"
mkdir "/sys/fs/bpf/$LAB-x" "/run/$LAB-y" "/var/lib/$LAB-z"
expect "a pin of somebody" bpftool map create "/sys/fs/bpf/$LAB-x/theirs" type array key 4 \
	value 4 entries 1 name theirs
touch "/run/$LAB-y/theirs" "/var/lib/$LAB-z/theirs"
for other in x y z; do
	for command in apply 'detach --purge' 'deny add 10.1.1.1' status verify attach; do
		# shellcheck disable=SC2086 # words
		expect_exit 1 "weir -I of theirs $command" weir -I "$LAB-$other" $command
		expect_said "whose folder it is" "$LAB-$other is not weir's: give the instance another"
	done
done
expect "what is theirs" ls "/sys/fs/bpf/$LAB-x/theirs" "/run/$LAB-y/theirs" "/var/lib/$LAB-z/theirs"
expect_equal "what was made beside it" "$(find "/sys/fs/bpf/$LAB-"[xyz] "/run/$LAB-"[xyz] \
	"/var/lib/$LAB-"[xyz] 2>/dev/null | wc -l)" 6
rm -r "/sys/fs/bpf/$LAB-x" "/run/$LAB-y" "/var/lib/$LAB-z"
for name in 'a b' $'a\nb' -a a.b; do
	expect_exit 2 "weir -I '$name'" weir -I "$name" status
	expect_said "what a name is" 'letters, digits, - and _'
done

story "a journal that cannot be read: the gate comes up without it, and says so"
expect "weir detach --purge" weir detach --purge
mv "/var/lib/$LAB/live.journal" "$LAB_DIR/" && mkdir "/var/lib/$LAB/live.journal"
expect "weir apply" weir apply
expect_said "it says what is not in force" 'live bans and releases of the journal are not in force'
expect_exit 1 "weir deny add" weir deny add 10.20.30.43
expect_said "that the ban is in force all the same" 'in force, but will not survive a reboot'
rmdir "/var/lib/$LAB/live.journal" && mv "$LAB_DIR/live.journal" "/var/lib/$LAB/"

story "a state folder on a full disk: a ban is in force and said to be lost at a reboot"
expect "weir attach" weir attach
cp -r "/var/lib/$LAB/." "$LAB_DIR/state" 2>/dev/null || :
expect "a tiny disk" mount -t tmpfs -o size=4k,mode=700 none "/var/lib/$LAB"
dd if=/dev/zero of="/var/lib/$LAB/filler" bs=4k count=4 2>/dev/null
expect_exit 1 "weir deny add" weir deny add $CLIENT
expect_said "that it is in force all the same" 'in force, but will not survive a reboot'
echo 10.9.9.9 >>"$LAB_DIR/known-bad.txt"
expect "weir apply" weir apply
expect_said "what is not kept" 'not kept'
expect "weir apply --try" weir apply --try 60s
expect "weir confirm" weir confirm
expect_said "what is not kept, and where" "/var/lib/$LAB/trial.*; the policy is in force, and not kept"
expect "the tiny disk goes" umount "/var/lib/$LAB"
expect "weir apply" weir apply
expect "weir verify names the ban that the journal lacks" weir deny list

story "a full /run: an apply and a ban are done whole, and what is not written is said"
expect "a tiny disk" mount -t tmpfs -o size=4k,mode=700 none "/run/$LAB"
dd if=/dev/zero of="/run/$LAB/clock" bs=4k count=1 2>/dev/null && mv "/run/$LAB/clock" "/run/$LAB/live.lock"
expect "weir deny add" weir deny add 10.20.30.45
expect_said "what could not be written" "cannot write /run/$LAB/clock: No space left on device; what is in force is kept"
expect "weir deny why" weir deny why 10.20.30.45
expect "the journal has it" grep -q 10.20.30.45 "/var/lib/$LAB/live.journal"
echo 10.9.9.10 >>"$LAB_DIR/known-bad.txt"
expect "weir apply" weir apply
expect_said "what could not be written" "cannot write /run/$LAB/clock"
expect "the policy is in force" weir deny why 10.9.9.10
expect "the tiny disk goes" umount "/run/$LAB"

story "a journal larger than any that weir writes: a ban holds, and what is lost is said"
size=$((5 * 320 << 24))
expect "a journal with a hole" truncate -s $size "/var/lib/$LAB/live.journal"
expect "weir deny add" weir deny add 10.20.30.46
expect_said "what is lost" 'who made each entry, when and why is not known'
expect "weir deny why" weir deny why 10.20.30.46
expect_between "what the journal was shortened to" "$(stat -c %s "/var/lib/$LAB/live.journal")" 1 10000
expect "weir deny add" weir deny add 10.20.30.47
expect_equal "what it says" "$SAID" ""
expect "weir verify" weir deny list

story "/run tidied by somebody: a ban works, and what an apply needs is made again"
rm -r "/run/$LAB"
expect "weir deny add" weir deny add 10.20.30.48
rm -r "/run/$LAB"
expect "weir status" weir status
rm -r "/run/$LAB"
expect "weir apply" weir apply

story "a report that cannot be written is an error, long or short"
for report in metrics status 'deny list' doctor; do
	# shellcheck disable=SC2086 # words
	expect_exit 1 "weir $report, onto a full disk" gate sh -c '"$@" >/dev/full' - \
		"$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" $report
	expect_said "why" 'cannot write: No space left on device'
done
end
