#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What scripts/kernels runs inside the virtual machine: the kernel's own tests, their loads of the
# gate that other compilers made, then those gate tests that it names. Prints `ok NAME` and
# `not ok NAME` lines for it to read.
modprobe -a veth 8021q dummy

# Criterion's TAP -> verdicts; a program that dies without one is a failure of its own.
run() { # PROGRAM ARGUMENTS...
	name=${1#/tests/}
	code=0
	"$@" --tap=/tmp/tap 2>&1 || code=$?
	sed -n -e '/# SKIP/d' -e "s,^\(ok\|not ok\) - ,\1 $name ,p" /tmp/tap
	if [ $code -ne 0 ] && ! grep -q '^not ok' /tmp/tap; then
		echo "not ok $name: ended with exit code $code"
	fi
	rm -f /tmp/tap
}

run /tests/kernel-tests --jobs=1 # they load and unload modules
for program in /tests/clang-*/kernel-tests; do
	[ -e "$program" ] || continue
	echo "fact: by ${program#/tests/}:"
	run "$program" --jobs=1 --filter='load/takes_*'
done
modprobe nf_conntrack            # the lookup of it is resolved when the gate is loaded
export LIBXDP_SKIP_DISPATCHER=1  # the gate tests attach by links
run /tests/gate-tests --jobs=1 --filter="$(cat /tests/filter)"
