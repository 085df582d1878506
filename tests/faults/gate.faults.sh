#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every command that changes the gate, with one of its system calls failing or the process killed
# there. After each: the gate filters, the old policy or the new one is in force, and the same
# command, run again, does what it says.
. "$(dirname "$0")/lib.sh"
begin faults-gate
lab_app blog 10.66.0.2
lab_start

# What is tried for each call. A call that fails is told of; killed there, nobody is left to tell.
ERRORS='bpf:ENOMEM bpf:EPERM openat:EMFILE openat:EACCES mmap:ENOMEM write:ENOSPC pwrite64:ENOSPC fdatasync:EIO
	fsync:EIO rename:ENOSPC mkdir:ENOSPC sendto:ENOBUFS recvmsg:ENOMEM socket:EMFILE flock:EINTR
	ftruncate:EIO getdents64:EIO unlink:EACCES'
KILLS='bpf openat write pwrite64 fdatasync rename unlink sendto mmap'

attached() { gate ip -d link show wan | grep -q 'prog/xdp'; }
drops_listed() { ! client socat -d0 -u OPEN:/dev/null "TCP4:$BLOG:80,bind=$LISTED,connect-timeout=0.15" 2>/dev/null; }
serves() { can_connect $CLIENT $BLOG 80; }

still_holds() { # WHEN
	attached || fails "$1: the gate is attached"
	drops_listed || fails "$1: a listed source is dropped"
	serves || fails "$1: a client gets in"
}

# The command that is broken, so that it has something to do each time; and the one that mends.
prepare() { # NAME
	case $1 in
	apply) echo "10.77.$((TRIED / 250 % 250)).$((TRIED % 250 + 1))" >>"$LAB_DIR/known-bad.txt" ;;
	attach) weir detach >/dev/null 2>&1 ;;
	deny-add) weir deny del 10.88.0.2 >/dev/null 2>&1 ;;
	deny-del) weir deny add 10.88.0.1 >/dev/null 2>&1 ;;
	upgrade) FAULTY_WEIR='' weir apply >/dev/null 2>&1 ;;
	confirm) echo "10.78.$((TRIED / 250)).$((TRIED % 250 + 1))" >>"$LAB_DIR/known-bad.txt" &&
		weir apply --try 60s >/dev/null 2>&1 ;;
	esac
}

again() { gate "${FAULTY_WEIR:-$WEIR}" -I "$LAB" -c "$LAB_DIR/weir.yaml" "$@"; }

converges() { # NAME COMMAND...
	local name=$1
	shift
	if [[ $name == deny-del || $name == confirm ]]; then
		again "$@" >/dev/null 2>&1 # exit code 1 where it was done already
	else
		expect "then $* works" again "$@"
	fi
	case $name in
	apply | upgrade | attach | confirm) expect "weir verify after $*" again verify ;;
	deny-add) expect "the ban is in force" weir deny why 10.88.0.2 ;;
	deny-del) expect_exit 1 "the ban is gone" weir deny why 10.88.0.1 ;;
	esac
}

# Does the command's word stand? What it calls done is so; what is so although it failed, it says.
tells_truth() { # NAME WHEN
	case $1 in
	apply | upgrade)
		[[ $CODE -ne 0 ]] || again verify >/dev/null 2>&1 || fails "$2: done, but verify differs"
		;;
	deny-add)
		if weir deny why 10.88.0.2 >/dev/null 2>&1; then
			[[ $CODE -eq 0 || $SAID == *"in force"* ]] || fails "$2: in force, not said" "$SAID"
		elif [[ $CODE -eq 0 ]]; then
			fails "$2: done, but not in force" "$SAID"
		fi
		;;
	deny-del)
		[[ $CODE -ne 0 ]] || ! weir deny why 10.88.0.1 >/dev/null 2>&1 || fails "$2: done, but still banned"
		;;
	esac
}

try_one() { # NAME CALL NUMBER FAULT COMMAND...
	local name=$1 call=$2 number=$3 fault=$4 when="$1, $4 at $2 $3"
	shift 4
	prepare "$name"
	faulty "$call" "$number" "$fault" "$@"
	[[ $name == attach && $CODE -ne 0 ]] || still_holds "$when"
	if [[ $fault == error=* ]]; then
		((CODE == 0 || CODE == 1 || CODE == 3)) || fails "$when: exit code $CODE" "$SAID"
		[[ $CODE -eq 0 || -n $SAID ]] || fails "$when: failed without a word"
		tells_truth "$name" "$when"
	fi
	converges "$name" "$@"
	[[ $name != attach ]] || still_holds "$when, then attach"
}

each_fault() { # NAME COMMAND...
	local name=$1 item call number
	shift
	for item in $ERRORS; do
		call=${item%:*}
		prepare "$name"
		count_calls "$call" "$@"
		for number in $(moments $COUNT); do
			try_one "$name" "$call" "$number" "error=${item#*:}" "$@"
		done
	done
	for call in $KILLS; do
		prepare "$name"
		count_calls "$call" "$@"
		for number in $(moments $COUNT); do
			try_one "$name" "$call" "$number" signal=KILL "$@"
		done
	done
}

for name in ${FAULTS_COMMANDS:-apply attach deny-add deny-del confirm upgrade}; do
	story "whatever fails in $name, and wherever it is killed: the gate holds, and the next run converges"
	case $name in
	apply) each_fault apply apply ;;
	attach) each_fault attach attach ;;
	deny-add) each_fault deny-add deny add 10.88.0.2 ;;
	deny-del) each_fault deny-del deny del 10.88.0.1 ;;
	confirm) each_fault confirm confirm ;;
	upgrade) FAULTY_WEIR=$WEIR-other each_fault upgrade apply ;;
	esac
	echo "  $name: $TRIED faults so far"
done
end
