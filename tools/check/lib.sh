# shellcheck shell=sh
# Sourced by the checks. `make check` gives top_srcdir and top_builddir; by hand, they are guessed.
# A check reports each fault with `fault` and ends with `verdict`.
LC_ALL=C
export LC_ALL
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
top_builddir=$(cd "${top_builddir:-$top_srcdir/build}" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
: >"$scratch/faults"

# A file, so that the body of a pipe can report, too.
fault() {
  printf '%s\n' "$*" | tee -a "$scratch/faults"
}

# verdict COUNT WHAT: a check that looked at nothing has failed.
verdict() {
  if [ "$1" -eq 0 ]; then
    fault "nothing was checked: no $2"
  fi
  if [ -s "$scratch/faults" ]; then
    echo "FAILED: $(wc -l <"$scratch/faults") faults"
    exit 1
  fi
  echo "$1 $2 checked"
}

# skip REASON: as tests/harness.h has it.
skip() {
  if [ "${GYRE_TEST_NO_SKIP:-}" = 1 ]; then
    fault "skipped, but GYRE_TEST_NO_SKIP=1: $1"
    exit 1
  fi
  echo "SKIP: $1"
  exit 77
}

# sources [PATTERN]: the C and assembly files of the tree, relative to top_srcdir.
sources() {
  (
    cd "$top_srcdir" || exit 1
    for dir in include lib gyrectl examples tests bench; do
      find "$dir" -name "${1:-*.[chS]}" -type f
    done | sort
  )
}
