#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The doctor: what it says of an interface is so, and what mends it does.
. "$(dirname "$0")/lib.sh"
begin doctor

# What doctor says of a subject: its health, or the command that mends it.
health() { weir -j doctor | jq -r --arg s "$1" '.[] | select(.subject == $s) | .health'; }
mend() { weir -j doctor | jq -r --arg s "$1" '.[] | select(.subject == $s) | .mend'; }
attached() { gate ip -d link show wan | grep -c 'prog/xdp'; }

story "it tries for real, and attaches nothing"
expect "weir doctor" weir doctor
expect_said "the kernel's release" "kernel +Linux $(uname -r)"
expect_said "veth has native XDP" 'ok +wan: native XDP +yes, driver veth'
expect_equal "programs on the interface" "$(attached)" 0
expect "as JSON" weir -j doctor
expect_equal "every subject is there once" \
	"$(weir -j doctor | jq -r '.[].subject' | sort | uniq -d | wc -l)" 0

story "a strict rp_filter is found, and the command that it names mends it"
gate sysctl -qw net.ipv4.conf.wan.rp_filter=1
expect_equal "its health" "$(health 'wan: rp_filter')" costs
# shellcheck disable=SC2046 # a command and its arguments
expect "what it says mends it" gate $(mend 'wan: rp_filter')
expect_equal "its health, mended" "$(health 'wan: rp_filter')" ok

story "so is that of an interface whose name has dots, as those of VLANs have"
expect "ip link" gate ip link add odd.100 type veth peer name odd.101
gate sysctl -qw net/ipv4/conf/odd.100/rp_filter=1
odd() { weir -j doctor odd.100 | jq -r ".[] | select(.subject == \"odd.100: rp_filter\") | .$1"; }
expect_equal "its health" "$(odd health)" costs
# shellcheck disable=SC2046
expect "what it says mends it" gate $(odd mend)
expect_equal "its health, mended" "$(odd health)" ok

story "a JIT that is off is found, and the command that it names mends it"
echo 0 >"$LAB_DIR/jit"
# With this switch in the place of the machine's own, which is for all to use.
with_jit_off() { # COMMAND...
	unshare --mount sh -c 'mount --bind "$0" /proc/sys/net/core/bpf_jit_enable && exec "$@"' "$LAB_DIR/jit" "$@"
}
jit() { with_jit_off "$WEIR" -I "$LAB" -c /nowhere -j doctor | jq -r ".[] | select(.subject == \"JIT\") | .$1"; }
expect_equal "its health" "$(jit health)" costs
# shellcheck disable=SC2046
expect "what it says mends it" with_jit_off $(jit mend)
expect_equal "its health, mended" "$(jit health)" ok

story "a link that is down is found, and the command that it names mends it"
gate ip link set wan down
expect_equal "its health" "$(health 'wan: link')" costs
# shellcheck disable=SC2046
expect "what it says mends it" gate $(mend 'wan: link')
expect_equal "its health, mended" "$(health 'wan: link')" ""

story "interfaces are those named, else those of weir.yaml"
expect_equal "of weir.yaml" "$(weir -j doctor | jq -r '.[].subject' | grep -c '^lan:')" 0
expect "weir doctor lan" weir doctor lan
expect_said "it looks at that one" 'lan: MTU'
expect_exit 1 "one that is not there" weir doctor nope
expect_said "it says so" "there is no interface 'nope' here"

story "queues are those of the device, in this network namespace, and its own limit bounds what mends few"
expect "ip link" gate ip link add many numrxqueues 4 numtxqueues 4 type veth \
	peer name one numrxqueues 1 numtxqueues 1
expect "weir doctor" weir doctor many one
expect_said "the one with four" 'many: queues +4 that receive'
expect_said "the one with one" 'one: queues +1 that receive'
[[ $(nproc) -eq 1 ]] || expect_said "what mends one that can have no more" 'mend: +the device has no more'

story "without privilege it says what it could not try"
said=$(gate setpriv --reuid=65534 --clear-groups "$WEIR" -j doctor lan |
	jq -r '.[] | select(.subject == "hand-off") | .health')
expect_equal "the hand-off" "$said" unknown
end
