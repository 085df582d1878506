# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a file of faults is written with, besides tests/e2e/lib.sh: a command run under strace, which makes
# one of its system calls fail, or kills the process there.
#
#   faulty CALL NUMBER FAULT COMMAND...    FAULT is error=ENOMEM or signal=KILL; exit code in CODE,
#                                          what it said in SAID
#   count_calls CALL COMMAND...            COUNT becomes how often the command makes that call
#
# FAULTS_MAX bounds how many moments of one call are tried (default 6, spread over all of them);
# FAULTS_MAX=all tries every one.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

FAULTS_MAX=${FAULTS_MAX:-6}
# shellcheck disable=SC2034 # for who sources this
TRIED=0 CODE=0 COUNT=0

traced() { # STRACE_OPTIONS... -- COMMAND...
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	nsenter --net="/run/netns/$LAB-gate" -- strace -f -qqq -o "$LAB_DIR/trace" "${options[@]}" -- \
		"${FAULTY_WEIR:-$WEIR}" -I "$LAB" -c "$LAB_DIR/weir.yaml" "$@"
}

count_all() { # CALL COMMAND...
	local call=$1
	shift
	traced -e trace="$call" -- "$@" >/dev/null 2>&1
	grep -c "^[0-9]* *$call(" "$LAB_DIR/trace"
}

# Calls of the dynamic loader, which come first and are not weir's: those of a command that does nothing.
declare -A LOADING=()
count_calls() { # CALL COMMAND...
	local call=$1
	shift
	[[ -n ${LOADING[$call]:-} ]] || LOADING[$call]=$(count_all "$call" version)
	# shellcheck disable=SC2034 # for who sources this
	COUNT=$(($(count_all "$call" "$@") - LOADING[$call]))
}

faulty() { # CALL NUMBER FAULT COMMAND...
	local call=$1 number=$2 fault=$3
	shift 3
	CODE=0
	number=$((number + ${LOADING[$call]:-0}))
	# shellcheck disable=SC2034 # likewise
	SAID=$(traced -e trace="$call" -e inject="$call:$fault:when=$number" -- "$@" 2>&1) || CODE=$?
	TRIED=$((TRIED + 1))
}

# The moments to try among 1..COUNT: all, or FAULTS_MAX of them, spread evenly.
moments() { # COUNT
	if [[ $FAULTS_MAX == all || $1 -le $FAULTS_MAX ]]; then
		seq "$1"
	else
		awk -v count="$1" -v max="$FAULTS_MAX" 'BEGIN {
			for (i = 0; i < max; i++) print 1 + int((i + 0.5) * count / max) }'
	fi
}
