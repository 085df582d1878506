#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No page lies: every command of README.md and doc/*.md is run, in order, on a machine such as the page
# is about, and prints what the page shows. tests/e2e/pages.sh has the markers.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/machine.sh
. "$(dirname "$0")/machine.sh"
# shellcheck source=tests/e2e/pages.sh
. "$(dirname "$0")/pages.sh"
begin pages
lab_apps
machine_package >/dev/null
lab_spawn gate socat TCP-LISTEN:22,reuseaddr,fork EXEC:cat # stands for sshd

# ---- what happens on the machine between the commands -------------------------------------

log_in() { # a session that stays
	lab_spawn client socat -u "TCP4:$GATE:22,bind=$CLIENT" -
	eventually 5 gate sh -c "ss -Htn state established | grep -q '$CLIENT:'" ||
		fails "$PAGE: an operator logs in"
}
log_in_again() { expect "$PAGE: a second session" can_connect $CLIENT $GATE 22; }
listed_knocks() { expect_not "$PAGE: a listed source gets in" listed_gets_in; }
scan() { # somebody sends for a while
	lab_spawn client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s 198.51.100.7/32 -r 2000 -t 8
	sleep 0.5
}

# With the files of the tutorial, as it leaves them.
as_the_tutorial_leaves_it() {
	local kept=$PAGE
	machine sh -c 'weir init example >/etc/weir/weir.yaml'
	page_run "$LAB_ROOT/doc/tutorial.md" files
	PAGE=$kept
	machine sh -ec 'weir apply; weir attach; weir confirm 2>/dev/null || :; systemctl enable --now weir-proxy' \
		>/dev/null 2>"$LAB_DIR/left.log" || fails "$PAGE: the tutorial's files" "$(cat "$LAB_DIR/left.log")"
}
list_the_customer() {
	machine weir confirm >/dev/null 2>&1 # of the page's trial, if there is one
	machine grep -q '^denylists:' /etc/weir/weir.yaml && return
	printf '%s\n' '# scanners' 198.51.100.66 | machine_write '>' /etc/weir/lists/known-bad.txt
	echo 'denylists: [lists/known-bad.txt]' | machine_write '>>' /etc/weir/weir.yaml
	machine weir apply
}
fill_disk() {
	machine sh -c 'mount -t tmpfs -o size=4k,nr_inodes=2 full /var/lib/weir && echo full >/var/lib/weir/full'
}
free_disk() { machine umount /var/lib/weir; }

# ---- the pages ------------------------------------------------------------------------------

page() { # PAGE PREPARATION...: on a fresh machine
	local file=$LAB_ROOT/$1
	story "$1: every command does what the page says"
	PAGE=$1
	machine_up
	log_in
	shift
	"$@"
	page_run "$file"
}
installed() {
	machine sh -c 'dpkg -i build/deb/weir_*.deb' >/dev/null 2>&1
	as_the_tutorial_leaves_it
}

page doc/tutorial.md :
page doc/operations.md installed
page README.md :
for file in "$LAB_ROOT"/doc/*.md; do
	[[ ! $file =~ /(tutorial|operations)\.md$ ]] || continue
	story "doc/${file##*/}: no command is shown that no test runs"
	page_run "$file"
done

story "every command and option that a page names exists"
COMMANDS=$("$WEIR" help)
for file in "$LAB_ROOT"/{README,SECURITY,CONTRIBUTING,ARCHITECTURE}.md "$LAB_ROOT"/doc/*.md; do
	page_spans "$file"
done
machine_down
end
