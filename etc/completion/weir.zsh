#compdef weir
# SPDX-License-Identifier: GPL-2.0-only
# What may come next is weir's to say; where it says nothing, file names.

local -a candidates
candidates=("${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
if [[ -n ${candidates[1]} ]]; then
	compadd -- "${candidates[@]}"
else
	_files
fi
