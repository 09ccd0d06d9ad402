# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# The laboratory: namespaces, and processes in them. Sourced by run and by tests/soak/*, which do
#
#   . lab.sh
#   lab_enter "$@" || exit 77
#   lab_begin BUILD_DIR
#   lab_bound SECONDS
#
# and then build with network.sh and look with observe.sh. Every process is killed by the kernel
# with the calling shell, and the namespaces go with the processes: nothing is left but LAB_DIR,
# which the exit trap removes.

export LC_ALL=C
LAB_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
declare -A LAB_NS LAB_PID LAB_TOOL
# shellcheck source=/dev/null
. "$LAB_HERE/peers.sh"
# shellcheck source=/dev/null
. "$LAB_HERE/network.sh"
# shellcheck source=/dev/null
. "$LAB_HERE/observe.sh"

lab_fail() {
  echo "lab: $*" >&2
  exit 1
}

lab_find_tools() {
  local tool
  for tool in ip bridge ethtool iperf3 bird birdc; do
    LAB_TOOL[$tool]=$(peers_find "$tool") || return 1
  done
}

# Runs the calling script again inside namespaces of its own; 1 where the machine allows none. What
# has to be fetched is fetched before, for inside there is no network but the laboratory's.
lab_enter() { # ARGUMENT...
  local how
  [ -z "${LAB_INSIDE:-}" ] || return 0
  lab_find_tools || exit 1
  for how in "-n -m" "-n" "-Ur -n -m" "-Ur -n"; do
    # shellcheck disable=SC2086 # one word per flag
    if unshare $how "${LAB_TOOL[ip]}" link add type veth >/dev/null 2>&1; then
      export LAB_INSIDE="$how"
      exec unshare $how "$0" "$@"
    fi
  done
  echo "lab: no network namespaces here, neither as root nor through user namespaces" >&2
  return 1
}

# LAB_DIR holds NAME.out and NAME.err of everything that lab_start starts.
lab_begin() { # BUILD_DIR
  LAB_BUILD=$(cd "$1" && pwd) || exit 2
  lab_find_tools || exit 1
  LAB_DIR=$(mktemp -d /tmp/gyre-lab.XXXXXX)
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap lab_end EXIT
  case $LAB_INSIDE in *-m*) mount -t tmpfs tmpfs /run 2>/dev/null ;; esac
  lab_share_cpus
  lab_knobs
}

# With LAB_KEEP=DIRECTORY the captures and logs stay there.
lab_end() {
  local status=$? name
  trap '' INT TERM
  for name in "${!LAB_PID[@]}"; do
    lab_kill "$name" KILL
  done
  if [ -n "${LAB_KEEP:-}" ]; then
    rm -rf "$LAB_KEEP" && cp -r "$LAB_DIR" "$LAB_KEEP"
  fi
  rm -rf "$LAB_DIR"
  exit "$status"
}

# The gateway spins on the last CPU; all else takes turns on the others, where there are others.
lab_share_cpus() {
  local list first
  list=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
  LAB_GW_CPU=${list##*[-,]}
  first=${list%%[-,]*}
  [ "$first" = "$LAB_GW_CPU" ] ||
    taskset -pc "$first-$((LAB_GW_CPU - 1))" $$ >/dev/null 2>&1
}

# No IPv6, whose own packets would be counted, and the way back may differ from the way there.
lab_knobs() {
  local knob
  for knob in all default; do
    [ ! -e /proc/sys/net/ipv6 ] || echo 1 >"/proc/sys/net/ipv6/conf/$knob/disable_ipv6"
    echo 0 >"/proc/sys/net/ipv4/conf/$knob/rp_filter"
  done && echo 1 >/proc/sys/net/ipv4/ip_forward
}

lab_is_apart() { # PID
  [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

lab_namespace() { # NAME
  setpriv --pdeathsig KILL unshare -n sleep 3600 </dev/null >/dev/null 2>&1 &
  LAB_PID[ns-$1]=$!
  LAB_NS[$1]=$!
  lab_until 5 lab_is_apart "$!" || lab_fail "no namespace $1"
  lab_in "$1" "$BASH" -c "$(declare -f lab_knobs); lab_knobs" || lab_fail "/proc is not writable"
}

# The namespace `lab` is this shell's own.
lab_in() { # NAMESPACE COMMAND...
  nsenter -t "${LAB_NS[$1]:-$$}" -n "${@:2}"
}

# LAB_PID[NAME] is the command itself. Each runs in a session of its own, which the kernel schedules
# as one; where the machine lets us ask for it, ahead of what else the machine does.
lab_start() { # NAME NAMESPACE COMMAND...
  # shellcheck disable=SC2016 # the inner shell's
  nsenter -t "${LAB_NS[$2]:-$$}" -n setsid setpriv --pdeathsig KILL \
    "$BASH" -c '{ echo -15 >/proc/self/autogroup; } 2>/dev/null; exec "$@"' "$1" "${@:3}" \
    >"$LAB_DIR/$1.out" 2>"$LAB_DIR/$1.err" </dev/null &
  LAB_PID[$1]=$!
}

lab_kill() { # NAME SIGNAL: ends it, and forgets it
  [ -n "${LAB_PID[$1]:-}" ] || return 0
  kill "-$2" "${LAB_PID[$1]}" 2>/dev/null
  wait "${LAB_PID[$1]}" 2>/dev/null
  unset "LAB_PID[$1]"
}

lab_gone() { # PID: ended, whether or not it was waited for
  case $(awk '/^State/ { print $2 }' "/proc/$1/status" 2>/dev/null) in
    '' | Z) return 0 ;;
    *) return 1 ;;
  esac
}

lab_alive() { # NAME
  [ -n "${LAB_PID[$1]:-}" ] && ! lab_gone "${LAB_PID[$1]}"
}

# SIGNAL, at most SECONDS for its last words; LAB_STATUS is what it exited with.
lab_finish() { # NAME SIGNAL SECONDS
  local pid=${LAB_PID[$1]:-}
  LAB_STATUS=127
  [ -n "$pid" ] || return 0
  kill "-$2" "$pid" 2>/dev/null
  lab_until "$3" lab_gone "$pid" || kill -KILL "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  LAB_STATUS=$?
  unset "LAB_PID[$1]"
}

# The whole experiment may take this long.
lab_bound() { # SECONDS
  mkfifo "$LAB_DIR/never"
  setpriv --pdeathsig KILL "$BASH" -c "read -rt $1 _ <>'$LAB_DIR/never'
    echo 'lab: not done after $1 seconds' >&2; kill -TERM $$" &
  LAB_PID[bound]=$!
}

lab_until() { # SECONDS COMMAND...: tries until it succeeds
  local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
  until "${@:2}"; do
    [ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
    sleep 0.02
  done
}
