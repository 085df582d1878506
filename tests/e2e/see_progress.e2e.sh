#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What takes over a second says on a terminal what it does, and leaves nothing there. A disk that takes
# long to open a list, a lock that takes long to get and a socket that takes long to answer stand for
# what does.
. "$(dirname "$0")/lib.sh"
begin progress
lab_apps
lab_start

command="$WEIR -I $LAB -c $LAB_DIR/weir.yaml"
delayed() { # SYSCALL [strace's filter]: the call takes long, once
	echo "strace -qq -o /dev/null ${2:-} -e trace=$1 -e inject=$1:delay_exit=1400000:when=1"
}
slow_list=$(delayed openat "-P $LAB_DIR/known-bad.txt")
slow_lock=$(delayed flock)
slow_proxy=$(delayed recvmsg)
on_terminal() { # COMMAND: what a terminal is sent
	gate env TERM="${TERMINAL:-xterm}" script -qec "$1" /dev/null </dev/null
}
# says WHAT SLOW ARGUMENTS: it says so while it is slow, and erases that before anything else is said.
says() {
	expect "weir $3" on_terminal "$2 $command $3"
	expect_said "weir $3: what it does" "$1 \.\.\. [0-9]+ s"
	expect_equal "weir $3: what is left on the screen" \
		"$(tr -d '\n' <<<"$SAID" | sed 's/.*\x1b\[K//' | grep -c ' \.\.\. ')" 0
}

story "a command that reads long lists says so"
says 'reading the files' "$slow_list" check
says 'comparing the files with the kernel' "$slow_list" verify
says 'reading the files' "$slow_list" apply
says 'reading the files' "$slow_list" 'attach wan'
says 'reading the files' "$slow_list" "explain $LISTED $BLOG:80"
says 'reading the files and the gate' "$slow_list" "deny why $LISTED"
says 'comparing the files with the gate' "$slow_list" status
says 'looking at the machine' "$slow_list" doctor

story "a terminal that can erase nothing is sent words alone"
TERMINAL=dumb expect "weir check" on_terminal "$slow_list $command check"
expect_equal "weir check says" "$SAID" ""
TERMINAL=dumb expect "counts --watch" on_terminal "timeout --preserve-status -s INT 1.5 $command counts --watch=0.2"
expect_equal "what is no word" "$(grep -c $'\x1b' <<<"$SAID")" 0

story "a command that waits for another one says what it is about"
says adding "$slow_lock" 'deny add 198.18.0.7'
says 'reading the gate' "$slow_lock" 'deny list'
says 'taking them out' "$slow_lock" 'deny del 198.18.0.7'
expect "a trial" weir apply --try 60s
says 'keeping the policy' "$slow_lock" confirm
says 'taking samples' '' 'counts --sources'

story "a command that waits for the proxy says so"
says 'reading the routes' "$slow_proxy" 'route list'
says 'asking the proxy' "$slow_proxy" 'route add more.example app=blog http 10.66.0.2:8080'
cat >"$LAB_DIR/slow.sh" <<'END'
sed '/^\r$/q' >/dev/null
printf 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsl'
sleep 4
printf ow
END
lab_spawn backends socat TCP4-LISTEN:9080,bind=10.66.0.2,fork,reuseaddr "SYSTEM:bash $LAB_DIR/slow.sh"
expect "a slow container" weir route add slow.example app=slow http 10.66.0.2:9080
fetch $BLOG http://slow.example/ -N --max-time 10 >"$LAB_DIR/slow" &
expect "a request is under way" eventually 3 test -s "$LAB_DIR/slow"
says 'waiting for what is under way' '' 'route drain 10.66.0.2:9080 --wait 20s'
says detaching "$slow_lock" detach

story "where there is no terminal, nothing of it is said"
# shellcheck disable=SC2086 # words
expect "weir check" gate $slow_list $command check
expect_equal "what it says" "$SAID" ''

story "a quick command says nothing of it on a terminal"
expect "weir check" on_terminal "$command check"
expect_equal "what it says" "$SAID" ''
end
