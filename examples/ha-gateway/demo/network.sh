# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# The laboratory's network, the peers and the traffic in it, and ways to break it. Sourced by
# lab.sh. A caller does lab_topology, lab_routers, lab_gateway and lab_probes, in this order.
#
#   inside --- gw-in [gateway] gw-a --- bridge wire-a --- [router-a] --- far
#                              gw-b --- bridge wire-b --- [router-b] ---/
#
# The bridges are in the namespace of the calling shell, where all that crosses them is captured.

LAB_RATE=1000
LAB_INSIDE_NET=198.51.100.0/24
LAB_INSIDE_GW=198.51.100.1
LAB_INSIDE_HOST=198.51.100.2
LAB_FAR_HOST=203.0.113.1
# Of uplink a and b: the gateway's address, the router's, and both ends of the router's other link.
declare -A LAB_GW_ADDRESS=([a]=192.0.2.2 [b]=192.0.2.6)
declare -A LAB_ROUTER=([a]=192.0.2.1 [b]=192.0.2.5)
declare -A LAB_ROUTER_FAR=([a]=192.0.2.9 [b]=192.0.2.13)
declare -A LAB_FAR_LINK=([a]=192.0.2.10 [b]=192.0.2.14)
# What the gateway's DPDK ports are made of.
declare -A LAB_VDEV=([in]="net_af_packet0,iface=gw-in" [a]="net_af_packet1,iface=gw-a"
  [b]="net_af_packet2,iface=gw-b")

lab_ip() { # NAMESPACE ARGUMENT...
  lab_in "$1" "${LAB_TOOL[ip]}" "${@:2}" || lab_fail "in $1: ip ${*:2}"
}

# With transmit offload on, a veth's checksums are not filled in, and af_packet hands them out as
# they are.
lab_up() { # NAMESPACE INTERFACE
  lab_in "$1" "${LAB_TOOL[ethtool]}" -K "$2" tx off >/dev/null 2>&1
  lab_ip "$1" link set dev "$2" up
}

lab_veth() { # NAMESPACE INTERFACE NAMESPACE INTERFACE
  lab_ip lab link add name "$2" netns "${LAB_NS[$1]:-$$}" type veth \
    peer name "$4" netns "${LAB_NS[$3]:-$$}"
  lab_up "$1" "$2"
  lab_up "$3" "$4"
}

# The gateway's port and the router's, joined by a bridge that can be told to swallow everything.
lab_wire() { # a|b
  lab_ip lab link add name "wire-$1" type bridge mcast_snooping 0
  lab_ip lab link set dev "wire-$1" up
  lab_veth gateway "gw-$1" lab "$1-gw"
  lab_veth "router-$1" to-gw lab "$1-rt"
  lab_ip lab link set dev "$1-gw" master "wire-$1"
  lab_ip lab link set dev "$1-rt" master "wire-$1"
  lab_veth "router-$1" to-far far "to-$1"
  lab_ip "router-$1" address add "${LAB_ROUTER[$1]}/30" dev to-gw
  lab_ip "router-$1" address add "${LAB_ROUTER_FAR[$1]}/30" dev to-far
  lab_ip far address add "${LAB_FAR_LINK[$1]}/30" dev "to-$1"
  lab_ip "router-$1" route add "$LAB_FAR_HOST" via "${LAB_FAR_LINK[$1]}"
}

lab_topology() {
  local name
  for name in inside gateway router-a router-b far; do
    lab_namespace "$name"
    lab_ip "$name" link set dev lo up
  done
  lab_veth inside eth0 gateway gw-in
  lab_ip inside address add "$LAB_INSIDE_HOST/24" dev eth0
  lab_ip inside route add default via "$LAB_INSIDE_GW"
  lab_ip far address add "$LAB_FAR_HOST/32" dev lo
  lab_wire a
  lab_wire b
  lab_start watch lab "$LAB_BUILD/examples/ha-gateway/demo/watch" a=a-gw b=b-gw
}

lab_bird() { # NAME NAMESPACE, configuration on standard input
  {
    echo 'protocol device { scan time 10; }'
    echo 'protocol kernel { ipv4 { export all; }; }'
    cat
  } >"$LAB_DIR/$1.conf"
  lab_start "$1" "$2" "${LAB_TOOL[bird]}" -f -c "$LAB_DIR/$1.conf" -s "$LAB_DIR/$1.ctl" \
    -P "$LAB_DIR/$1.pid"
}

lab_birdc() { # NAME ARGUMENT...
  timeout 5 "${LAB_TOOL[birdc]}" -s "$LAB_DIR/$1.ctl" "${@:2}"
}

lab_bfd() { # INTERFACE MSEC
  echo "protocol bfd { interface \"$1\" {
    min rx interval $2 ms; min tx interval $2 ms; idle tx interval 1 s; multiplier 3; }; }"
}

lab_bgp() { # NAME LOCAL AS NEIGHBOUR AS PREFERENCE
  echo "protocol bgp $1 { local $2 as $3; neighbor $4 as $5; direct; connect delay time 1;
    connect retry time 1; error wait time 1, 1; error forget time 1;
    ipv4 { import all; export where source = RTS_STATIC; preference $6; }; }"
}

