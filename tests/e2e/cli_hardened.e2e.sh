#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The binary as it was built, read by readelf and objdump: what makes a bug harder to use is in it. And
# what its files and folders let others do.
. "$(dirname "$0")/lib.sh"
begin hardened

has() { readelf "$1" -W "$WEIR" | grep -E -- "$2"; }
imports() { readelf --dyn-syms -W "$WEIR" | grep -E "UND $1@"; }

story "the binary is position-independent, with nothing both writable and executable"
expect "PIE" has -h 'Type: +DYN'
expect "BIND_NOW" has -d 'BIND_NOW'
expect "RELRO" has -l 'GNU_RELRO'
expect "a stack that is not executable" has -l 'GNU_STACK.* RW '
expect_not "a segment that is writable and executable" has -l 'LOAD.* RWE '
expect_not "relocations in code" has -d TEXTREL

story "stacks, sizes and jumps are checked"
expect "stack protector" imports __stack_chk_fail
expect "sizes" imports '__[a-z]+_chk'
if [[ $(uname -m) == x86_64 ]]; then
	expect "shadow stack" has -n SHSTK
	expect "a landing pad where main begins" sh -c "objdump -d --disassemble=main '$WEIR' |
		grep -A1 '<main>:' | grep endbr64"
fi

story "pins, locks, journals and what was confirmed are root's alone"
lab_start
weir deny add 192.0.2.77 --note test
open_to_others() {
	find "/sys/fs/bpf/$LAB" "/run/$LAB" "/var/lib/$LAB" -maxdepth 0 -perm /077
	find "/sys/fs/bpf/$LAB" "/run/$LAB" "/var/lib/$LAB" -not -type l -perm /022
}
expect_equal "what others can enter or write" "$(open_to_others)" ""
expect_equal "what is neither root's nor in the folder of the proxy's user" \
	"$(find "/sys/fs/bpf/$LAB" "/run/$LAB" "/var/lib/$LAB" -not -user root -not -path '*/proxy*')" ""
expect_equal "that folder" "$(stat -c '%U %a' "/var/lib/$LAB/proxy")" 'nobody 700'
expect "the control socket" test "$(stat -c '%F %a' "/run/$LAB/proxy.sock")" = 'socket 600'
refused() { gate setpriv --reuid=nobody --regid=nogroup --clear-groups "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" "$@"; }
expect_exit 1 "another user bans" refused deny add 192.0.2.78
expect_exit 1 "another user detaches" refused detach
expect "the gate goes on" fetch $BLOG http://blog.example/ -o /dev/null

story "the running proxy is confined"
status=/proc/$LAB_PROXY/status
expect "a seccomp filter" grep -qE '^Seccomp:\s2' "$status"
expect "no new privileges" grep -qE '^NoNewPrivs:\s1' "$status"
expect_equal "capabilities" "$(awk '/^Cap(Prm|Eff|Inh|Amb):/ { print $2 }' "$status" | sort -u)" 0000000000000000
expect "nobody of its user can look into it" test "$(stat -c %U "/proc/$LAB_PROXY/mem")" = root

story "the proxy does not run as root, nor as nobody in particular"
lab_stop "$LAB_PROXY"
sed -i 's/user: nobody/user: root/' "$LAB_DIR/weir.yaml"
expect_exit 1 "as root" weir proxy --listen-http 127.0.0.1:8480 --listen-tls 127.0.0.1:8481
expect_said "why" 'never runs as root'
sed -i 's/user: root/user: no-such-user/' "$LAB_DIR/weir.yaml"
expect_exit 1 "as who is not there" weir proxy --listen-http 127.0.0.1:8480 --listen-tls 127.0.0.1:8481
expect_said "what mends it" 'no such user'
end
