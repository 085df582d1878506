# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a file of stories is written with; scripts/lab.sh gives it the lab.
#
#   . "$(dirname "$0")/lib.sh"
#   begin NAME
#   story "one sentence that is true when everything in it held"
#   expect "what should hold" COMMAND...
#   end
#
# Each story prints `ok NAME` or `not ok NAME`; what did not hold is printed as it is found, with
# what the command said. A story goes on after a failed expectation. A file that ends without
# `end` has failed in the story that it was in.
set -uo pipefail

# shellcheck source=scripts/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lab.sh"

STORY='' HELD=1 FAILED=0 SAID=''

close_story() {
	[[ -n $STORY ]] || return 0
	if [[ $HELD -eq 1 ]]; then
		echo "ok $STORY"
	else
		echo "not ok $STORY"
		FAILED=1
	fi
	STORY=''
}

story() { # NAME
	close_story
	STORY=$1 HELD=1
}

fails() { # WHAT [DETAIL]: an expectation did not hold
	HELD=0
	echo "  not so: $1"
	[[ -z ${2:-} ]] || printf '%s\n' "$2" | head -n 20 | sed 's/^/    /'
}

# expect WHAT COMMAND...: it must exit 0. What it said is in SAID.
expect() {
	local what=$1 code=0
	shift
	SAID=$("$@" 2>&1) || code=$?
	[[ $code -eq 0 ]] || fails "$what (exit code $code of: $*)" "$SAID"
	return $code
}

# expect_exit CODE WHAT COMMAND...: it must exit so. What it said is in SAID.
expect_exit() {
	local want=$1 what=$2 code=0
	shift 2
	SAID=$("$@" 2>&1) || code=$?
	[[ $code -eq $want ]] || fails "$what (exit code $code, not $want, of: $*)" "$SAID"
}

# expect_said WHAT PATTERN: the extended regular expression is in what the last command said.
expect_said() {
	grep -qE -- "$2" <<<"$SAID" || fails "$1: no match for '$2' in" "$SAID"
}

# expect_not WHAT COMMAND...: it must not exit 0.
expect_not() {
	local what=$1
	shift
	SAID=$("$@" 2>&1) || return 0
	fails "$what (exit code 0 of: $*)" "$SAID"
}

served() { fetch $BLOG http://blog.example/ --fail --connect-timeout 1.5 --max-time 5; }
listed_gets_in() { can_connect $LISTED $BLOG 80; }

# The gate does its job: others are served, a listed source is not.
expect_filtering() { # WHEN
	expect "$1, a client is served" served
	expect_not "$1, a listed source is dropped" listed_gets_in
}

# settled: nothing has come out of the gate for a fifth of a second: what was sent is counted.
settled() {
	local before
	before=$(received)
	sleep 0.2
	[[ $(received) == "$before" ]]
}

counted_to() { (($(counted "$1") >= $2)); } # SLUG PACKETS

expect_equal() { # WHAT GOT WANT
	[[ $2 == "$3" ]] || fails "$1" "got $2, want $3"
}

# expect_between WHAT GOT LOW HIGH: whole numbers, both ends included.
expect_between() {
	[[ $2 =~ ^-?[0-9]+$ && $2 -ge $3 && $2 -le $4 ]] ||
		fails "$1" "got $2, want $3 to $4"
}

# end: the file got to its end. The lab goes with the shell.
end() {
	close_story
	exit "$FAILED"
}

lib_exit() {
	trap '' INT TERM HUP
	[[ -z $STORY ]] || fails "the file ended in the middle of this story"
	close_story
	lab_down
}

# lab_up NAME, with the story's verdict when the shell ends early.
begin() {
	lab_up "$1"
	trap lib_exit EXIT
}