# The way there is fixed, so that what the gateway loses is all that is lost. The way back: each
# router announces the inside prefix for as long as its own BFD session with the gateway is up, so
# that the far host answers over a link that works. A stopped daemon withdraws nothing and need
# not: its kernel still forwards.
lab_router() { # a|b
  lab_bird "router-$1" "router-$1" <<END
router id ${LAB_ROUTER[$1]};
$(lab_bfd to-gw "$LAB_BFD_MSEC")
protocol static { ipv4; route $LAB_INSIDE_NET via ${LAB_GW_ADDRESS[$1]} bfd; }
$(lab_bgp far "${LAB_ROUTER_FAR[$1]}" 65001 "${LAB_FAR_LINK[$1]}" 65009 100)
END
}

lab_routers() { # MSEC: the interval of BFD towards the gateway
  LAB_BFD_MSEC=$1
  lab_router a
  lab_router b
  lab_bird far far <<END
router id $LAB_FAR_HOST;
$(lab_bgp a "${LAB_FAR_LINK[a]}" 65009 "${LAB_ROUTER_FAR[a]}" 65001 200)
$(lab_bgp b "${LAB_FAR_LINK[b]}" 65009 "${LAB_ROUTER_FAR[b]}" 65001 100)
END
  lab_until 5 lab_peer_ready a || lab_fail "BIRD does not start: $(cat "$LAB_DIR/router-a.err")"
  lab_until 5 lab_peer_ready b || lab_fail "BIRD does not start: $(cat "$LAB_DIR/router-b.err")"
}

lab_peer_ready() { # a|b
  lab_birdc "router-$1" show bfd sessions 2>/dev/null | grep -q "${LAB_GW_ADDRESS[$1]}"
}

# The program under test. Options go to the gateway. An uplink that comes back is returned to after
# a second, however often it failed: there is another experiment to come.
lab_gateway() { # OPTION...
  LAB_STARTED=$(lab_clock)
  lab_start gateway gateway env RUNTIME_DIRECTORY="$LAB_DIR" \
    "$LAB_BUILD/examples/ha-gateway/ha-gateway" --inside "0,$LAB_INSIDE_GW/24" \
    --uplink "1,${LAB_GW_ADDRESS[a]}/30,${LAB_ROUTER[a]}" \
    --uplink "2,${LAB_GW_ADDRESS[b]}/30,${LAB_ROUTER[b]}" \
    --bfd-interval "${LAB_BFD_MSEC}ms" --bfd-multiplier 3 --hold 1s --no-damping "$@" -- \
    --no-pci -l "$LAB_GW_CPU" --no-huge -m 256 --no-shconf --no-telemetry \
    --log-level=warning "--vdev=${LAB_VDEV[in]}" "--vdev=${LAB_VDEV[a]}" "--vdev=${LAB_VDEV[b]}"
}

# The reference: the kernel forwards and BIRD moves its default route.
lab_kernel_gateway() {
  LAB_STARTED=$(lab_clock)
  lab_ip gateway address replace "$LAB_INSIDE_GW/24" dev gw-in
  lab_ip gateway address replace "${LAB_GW_ADDRESS[a]}/30" dev gw-a
  lab_ip gateway address replace "${LAB_GW_ADDRESS[b]}/30" dev gw-b
  lab_bird gateway gateway <<END
router id $LAB_INSIDE_GW;
$(lab_bfd "gw-*" "$LAB_BFD_MSEC")
protocol static { ipv4 { preference 200; }; route 0.0.0.0/0 via ${LAB_ROUTER[a]} bfd; }
protocol static { ipv4 { preference 100; }; route 0.0.0.0/0 via ${LAB_ROUTER[b]} bfd; }
END
}

lab_probes() { # COUNT
  local probe=$LAB_BUILD/examples/ha-gateway/demo/probe
  lab_start far-probe far "$probe" receive
  lab_start probe inside "$probe" send "$LAB_FAR_HOST" "$LAB_RATE" "$1"
}

lab_stream() { # SECONDS IPERF_OPTION...
  lab_start far-iperf far "${LAB_TOOL[iperf3]}" -s -1 -B "$LAB_FAR_HOST"
  lab_until 5 lab_iperf_listens || lab_fail "iperf3 does not listen"
  lab_start iperf inside "${LAB_TOOL[iperf3]}" -c "$LAB_FAR_HOST" -t "$1" -i 0 "${@:2}"
}

lab_iperf_listens() {
  lab_in far grep -q ':1451 ' /proc/self/net/tcp 2>/dev/null
}

# The daemon says nothing more, its kernel still forwards.
lab_peer_stop() { # a|b
  kill -STOP "${LAB_PID[router-$1]}"
}

lab_peer_continue() { # a|b
  kill -CONT "${LAB_PID[router-$1]}"
}

# Both ends stay up, nothing passes.
lab_hole_open() { # a|b
  lab_in lab "${LAB_TOOL[bridge]}" link set dev "$1-rt" state 0
}

lab_hole_close() { # a|b
  lab_in lab "${LAB_TOOL[bridge]}" link set dev "$1-rt" state 3
}

# The gateway's end loses its carrier. The kernel merges such events to about one a second.
lab_carrier_off() { # a|b
  lab_ip lab link set dev "$1-gw" down
}

lab_carrier_on() { # a|b
  lab_ip lab link set dev "$1-gw" up
}
