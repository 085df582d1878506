#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every command that only reads, and those that talk to the proxy, with one of their system calls failing: an
# answer or an error that says what failed, the right exit code, no end by a signal, nothing changed.
. "$(dirname "$0")/lib.sh"
begin faults-read
lab_app blog 10.66.0.2
lab_start
weir deny add 10.88.0.9 || lab_fail "weir deny add failed"

ERRORS='bpf:ENOMEM bpf:EPERM bpf:EAGAIN openat:EMFILE openat:ENFILE read:EIO read:EINTR mmap:ENOMEM write:ENOSPC socket:EMFILE
	connect:EAGAIN sendto:ENOBUFS sendmsg:ENOBUFS recvmsg:ENOMEM recvfrom:EINTR getdents64:EIO poll:ENOMEM
	newfstatat:ENOMEM statfs:EIO flock:EINTR'
COMMANDS=("status" "verify" "plan" "check" "counts" "metrics" "deny list" "deny why $LISTED" "explain $LISTED $BLOG:80"
	"doctor" "route list" "route add x.example app=blog http 10.66.0.2:8080" "capture -n 1 --for 100ms"
	"top -d 0.1 -n 1")
[[ $FAULTS_MAX != 1 ]] || COMMANDS=("explain $LISTED $BLOG:80")

everything() {
	find "/sys/fs/bpf/$LAB" "/run/$LAB" "/var/lib/$LAB" ! -name '*.lock' ! -name 'twin*' ! -path '*/proxy/*' | sort
	bpftool map dump pinned "/sys/fs/bpf/$LAB/weir_control" | jq -c '.[].value | [.word, .live_id, .live_moves]'
}

BEFORE=$(everything)
for command in "${COMMANDS[@]}"; do
	story "whatever fails in $command: an answer or an error with its reason, and nothing changes"
	# shellcheck disable=SC2206 # words
	words=($command)
	for item in $ERRORS; do
		call=${item%:*}
		count_calls "$call" "${words[@]}"
		for number in $(moments $((COUNT > 0 ? COUNT : 0))); do
			when="$item at $number"
			faulty "$call" "$number" "error=${item#*:}" "${words[@]}"
			((CODE == 0 || CODE == 1 || CODE == 3)) || fails "$when: exit code $CODE" "$SAID"
			[[ $CODE -ne 1 || -n $SAID ]] || fails "$when: failed without a word"
			! grep -q '^[0-9]* *write(1, .*INJECTED' "$LAB_DIR/trace" || [[ $CODE -eq 1 ]] ||
				fails "$when: its answer was lost, exit code $CODE"
			[[ $command != verify || $CODE -ne 3 ]] || fails "$when: a drift that is none" "$SAID"
			[[ -z ${FAULTS_SAY:-} ]] || echo "    $command, $when: $CODE $(tail -n 1 <<<"$SAID")"
		done
	done
	expect_equal "what there is" "$(everything)" "$BEFORE"
	expect "without a fault it works" timeout 20 nsenter --net="/run/netns/$LAB-gate" "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" "${words[@]}"
	echo "  $TRIED faults so far"
done
end
