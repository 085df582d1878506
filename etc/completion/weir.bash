# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What may come next is weir's to say; where it says nothing, file names.

_weir() {
	local words=("${COMP_WORDS[@]:1:COMP_CWORD}")

	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" complete -- "${words[@]}" 2>/dev/null)
}

complete -o default -F _weir weir
