#compdef weir
# SPDX-License-Identifier: GPL-2.0-only
# What may come next is weir's to say; where it says that a file does, file names.

local said
local -a candidates
if said=$("${words[1]}" complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null); then
	candidates=(${(f)said})
	compadd -S '' -- ${(M)candidates:#*[:=]}
	compadd -- ${candidates:#*[:=]}
else
	_files
fi
