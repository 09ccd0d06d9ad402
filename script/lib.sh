# shellcheck shell=sh
# Sourced by script/*, .ci/run: packages, bootstrap, build. The one place that names packages.
LC_ALL=C
export LC_ALL
top=$(cd "$(dirname "$0")/.." && pwd)

# What each group needs on Debian 12. `build` is enough for configure, make and make check.
packages() {
  for group in "$@"; do
    case $group in
      build)
        echo gcc g++ libc6-dev make autoconf automake libtool pkgconf check
        echo libdpdk-dev libsystemd-dev
        echo libuv1-dev libjansson-dev libmicrohttpd-dev libncurses-dev libglib2.0-dev
        ;;
      # Its laboratory unpacks BIRD, iperf3 and the like beside the system, without installing.
      demo) echo iproute2 graphviz curl ;;
      # What make check runs besides: the page in a browser, dpdk-telemetry.py, Prometheus.
      test)
        echo chromium chromium-driver python3-selenium graphviz mandoc dpdk-dev
        echo curl python3-prometheus-client python3 gnuplot-nox
        ;;
      # The pictures in docs/images, by tools/screenshots.
      docs) echo chromium chromium-driver python3-selenium pngquant ;;
      # The peers that script/bench measures beside gyre, and what draws and counts.
      bench)
        echo libboost-context-dev libpth-dev libev-dev libuv1-dev libdpdk-dev
        echo python3 gnuplot-nox valgrind
        ;;
      ci) echo clang libclang-rt-dev clang-format shellcheck xz-utils valgrind binutils ;;
      matrix) echo clang libclang-rt-dev valgrind ;;
      *) echo "packages: no group $group" >&2 && return 1 ;;
    esac
  done
}

missing_packages() {
  # shellcheck disable=SC2046 # a list of words
  for package in $(packages "$@"); do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=none
    [ "$status" = installed ] || echo "$package"
  done
}

# need GROUP...: installs what is missing, as root or by sudo; else lists it and ends the script.
# Says nothing and asks no server when all is there.
need() {
  if ! command -v dpkg-query >/dev/null; then
    echo "Not a Debian system; these must be there under your system's names:" >&2
    packages "$@" >&2
    return 0
  fi
  missing=$(missing_packages "$@" | sort -u | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -eq 0 ]; then
    as_root=
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=sudo
  elif command -v sudo >/dev/null && [ -t 0 ]; then
    as_root=sudo
  else
    echo "These packages are missing, and only root can install them:" >&2
    echo "  apt-get install --no-install-recommends $missing" >&2
    exit 1
  fi
  echo "Installing $missing"
  # shellcheck disable=SC2086 # lists of words
  $as_root env DEBIAN_FRONTEND=noninteractive sh -c '
    if ! apt-get install -qq -y --no-install-recommends "$@"; then
      apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@"
    fi' apt $missing </dev/null >"${TMPDIR:-/tmp}/gyre-apt.$$" 2>&1 || {
    cat "${TMPDIR:-/tmp}/gyre-apt.$$" >&2
    rm -f "${TMPDIR:-/tmp}/gyre-apt.$$"
    exit 1
  }
  rm -f "${TMPDIR:-/tmp}/gyre-apt.$$"
}

jobs() {
  nproc 2>/dev/null || echo 2
}

bootstrap() {
  [ -x "$top/configure" ] || "$top/autogen.sh"
}

# configured DIR ARGS...: DIR is configured with just these arguments, anew if it was otherwise, or
# before DPDK was there.
configured() {
  dir=$1
  shift
  mkdir -p "$dir"
  if [ -f "$dir/config.status" ] && [ -f "$dir/.configured" ] &&
    [ "$* $("$dir/config.status" --config)" = "$(cat "$dir/.configured")" ]; then
    case "$*" in *--without-dpdk*) return 0 ;; esac
    if grep -q 'define HAVE_DPDK 1' "$dir/config.h" || ! pkg-config --exists libdpdk; then
      return 0
    fi
  fi
  (cd "$dir" && "$top/configure" "$@")
  echo "$* $("$dir/config.status" --config)" >"$dir/.configured"
}

# build DIR: all of it, the programs of make check included.
build() {
  make -C "$1" -j "$(jobs)" all
  make -C "$1" -j "$(jobs)" check TESTS=
}

# count_tests DIR: "PASSED FAILED SKIPPED" of the last make check, where one test of libcheck counts
# as one, and a script as one.
count_tests() {
  find "$1" -name '*.trs' | sort | while read -r trs; do
    result=$(sed -n 's/^:global-test-result: //p' "$trs")
    log=${trs%.trs}.log
    checks=$(grep -E '^[0-9]+%: Checks: ' "$log" | tail -n 1 | sed -E 's/^[0-9]+%|[^0-9 ]//g')
    skips=$(grep -c '^SKIP: ' "$log" || :)
    echo "$result" "${skips:-0}" "${checks:-none}"
  done | awk '
    $3 == "none" && $1 == "PASS" { passed++; next }
    $3 == "none" && $1 == "SKIP" { skipped++; next }
    $3 == "none" { failed++; next }
    {
      bad = $4 + $5
      # Died after its last test, or leaked: the program has failed all the same.
      if ($1 != "PASS" && $1 != "SKIP" && bad == 0) bad = 1
      good = $3 - bad - $2
      passed += good < 0 ? 0 : good; failed += bad; skipped += $2
    }
    END { print passed + 0, failed + 0, skipped + 0 }'
}
