# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What may come next is weir's to say; where it says that a file does, file names.

_weir() {
	local rest=${COMP_LINE#*"${COMP_WORDS[0]}"} word last said cut='' i past
	local words=()

	# Bash cuts words at : and = too, weir at blanks alone: 10.66.0.2:8080 is one.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $i -gt 1 && $rest == [![:blank:]]* ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
		rest=${rest#*"$word"}
	done
	# What stands behind the cursor is not yet there, and quotes are the shell's.
	past=$((${#COMP_LINE} - ${#rest} - COMP_POINT))
	last=${words[-1]}
	((past <= 0)) || last=${last:0:${#last}-past}
	words[-1]=$last
	words=("${words[@]//[\"\'\\]/}")

	COMPREPLY=()
	if ! said=$("${COMP_WORDS[0]}" complete -- "${words[@]}" 2>/dev/null); then
		compopt -o default 2>/dev/null
		return
	fi
	[[ -n $said ]] || return 0
	mapfile -t COMPREPLY <<<"$said"
	# Only what stands behind the last : or = is replaced.
	[[ $last == [\"\']* ]] || cut=${words[-1]%"${words[-1]##*[:=]}"}
	COMPREPLY=("${COMPREPLY[@]#"$cut"}")
	# Names may have anything in them that a shell would take for its own.
	for i in "${!COMPREPLY[@]}"; do
		[[ $last != [\"\']* && ${COMPREPLY[i]} == *[!a-zA-Z0-9._:/=,@%+-]* ]] || continue
		printf -v 'COMPREPLY[i]' %q "${COMPREPLY[i]}"
	done
	[[ ${#COMPREPLY[@]} -gt 1 || ${COMPREPLY[0]} != *[:=] ]] || compopt -o nospace 2>/dev/null
}

complete -F _weir weir
