#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Finds programs that the laboratory needs but that must not be installed for its sake: BIRD's
# package, for one, starts a daemon. What the system lacks is unpacked, with the libraries that it
# lacks too, into a cache outside the clone, once; later calls work offline. Nothing here needs
# root.
#
#   peers.sh PROGRAM...     prints the path of each, or says what to do and fails
#   . peers.sh              gives peers_find PROGRAM

PEERS_CACHE=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/gyre/peers

peers_say() {
  echo "peers: $*" >&2
}

peers_package() { # PROGRAM: the package that holds it
  case $1 in
    bird | birdc) echo bird2 ;;
    promtool) echo prometheus ;;
    ip | bridge) echo iproute2 ;;
    *) echo "$1" ;;
  esac
}

# The system's own package lists where they are filled, else lists of our own.
peers_apt() { # COMMAND ARGUMENT...
  local own=()
  [ -d "$PEERS_CACHE/lists" ] && own=(-o "Dir::State::Lists=$PEERS_CACHE/lists")
  LC_ALL=C timeout 240 "$1" -q -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" \
    -o "Dir::Cache=$PEERS_CACHE/apt" -o Dir::Cache::pkgcache= \
    -o Dir::Cache::srcpkgcache= "${own[@]}" "${@:2}"
}

# The package and what it depends on, as far as the system does not have it.
peers_closure() { # PACKAGE
  peers_apt apt-get -s --no-install-recommends install "$1" 2>/dev/null |
    awk '$1 == "Inst" { print $2 }'
}

peers_update() {
  mkdir -p "$PEERS_CACHE/lists/partial"
  peers_apt apt-get -o APT::Update::Error-Mode=any update >/dev/null 2>&1 && return 0
  rm -rf "$PEERS_CACHE/lists"
  return 1
}

peers_wrap() { # ROOT BIN: one script per program, which finds the libraries beside it
  local program path
  # shellcheck disable=SC2016 # $here is the wrapper's
  path=$(cd "$1" && find . -name '*.so*' -printf '%h\n' | sort -u | sed 's,^\.,$here/root,' |
    paste -sd :)
  for program in "$1"/usr/sbin/* "$1"/usr/bin/* "$1"/sbin/* "$1"/bin/*; do
    [ -f "$program" ] || continue
    {
      echo '#!/bin/sh'
      echo "here=\$(dirname \"\$(dirname \"\$(readlink -f \"\$0\")\")\")"
      echo "LD_LIBRARY_PATH=$path exec \"\$here/root${program#"$1"}\" \"\$@\""
    } >"$2/${program##*/}"
    chmod +x "$2/${program##*/}"
  done
}

peers_unpack() { # PACKAGE DIRECTORY
  local packages deb
  mkdir -p "$PEERS_CACHE/apt/archives/partial" "$2/debs" "$2/root" "$2/bin"
  packages=$(peers_closure "$1")
  [ -n "$packages" ] || { peers_update && packages=$(peers_closure "$1"); }
  [ -n "$packages" ] || return 1
  # shellcheck disable=SC2086 # one word per package
  (cd "$2/debs" && peers_apt apt-get download $packages) >/dev/null 2>&1 || return 1
  for deb in "$2"/debs/*.deb; do
    dpkg-deb -x "$deb" "$2/root" || return 1
  done
  rm -rf "$2/debs"
  peers_wrap "$2/root" "$2/bin"
}

# Unpacked beside its place and then renamed into it: there is never half a package.
peers_fetch() { # PACKAGE
  local place=$PEERS_CACHE/$1 part
  [ -d "$place" ] && return 0
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  mkdir -p "$PEERS_CACHE" && part=$(mktemp -d "$PEERS_CACHE/.$1.XXXXXX") || return 1
  peers_say "unpacking $1 into $place (not installed; remove it when you like)"
  if peers_unpack "$1" "$part" && chmod 755 "$part" && mv -T "$part" "$place"; then
    return 0
  fi
  rm -rf "$part"
  [ -d "$place" ]
}

peers_find() { # PROGRAM: prints its path
  local package
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin command -v "$1" && return 0
  package=$(peers_package "$1")
  if peers_fetch "$package" && [ -x "$PEERS_CACHE/$package/bin/$1" ]; then
    echo "$PEERS_CACHE/$package/bin/$1"
    return 0
  fi
  peers_say "no $1: neither on this system nor to be had from its package lists (package $package)"
  return 1
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  status=0
  for program in "$@"; do
    peers_find "$program" || status=1
  done
  exit "$status"
fi
