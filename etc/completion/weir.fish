# SPDX-License-Identifier: GPL-2.0-only
# What may come next is weir's to say; where it says that a file does, file names.

function __weir_complete
	set -l words (commandline -opc)
	set -l program $words[1]
	set -e words[1]
	set -l last (commandline -ct | string replace -ra '["\'\\\\]' '')
	set -l said ($program complete -- $words "$last" 2>/dev/null)
	if test $status -eq 0
		printf '%s\n' $said
	else
		__fish_complete_path (commandline -ct)
	end
end

complete -c weir -f -a '(__weir_complete)'
