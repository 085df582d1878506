#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A policy on trial: apply --try goes back by itself unless weir confirm comes, with no process
# of weir alive; verify and status say so.
. "$(dirname "$0")/lib.sh"
begin trial
lab_app blog 10.66.0.2
lab_start

story "a trial that nobody confirms ends by itself"
expect "verify finds no drift" weir verify
echo "$CLIENT" >>"$LAB_DIR/known-bad.txt"
expect_exit 3 "verify sees that the files have changed" weir verify
expect "weir apply --try 3s" weir apply --try 3s
expect_not "the client that the trial lists is served" served
expect "weir status" weir status
expect_said "status says that it goes back" 'goes back'
expect "the client is served when the trial is over" eventually 6 served
expect "weir status" weir status
expect_said "status says how it ended" 'ended unconfirmed'
expect_exit 3 "verify sees that the files are not in force" weir verify
expect_not "a confirm that comes too late" weir confirm
expect "the client is still served" served

story "a trial that is confirmed stays"
expect "weir apply --try 2s" weir apply --try 2s
expect "weir confirm" weir confirm
sleep 2.5
expect_not "the client that the policy lists is served" served
expect "verify finds no drift" weir verify
lab_files
expect "weir apply" weir apply
expect_filtering "after it"
end
