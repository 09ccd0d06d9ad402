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

# How many timed waits ended 2.1 ms (2^21 ns) late or more, in the histograms of lateness on
# standard input: rows of NAME and EDGE:COUNT..., where a bucket ends at EDGE nsec and begins at
# half of it.
lab_late_waits() {
  awk '
    $1 == "Lateness" { table = 1; next }
    NF < 2 { table = 0 }
    table {
      for (i = 2; i <= NF; i++) {
        split($i, bucket, ":")
        if (bucket[1] >= 4194304)
          late += bucket[2]
      }
    }
    END { print late + 0 }'
}

# The last account of packets in FILE is closed, the drivers received and sent as many as the
# gateway did, and all buffers came back to the pool.
lab_account_closed() { # FILE
  awk '
    $1 == "Interface" && $2 == "Port" { table = 1; received = sent = 0; next }
    NF == 0 { table = 0 }
    table { received += $3; sent += $4 }
    /^Packets: / { closed = /: closed$/ && $3 == received && $9 == sent }
    /^Packet buffers: / { back = $3 > 0 && $3 == $5 }
    END { exit !(closed && back) }' "$1"
}

lab_reported() { # LINES: the gateway has finished another report by now
  tail -n "+$(($1 + 1))" "$LAB_DIR/gateway.out" | grep -q '^Packets: '
}

# What the gateway reports now.
lab_report() {
  local lines
  lines=$(wc -l <"$LAB_DIR/gateway.out")
  kill -USR1 "${LAB_PID[gateway]}"
  lab_until 2 lab_reported "$lines"
  tail -n "+$((lines + 1))" "$LAB_DIR/gateway.out"
}

# The late waits of the gateway's processes so far; 0 when there is no such gateway.
lab_lateness() {
  if ! lab_alive gateway || [ -e "$LAB_DIR/gateway.ctl" ]; then
    echo 0
  else
    lab_report | lab_late_waits
  fi
}

lab_lateness_mark() {
  LAB_LATE_BEFORE=$(lab_lateness)
}

# Since the mark, the machine ran something in the gateway's loop so late that the bound could not
# be kept.
lab_stalled() {
  [ "$(lab_lateness)" -gt "$LAB_LATE_BEFORE" ]
}
