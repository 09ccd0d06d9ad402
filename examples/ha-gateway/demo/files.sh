# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The gateway without a network, for machines that allow no namespaces: DPDK's pcap driver reads
# what the ports receive from files and writes what they send to files. Sourced by run. It shows
# forwarding, drops and the closing of accounts; what fails over is only in the full demonstration.

files_gateway() { # BUILD DIRECTORY: 64 MB and one CPU, no privilege of any kind
  local cpus options=() name port=0
  cpus=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
  for name in inside uplink0 uplink1; do
    options+=("--vdev=net_pcap$port,rx_pcap=$2/$name.pcap,tx_pcap=$2/$name-sent.pcap")
    port=$((port + 1))
  done
  exec env RUNTIME_DIRECTORY="$2" \
    timeout --preserve-status -k 5 -s INT 3 "$1/examples/ha-gateway/ha-gateway" \
    --inside "0,$LAB_INSIDE_GW/24" \
    --uplink "1,${LAB_GW_ADDRESS[a]}/30,${LAB_ROUTER[a]}" \
    --uplink "2,${LAB_GW_ADDRESS[b]}/30,${LAB_ROUTER[b]}" --no-bfd -- \
    --no-pci -l "${cpus##*[-,]}" --no-huge -m 64 --no-shconf --no-telemetry \
    --log-level=warning "${options[@]}"
}

files_run() { # BUILD COUNT
  local build directory status=0
  build=$(cd "$1" && pwd) || return 2
  directory=$(mktemp -d /tmp/gyre-files.XXXXXX)
  "$build/examples/ha-gateway/demo/frames" write "$directory" "$2" || status=1
  (files_gateway "$build" "$directory") >"$directory/gateway.out" || {
    echo "demo: the gateway exited with $?" >&2
    status=1
  }
  cat "$directory/gateway.out"
  lab_account_closed "$directory/gateway.out" || {
    echo "demo: the account of packets is not closed" >&2
    status=1
  }
  "$build/examples/ha-gateway/demo/frames" check "$directory/uplink0-sent.pcap" "$2" || status=1
  rm -rf "$directory"
  return $status
}
