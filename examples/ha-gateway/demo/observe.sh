# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What can be seen of the laboratory from outside the gateway: the capture of watch.c, the far
# host's record of probe.c, and, for the one question whether the machine ran the gateway at all,
# the gateway's own lateness. Sourced by lab.sh. Times are seconds of CLOCK_MONOTONIC.

lab_clock() {
  "$LAB_BUILD/examples/ha-gateway/demo/probe" clock
}

# The last probes went that way.
lab_probes_on() { # a|b
  tail -n 200 "$LAB_DIR/watch.out" | awk -v wire="$1" '
    $3 == "from" && $4 == "probe" { here = $2 == wire ? here + 1 : 0 }
    END { exit !(here >= 5) }'
}

# Both ends say so.
lab_bfd_up() { # a|b
  tail -n 400 "$LAB_DIR/watch.out" | awk -v wire="$1" '
    $2 == wire && $4 == "bfd" { state[$3] = $5 }
    END { exit !(state["to"] == "Up" && state["from"] == "Up") }'
}

# The far host answers that way.
lab_return_path() { # a|b
  lab_in far "${LAB_TOOL[ip]}" route get "$LAB_INSIDE_HOST" 2>/dev/null | grep -q "dev to-$1 "
}

# Sets moved_usec, bfd_usec, silent_usec, lost, first_lost, last_lost, doubled, outage_usec, seen:
# see measure.awk.
lab_measure() { # BEGIN END FAILED OTHER
  eval "$(awk -f "$LAB_HERE/measure.awk" -v begin="$1" -v end="$2" -v wire="$3" -v other="$4" \
    "$LAB_DIR/watch.out" "$LAB_DIR/far-probe.out")"
}

# The worst lateness, in microseconds, in the tables of processes on standard input.
lab_worst_lateness() {
  awk '
    BEGIN { unit["ns"] = 1e-3; unit["us"] = 1; unit["ms"] = 1e3; unit["s"] = 1e6 }
    $1 == "Process" { table = 1; next }
    NF < 10 { table = 0 }
    table {
      late = $(NF - 2)
      name = late
      sub(/[a-z]+$/, "", late)
      sub(/^[0-9.]+/, "", name)
      if (late * unit[name] > worst)
        worst = late * unit[name]
    }
    END { printf "%d\n", worst }'
}

lab_reported() { # LINES: the gateway has printed more by now
  [ "$(wc -l <"$LAB_DIR/gateway.out")" -gt "$1" ]
}

# The same of what the gateway's processes have to report so far; 0 when there is no such gateway.
lab_lateness() {
  local lines
  if ! lab_alive gateway || [ -e "$LAB_DIR/gateway.ctl" ]; then
    echo 0
    return
  fi
  lines=$(wc -l <"$LAB_DIR/gateway.out")
  kill -USR1 "${LAB_PID[gateway]}"
  lab_until 1 lab_reported "$lines"
  sleep 0.05
  tail -n "+$((lines + 1))" "$LAB_DIR/gateway.out" | lab_worst_lateness
}

lab_lateness_mark() {
  LAB_LATE_BEFORE=$(lab_lateness)
}

# Since the mark, something in the gateway's loop ran so late that the bound could not be kept.
lab_stalled() {
  [ "$(lab_lateness)" -gt "$((LAB_LATE_BEFORE > 3000 ? LAB_LATE_BEFORE : 3000))" ]
}
