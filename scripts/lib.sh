# scripts/lib.sh - what quickstart and check share: talking, packages, build. Sourced by bash.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

BUILD_PACKAGES=(autoconf automake gcc libc6-dev binutils make m4 pkgconf python3
	libngtcp2-dev libngtcp2-crypto-gnutls-dev libgnutls28-dev libjemalloc-dev liblz4-dev
	libcmocka-dev protobuf-c-compiler libprotobuf-c-dev liburcu-dev libunistring-dev libedit-dev
	libsmartcols-dev libxxhash-dev libmicrohttpd-dev libpcre2-dev)

if [ -t 1 ]; then
	bold=$(printf '\033[1m') red=$(printf '\033[31m') plain=$(printf '\033[0m')
else
	bold='' red='' plain=''
fi

say() { printf '%s==>%s %s\n' "$bold" "$plain" "$*"; }
fail() {
	printf '%serror:%s %s\n' "$red" "$plain" "$*" >&2
	exit 1
}

# Runs its arguments with the output in a file, of which the end is shown when the command fails.
# quietly LOG COMMAND...
quietly() {
	local log=$1 shown=${*:2}
	shift
	printf '    %s\n' "${shown#as_root }"
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 40 "$log" >&2
		printf '%serror:%s %s failed; all of its output: %s\n' "$red" "$plain" "$1" "$log" >&2
		return 1
	fi
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		fail "'$*' needs root, and there is no sudo: run this script as root"
	fi
}

# install_packages LOG PACKAGE...: installs those that are not there; says nothing when all are.
install_packages() {
	local log=$1 missing=() package
	shift
	command -v dpkg-query >/dev/null ||
		fail "this is no Debian; install the equivalents of: $*"
	for package; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
			missing+=("$package")
	done
	if [ ${#missing[@]} -eq 0 ]; then
		say "packages: all $# are installed"
		return
	fi
	say "packages: installing ${#missing[@]} of $#: ${missing[*]}"
	quietly "$log" as_root apt-get update || fail "apt-get update failed: are Debian's mirrors reachable?"
	quietly "$log" as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install --yes --no-install-recommends "${missing[@]}" ||
		fail "apt-get could not install the packages"
}

# make_configure LOG: bootstrap when configure is missing or older than what it is made from.
make_configure() {
	if [ ! -e "$top/configure" ] || [ ! -e "$top/Makefile.in" ] ||
		[ -n "$(find "$top/configure.ac" "$top/m4" -newer "$top/configure" -print -quit)" ]; then
		quietly "$1" "$top/bootstrap" || return 1
	fi
}

# build DIR CONFIGURE-OPTION...: configures DIR once and brings it up to date.
build() {
	local dir=$1
	shift
	mkdir -p "$dir"
	make_configure "$dir/bootstrap.out" || return 1
	if [ ! -e "$dir/config.status" ] || [ "$(cat "$dir/options" 2>/dev/null)" != "$*" ]; then
		(cd "$dir" && quietly "$dir/configure.out" "$top/configure" --quiet "$@") || return 1
		printf '%s\n' "$*" >"$dir/options"
	fi
	quietly "$dir/make.out" make -C "$dir" -j "$jobs" --no-print-directory
}
