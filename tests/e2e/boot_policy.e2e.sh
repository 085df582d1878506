#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# weir attach --boot, as weir-gate@.service runs it: the best policy that there is, never open and
# never out of reach, and the gate comes back when its interface does.
. "$(dirname "$0")/lib.sh"
begin boot
lab_app blog 10.66.0.2

spoil() { echo '  - what is this' >>"$LAB_DIR/weir.yaml"; }
reaches() { can_connect "${2:-$CLIENT}" $GATE "$1"; } # PORT [SOURCE]
boot() { weir attach --boot wan; }
reboot_gate() {
	expect "weir detach --purge" weir detach --purge
	expect "weir attach --boot" boot
}
listen() { # PORT: one of the machine's own services
	lab_spawn gate socat "TCP4-LISTEN:$1,fork,reuseaddr" /dev/null
	eventually 5 reaches "$1" || lab_fail "nobody listens on port $1"
}

listen 22
listen 2222

story "with files that check, their policy is in force"
expect "weir attach --boot" boot
expect_equal "what it says besides the mode" "$(grep -cv '^wan: native' <<<"$SAID")" 0
expect_equal "the files are those in force" "$(weir -j status | jq -r .files)" same
lab_proxy
expect_filtering "after it"
expect_not "a service that no rule names" reaches 22

story "what is in force stays, whatever the files say by now"
before=$(policy_now)
echo "$CLIENT" >>"$LAB_DIR/known-bad.txt"
expect "weir attach --boot" boot
expect_said "it was attached" 'attached already'
expect_equal "the policy" "$(policy_now)" "$before"
lab_files

story "without names it filters the interfaces of the files, of the copy, and each that is there"
attached() { weir -j status | jq -c '[.interfaces[].name]'; }
expect "weir detach" weir detach
spoil
expect "weir attach --boot" weir attach --boot
expect_said "what is wrong with the files" 'weir\.yaml:[0-9]+'
expect_equal "what it filters" "$(attached)" '["wan"]'
lab_files
expect "weir detach" weir detach
sed -i 's/^  - name: wan/  - name: gone0\n&/' "$LAB_DIR/weir.yaml"
expect_exit 1 "weir attach --boot" weir attach --boot
expect_said "which is not there" "no interface 'gone0'"
expect_equal "what it filters" "$(attached)" '["wan"]'
lab_files

story "with files that do not check, the last confirmed policy is in force, and both are said"
lab_stop "$LAB_PROXY"
spoil
reboot_gate
expect_said "what is wrong with the files" 'weir\.yaml:[0-9]+'
expect_said "what is in force" 'last confirmed policy is in force'
sed -i '$d' "$LAB_DIR/weir.yaml"
lab_proxy
expect_filtering "after it"

story "with a list that is not there and no copy, the rules of weir.yaml let in and nothing else does"
lab_stop "$LAB_PROXY"
rm -rf "/var/lib/$LAB/confirmed" "/var/lib/$LAB"/kept.* "$LAB_DIR/known-bad.txt"
echo "management: [{from: $CLIENT/32, protocol: tcp, port: 2222}]" >>"$LAB_DIR/weir.yaml"
reboot_gate
expect_said "which file" "known-bad\.txt': No such file"
expect_said "what is in force" 'management only'
expect "the rule's service" reaches 2222
expect_not "the same from elsewhere" reaches 2222 $LISTED
expect_not "SSH, which the rules do not name" reaches 22
expect_not "an ingress address" can_connect $CLIENT $BLOG 80
expect "weir status" weir status
expect_said "it says so" '^policy: *management only'

story "without a weir.yaml that can be read, SSH comes in"
echo ']' >"$LAB_DIR/weir.yaml"
reboot_gate
expect "SSH" reaches 22
expect "SSH from an address that a list had" reaches 22 $LISTED
expect_not "another service" reaches 2222
rm "$LAB_DIR/weir.yaml"
reboot_gate
expect "SSH, without any weir.yaml" reaches 22
expect_not "another service" reaches 2222

story "management only gives way as soon as the files check"
lab_files
expect "weir attach --boot" boot
expect_not "the management-only policy is gone" reaches 22
lab_proxy
expect_filtering "after it"

story "two interfaces that come up while somebody else writes wait for it, and load one policy"
lab_stop "$LAB_PROXY"
expect "weir detach --purge" weir detach --purge
flock "/run/$LAB/apply.lock" sleep 8 &
sleep 0.2
weir attach --boot wan >"$LAB_DIR/first.said" 2>&1 &
first=$!
expect "weir attach --boot" boot
expect_not "it takes a busy writer for files that do not check" grep -E 'is held by|do not check|only' <<<"$SAID"
wait "$first" || fails "the other one" "$(cat "$LAB_DIR/first.said")"
expect_equal "the files are those in force" "$(weir -j status | jq -r .files)" same
expect_equal "times that a policy was written" "$(weir -j status | jq .policy.half)" 1

story "what is in force, an interface that comes up waits for, too"
expect "weir detach" weir detach
flock "/run/$LAB/apply.lock" sleep 8 &
sleep 0.2
expect "weir attach --boot" boot
lab_proxy
expect_filtering "after it"

story "an interface that goes and comes back is filtered again"
gate ip link delete wan
expect "weir status" weir status
expect_exit 1 "weir attach --boot without the interface" boot
expect_said "which one" "no interface 'wan'"
ip link add wire netns "$LAB-client" address $CLIENT_MAC type veth \
	peer name wan netns "$LAB-gate" address $GATE_MAC
expect "weir attach --boot" boot
expect_equal "what is attached" "$(weir -j status | jq -c '[.interfaces[].mode]')" '["native"]'

story "addresses that come after the gate are learned, and answers to the machine come in"
client ip -batch - <<-END
	address add $CLIENT/24 dev wire
	address add $LISTED/24 dev wire
	link set wire up
	route add 203.0.113.0/24 via $GATE src $CLIENT
END
expect "weir detach --purge" weir detach --purge
gate ip address flush dev wan
expect "weir attach --boot, before the address" boot
gate ip address add $GATE/24 dev wan
gate ip link set wan up
lab_spawn client socat -u TCP4-LISTEN:7070,fork,reuseaddr /dev/null
asks() { gate socat -u OPEN:/dev/null "TCP4:$CLIENT:7070,connect-timeout=1"; }
expect_not "an answer, before it is known" asks
command=$(sed -n 's/^ExecStart=.*"\(.*\)"$/\1/p' "$LAB_ROOT/etc/systemd/weir-addresses.service")
flock "/run/$LAB/apply.lock" sleep 8 &
sleep 0.2
expect "what weir-addresses.service runs, while somebody else writes" \
	gate sh -c "${command//\/usr\/sbin\/weir/$WEIR -I $LAB -c $LAB_DIR/weir.yaml}"
expect "an answer" asks
lab_stop "$LAB_PROXY"
lab_proxy
expect_filtering "after all that"
end
