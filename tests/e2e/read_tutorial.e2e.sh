#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# doc/tutorial.md, from a machine without weir to one that has been without it again.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/pages.sh
. "$(dirname "$0")/pages.sh"
begin tutorial
lab_apps
lab_spawn gate socat TCP-LISTEN:22,reuseaddr,fork EXEC:cat # stands for sshd

page doc/tutorial.md :

story "what the reader has written stays, until a purge takes it"
expect "weir.yaml" machine test -e /etc/weir/weir.yaml
expect "apt-get purge" machine apt-get purge -y weir
expect_not "what is left" machine sh -c 'ls -d /etc/weir /var/lib/weir'
machine_down
end
