#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A proxy that takes another's place, and one whose routes change, with a system call of either failing or
# the process killed there: one of the two serves, or the next one does; what was acknowledged is kept.
. "$(dirname "$0")/lib.sh"
begin faults-handover
lab_app blog 10.66.0.2
lab_start

# Calls of the main thread alone, so that the number of each leads to the same moment every time.
NEW='connect:ECONNREFUSED sendmsg:ENOBUFS recvmsg:EMFILE openat:ENFILE socket:EMFILE pidfd_open:EMFILE
	clone3:EAGAIN epoll_create1:EMFILE eventfd2:EMFILE signalfd4:ENFILE mmap:ENOMEM pwrite64:ENOSPC fsync:EIO
	flock:EINTR capset:EPERM setresuid:EAGAIN seccomp:EFAULT landlock_restrict_self:E2BIG'
OLD='sendmsg:ENOBUFS sendmsg:ETOOMANYREFS pwrite64:ENOSPC ftruncate:EIO poll:ENOMEM poll:EINTR'
ROUTES='write:ENOSPC fdatasync:EIO ftruncate:EIO openat:EMFILE renameat:ENOSPC fsync:EIO unlinkat:EACCES
	poll:ENOMEM recvmsg:ENOMEM sendmsg:ENOBUFS'
[[ $FAULTS_MAX != 1 ]] || NEW='recvmsg:EMFILE' OLD='poll:ENOMEM' ROUTES='fsync:EIO'

pid_now() { sed -n 's/^pid \([0-9]*\) .*/\1/p' "/run/$LAB/proxy.lock"; }
lives() { [[ -e /proc/$1 && $(awk '/^State/ { print $2 }' "/proc/$1/status" 2>/dev/null) != [ZX] ]]; }
gone() { ! lives "$1"; }
in_charge() { lives "$(pid_now)"; }
take_over() { weir proxy --takeover --background >>"$LAB_DIR/spawned.log" 2>"$LAB_DIR/said"; }
route() { "$WEIR" -I "$LAB" route "$@"; }

# The one in charge serves; where the one that had it was killed, the next one does.
recovers() { # WHEN
	if ! in_charge; then
		expect "$1: a new one starts" take_over || cat "$LAB_DIR/said"
	fi
	expect "$1: a client is served" eventually 10 served
}

# ---- the new one -------------------------------------------------------------------------

ended_or_in_charge() { gone "$1" || [[ $(pid_now) != "$2" ]]; } # PROCESS OLD
try_new() { # CALL NUMBER FAULT
	local old when="the new one, $3 at $1 $2" strace
	old=$(pid_now)
	lab_spawn gate strace -f -qqq -o "$LAB_DIR/trace" -e trace="$1" -e inject="$1:$3:when=$(($2 + ${LOADING[$1]:-0}))" \
		-- "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" proxy --takeover
	strace=$LAB_PID
	TRIED=$((TRIED + 1))
	expect "$when: it serves or ends" eventually 15 ended_or_in_charge "$strace" "$old"
	if [[ $(pid_now) == "$old" ]]; then
		expect "$when: the old one is there" lives "$old"
		expect "$when: a client is served" eventually 5 served
	fi
	recovers "$when"
	if [[ $(pid_now) == "$old" ]]; then
		expect "$when: then one takes over" take_over
	fi
	lab_stop "$strace" KILL
	in_charge || recovers "$when, and its tracer gone"
}

count_new() { # CALL...: how often a hand-over makes each, into COUNTS
	local list
	declare -gA COUNTS=()
	list=$(IFS=,; echo "$*")
	lab_spawn gate strace -f -qqq -o "$LAB_DIR/trace" -e trace="$list" -- \
		"$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" proxy --takeover
	local old strace=$LAB_PID call
	old=$(pid_now)
	eventually 15 ended_or_in_charge "$strace" "$old"
	traced -e trace="$list" -o "$LAB_DIR/loading" -- version >/dev/null 2>&1
	for call; do
		LOADING[$call]=$(grep -c "^[0-9]* *$call(" "$LAB_DIR/loading")
		COUNTS[$call]=$(($(grep -c "^[0-9]* *$call(" "$LAB_DIR/trace") - LOADING[$call]))
	done
	expect "another one takes over" take_over
	lab_stop "$strace" KILL
}

