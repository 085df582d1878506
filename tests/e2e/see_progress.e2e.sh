#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What takes over a second says on a terminal what it does, and leaves nothing there. A disk that takes
# long to open a list stands for what does.
. "$(dirname "$0")/lib.sh"
begin progress

check="$WEIR -I $LAB -c $LAB_DIR/weir.yaml check"
slow="strace -qq -o /dev/null -P $LAB_DIR/known-bad.txt -e trace=openat -e inject=openat:delay_exit=1700000"
on_terminal() { # COMMAND: what a terminal is sent
	gate script -qec "$1" /dev/null </dev/null
}

story "a command that takes over a second says on a terminal what it does, and erases it"
expect "weir check" on_terminal "$slow $check"
expect_said "what it does" 'reading the files \.\.\. [0-9]+ s'
expect_equal "what is left on the screen" "$(tr -d '\r\n' <<<"$SAID" | sed 's/.*\x1b\[K//')" ''

story "where there is no terminal, nothing of it is said"
# shellcheck disable=SC2086 # words
expect "weir check" gate $slow $check
expect_equal "what it says" "$SAID" ''

story "a quick command says nothing of it on a terminal"
expect "weir check" on_terminal "$check"
expect_equal "what it says" "$SAID" ''
end
