#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No page lies: every command of README.md and doc/*.md is run, in order, on a machine such as the page
# is about, and prints what the page shows. tests/e2e/pages.sh has the markers; the tutorial and the
# operations have programs of their own.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/pages.sh
. "$(dirname "$0")/pages.sh"
begin pages
lab_apps
lab_spawn gate socat TCP-LISTEN:22,reuseaddr,fork EXEC:cat # stands for sshd

page README.md machine_package
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