story "whatever fails in a proxy that takes over, and wherever it is killed: one serves"
calls=()
for item in $NEW; do calls+=("${item%:*}"); done
count_new "${calls[@]}"
for item in $NEW; do
	call=${item%:*}
	for number in $(moments "${COUNTS[$call]}"); do
		try_new "$call" "$number" "error=${item#*:}"
		try_new "$call" "$number" signal=KILL
	done
done
echo "  $TRIED faults so far"

# ---- the old one -------------------------------------------------------------------------

# While strace holds the one in charge: COMMAND. Its faults begin with its NUMBERth such call.
while_faulty() { # CALL NUMBER FAULT COMMAND...
	local proxy strace
	proxy=$(pid_now)
	lab_spawn gate strace -qqq -o "$LAB_DIR/trace" -p "$proxy" -e trace="$1" -e inject="$1:$3:when=$2"
	strace=$LAB_PID
	eventually 5 grep -q "^TracerPid:.*[1-9]" "/proc/$proxy/status"
	shift 3
	CODE=0
	SAID=$("$@" 2>&1) || CODE=$?
	TRIED=$((TRIED + 1))
	kill -TERM "$strace" 2>/dev/null
	wait "$strace" 2>/dev/null
}

story "whatever fails in a proxy that is taken over from, and wherever it is killed: one serves"
for item in $OLD; do
	for fault in "error=${item#*:}" signal=KILL; do
		for number in $([[ $FAULTS_MAX == all ]] && seq 6 || seq 3); do
			while_faulty "${item%:*}" "$number" "$fault" take_over
			when="the old one, $fault at ${item%:*} $number"
			[[ $CODE -eq 0 || -s $LAB_DIR/said ]] || fails "$when: failed without a word"
			recovers "$when"
		done
	done
done
echo "  $TRIED faults so far"

# ---- routes ------------------------------------------------------------------------------

# Enough lines that the journal is written anew with each second request.
seq 700 | sed 's/.*/n&.example app=n http 10.66.0.2:8080/' >"$LAB_DIR/many"
cut -d ' ' -f 1 "$LAB_DIR/many" >"$LAB_DIR/hosts"
add_many() { route add - <"$LAB_DIR/many"; }
del_many() { "$WEIR" -I "$LAB" route del - <"$LAB_DIR/hosts"; }

story "whatever fails while routes change, and wherever the proxy is killed: what it acknowledged is kept"
kept=0
for item in $ROUTES; do
	for fault in "error=${item#*:}" signal=KILL; do
		for number in $([[ $FAULTS_MAX == all ]] && seq 4 || seq 2); do
			when="$fault at ${item%:*} $number"
			expect "$when: before it" route add "kept$kept.example" app=blog http 10.66.0.2:8080
			add_many >/dev/null 2>&1
			while_faulty "${item%:*}" "$number" "$fault" del_many
			[[ $CODE -eq 0 || -n $SAID ]] || fails "$when: failed without a word"
			deleted=$CODE
			SAID=$(route add "after$kept.example" app=blog http 10.66.0.2:8080 2>&1) && after=1 || after=0
			kill -KILL "$(pid_now)" 2>/dev/null
			eventually 5 gone "$(pid_now)"
			recovers "$when"
			expect "$when: an earlier route" fetch $BLOG "http://kept$kept.example/" --fail
			[[ $after -eq 0 ]] || expect "$when: a later route" fetch $BLOG "http://after$kept.example/" --fail
			left=$(route list --hosts | grep -c '^n[0-9]')
			[[ $deleted -ne 0 || $left -eq 0 ]] || fails "$when: $left routes came back"
			[[ $left -eq 0 || $left -eq 700 ]] || fails "$when: half a request, $left routes"
			[[ $left -eq 0 ]] || expect "$when: then it works" del_many
			kept=$((kept + 1))
		done
	done
done
echo "  $TRIED faults so far"
end
