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

story "every reason, ending, metric and key that a page names exists"
names=$(grep -oE '^\| `[a-z_.]+`' "$LAB_ROOT/doc/reference.md" | sed 's/^| `//; s/`$//; s/^proxy[.]//')
for file in "$LAB_ROOT"/{README,SECURITY,CHANGELOG}.md "$LAB_ROOT"/doc/{tutorial,operations}.md; do
	for word in $(grep -oE '`[a-z]+_[a-z_]*\*?:?`' "$file" | tr -d '`:' | sort -u); do
		grep -qxE -- "${word/\*/.*}" <<<"$names" || grep -rqF -- "\"$word" "$LAB_ROOT/user/proxy" ||
			fails "${file##*/} names $word" "neither doc/reference.md nor the log has it"
	done
done
machine_down
end
