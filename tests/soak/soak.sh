# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of the long tier share; they run on the laboratory of the gateway's demo. Each is
# started as `NAME [--kernel] BUILD_DIR`; --kernel puts the kernel and BIRD in the gateway's place,
# to prove the experiment itself. Exit status: 0, 1 for a fault, 77 where it cannot run.

# shellcheck source=/dev/null
. "$(dirname "$0")/../../examples/ha-gateway/demo/lab.sh"
SOAK_FAULTS=0
SOAK_KERNEL=

soak_begin() { # SECONDS ARGUMENT...: the laboratory, for at most so long
  if [ "${*: -1}" = "$2" ] && [ -d "$2" ]; then
    :
  elif [ "$2" = --kernel ] && [ -d "${3:-}" ]; then
    SOAK_KERNEL=1
  else
    echo "usage: ${0##*/} [--kernel] BUILD_DIR" >&2
    exit 2
  fi
  lab_enter "${@:2}" || exit 77
  lab_begin "${*: -1}"
  lab_bound "$1"
  if [ -z "$SOAK_KERNEL" ] && [ ! -x "$LAB_BUILD/examples/ha-gateway/ha-gateway" ]; then
    echo "SKIP: no ha-gateway in $LAB_BUILD: built without DPDK?"
    exit 77
  fi
}

soak_fault() {
  echo "FAULT: $*"
  SOAK_FAULTS=$((SOAK_FAULTS + 1))
}

soak_gateway() { # OPTION...
  if [ -n "$SOAK_KERNEL" ]; then lab_kernel_gateway; else lab_gateway "$@"; fi
}

# Up on both uplinks, and probes through the first.
soak_settle() {
  lab_until 5 lab_bfd_up a || soak_give_up "BFD does not come up on uplink 0"
  lab_until 5 lab_bfd_up b || soak_give_up "BFD does not come up on uplink 1"
  [ -n "${LAB_PID[probe]:-}" ] || lab_probes 10000000
  lab_until 15 lab_probes_on a || soak_give_up "no probe over uplink 0"
  sleep 0.5
}

soak_give_up() {
  soak_fault "$*"
  tail -n 20 "$LAB_DIR"/gateway.err "$LAB_DIR"/gateway.out
  exit 1
}

# Breaks uplink 0, measures, repairs, and waits until its route is back.
soak_failure() { # BREAK REPAIR
  local begin end
  lab_lateness_mark
  begin=$(lab_clock)
  "$1" a
  lab_until 3 lab_probes_on b
  sleep 1.6
  end=$(lab_clock)
  "$2" a
  lab_measure "$begin" "$end" a b
  lab_until 15 lab_probes_on a || soak_give_up "the route does not come back"
  sleep 0.5
}

# SIGINT: the gateway must close its accounts.
soak_stop() {
  [ -z "$SOAK_KERNEL" ] || return 0
  lab_finish gateway INT 5
  [ "$LAB_STATUS" -eq 0 ] && lab_account_closed "$LAB_DIR/gateway.out" && return 0
  soak_fault "the gateway exited with $LAB_STATUS, or its account is not closed"
  cat "$LAB_DIR"/gateway.err "$LAB_DIR"/gateway.out
}

soak_end() {
  lab_kill probe TERM
  soak_stop
  [ "$SOAK_FAULTS" -eq 0 ]
  exit
}

soak_distribution() { # WHAT USEC...
  printf '%s\n' "${@:2}" | sort -n | awk -v what="$1" '
    { value[NR] = $1 / 1000 }
    END { printf "%s: n %d, min %.2f ms, median %.2f ms, max %.2f ms\n", what, NR, value[1],
      value[int((NR + 1) / 2)], value[NR] }'
}

# No BFD packet between BEGIN and END says anything but Up, either way, on either wire, and there
# are at least MINIMUM of each kind.
soak_no_flap() { # BEGIN END MINIMUM
  awk -v begin="$1" -v end="$2" -v minimum="$3" '
    $4 != "bfd" || $1 < begin || $1 > end { next }
    {
      kind = $2 " " $3
      count[kind]++
      if ($5 != "Up") {
        printf "%s %s: %s, diagnostic %d\n", $1, kind, $5, $6
        bad++
      }
      if (kind in last && $1 - last[kind] > gap[kind])
        gap[kind] = $1 - last[kind]
      last[kind] = $1
    }
    END {
      split("a to,a from,b to,b from", kinds, ",")
      for (i = 1; i <= 4; i++) {
        kind = kinds[i]
        printf "uplink %s gateway: %d packets, longest silence %.1f ms\n", kind, count[kind],
          gap[kind] * 1000
        if (count[kind] < minimum)
          bad++
      }
      exit bad > 0
    }' "$LAB_DIR/watch.out"
}
