#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# doc/operations.md, on the machine that the tutorial leaves.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/pages.sh
. "$(dirname "$0")/pages.sh"
begin operations
lab_apps
lab_spawn gate socat TCP-LISTEN:22,reuseaddr,fork EXEC:cat # stands for sshd

page doc/operations.md installed
machine_down
end
