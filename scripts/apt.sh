# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# apt.sh: sourced by the scripts that fetch Debian's packages without installing them.
#
# apt works on a configuration, lists and cache of its own under build/apt, one a suite and
# architecture: the system's sources are neither read nor changed. What has been fetched is kept;
# the lists are refreshed once a day, so that a day without a network still has what it had.

# SITE CODENAME: what this machine installs Debian from; nothing where apt knows no archive of it.
debian_archive() {
	apt-get indextargets --format '$(LABEL) $(SITE) $(CODENAME)' 'Created-By: Packages' |
		awk '$1 == "Debian" && $3 !~ /-/ && !found++ { print $2, $3 }'
}

# Make apt-get and apt-cache work on that suite and architecture. The folder is in apt_dir.
# The sandbox user could not read a private folder.
use_archive() { # SUITE ARCHITECTURE
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	local mirror=${WEIR_DEBIAN_MIRROR:-$(debian_archive | cut -d' ' -f1)}
	mirror=${mirror:-http://deb.debian.org/debian}
	apt_dir=$PWD/build/apt/$1-$2
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/archives/partial"
	echo "deb [arch=$2 signed-by=$keyring] $mirror $1 main" >"$apt_dir/sources.list"
	cat >"$apt_dir/apt.conf" <<-END
		Dir::Etc::sourcelist "$apt_dir/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::State "$apt_dir/state";
		Dir::State::lists "$apt_dir/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$apt_dir";
		APT::Architecture "$2";
		APT::Architectures "$2";
		APT::Sandbox::User "root";
		APT::Install-Recommends "false";
	END
	export APT_CONFIG=$apt_dir/apt.conf
	[[ -n $(find "$apt_dir/fresh" -mmin -1440 2>/dev/null) ]] && return
	if apt-get -qq update; then
		touch "$apt_dir/fresh"
	else
		echo "${0##*/}: the archive does not answer; using what is here" >&2
	fi
}
