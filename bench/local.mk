# Benchmarks are built by `make bench`, optimized for this machine, peers and gyre's nodes alike; the
# library under them is built as it ships.
bench_programs =
bench_harness = %D%/alone.c %D%/alone.h %D%/harness.c %D%/harness.h
%D%/%.o: CFLAGS += -O3 -march=native
EXTRA_PROGRAMS = $(bench_programs)
EXTRA_DIST += %D%/bars.csv %D%/cases.csv %D%/published.csv
CLEANFILES += $(bench_programs)

bench: $(bench_programs)
.PHONY: bench

bench_programs += %D%/graph
%C%_graph_SOURCES = %D%/graph.c %D%/graph.h %D%/graph_direct.c %D%/graph_gyre.c \
	%D%/graph_partition.c %D%/graph_shape.c $(bench_harness)
%C%_graph_CFLAGS = $(AM_CFLAGS)
%C%_graph_LDADD = $(GYRE_ROOMS)
if HAVE_DPDK
%C%_graph_SOURCES += %D%/graph_rte.c %D%/graph_rte.h %D%/graph_rte_bare.c
# All of rte_graph is marked experimental.
%C%_graph_CFLAGS += $(DPDK_CFLAGS) -DALLOW_EXPERIMENTAL_API
%C%_graph_LDADD += $(DPDK_LIBS)
endif

# Run by tools/check/instructions, under callgrind: for any x86-64, as the library is.
EXTRA_DIST += %D%/instructions.txt
if HAVE_X86_64
bench_programs += %D%/counts
%C%_counts_SOURCES = %D%/counts.c %D%/counts.h %D%/counts_graph.c
%C%_counts_LDADD = $(GYRE_ROOMS)
%D%/counts.o %D%/counts_graph.o: CFLAGS += -O2 -march=x86-64 -mtune=generic
endif

# The bodies are x86-64 assembly, of which nobody wants the line numbers: it is 16 MB. The rest runs
# under valgrind, too, which knows no AVX-512.
if HAVE_X86_64
bench_programs += %D%/order
%C%_order_SOURCES = %D%/order.c %D%/order.h %D%/order_bodies.S %D%/order_misses.c %D%/order_walk.c \
	$(bench_harness)
%C%_order_LDADD = lib/graph/libgraph.la lib/base/libbase.la
%D%/order_bodies.o: CCASFLAGS =
%D%/order.o %D%/order_misses.o %D%/order_walk.o: CFLAGS += -mno-avx512f
endif

bench_programs += %D%/process
%C%_process_SOURCES = %D%/process.c %D%/process.h %D%/process_peers.c %D%/process_steps.c \
	%D%/process_wheel.c %D%/process_wheel.h $(bench_harness)
%C%_process_LDADD = $(GYRE_ROOMS) $(BOOST_CONTEXT_LIBS) $(PTH_LIBS) -lm

bench_programs += %D%/timer
%C%_timer_SOURCES = $(bench_harness) %D%/timer.c %D%/timer.h %D%/timer_time.c %D%/timer_gyre.c \
	%D%/timer_ev.c %D%/timer_uv.c %D%/timer_rte.c
%C%_timer_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS) $(UV_CFLAGS)
%C%_timer_LDADD = $(GYRE_ROOMS) $(EV_LIBS) $(UV_LIBS) $(DPDK_LIBS)

bench_programs += %D%/loop
%C%_loop_SOURCES = $(bench_harness) %D%/loop.c %D%/loop.h %D%/loop_turn.c %D%/loop_reach.c \
	%D%/loop_ways.c
%C%_loop_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
%C%_loop_LDADD = lib/libgyre.la $(UV_LIBS)

# Run by tests/soak/idle-cpu, too.
bench_programs += %D%/idle
%C%_idle_SOURCES = %D%/idle.c
%C%_idle_LDADD = lib/libgyre.la

if HAVE_DPDK
# With the example's nodes, compiled like their peers.
bench_programs += %D%/gateway
%C%_gateway_SOURCES = %D%/gateway.c %D%/gateway.h %D%/gateway_gyre.c %D%/gateway_peers.c \
	%D%/gateway_router.h %D%/gateway_world.c $(bench_harness) \
	examples/ha-gateway/arp_input.c examples/ha-gateway/arp_packet.c \
	examples/ha-gateway/arp_table.c examples/ha-gateway/arp_heap.c \
	examples/ha-gateway/ethernet_input.c examples/ha-gateway/fib.c \
	examples/ha-gateway/icmp_echo.c examples/ha-gateway/icmp_error.c \
	examples/ha-gateway/ip4_input.c examples/ha-gateway/ip4_local.c \
	examples/ha-gateway/ip4_lookup.c examples/ha-gateway/ip4_rewrite.c \
	examples/ha-gateway/packet.c
%C%_gateway_CFLAGS = $(AM_CFLAGS) -Wno-unused-parameter $(DPDK_CFLAGS)
examples/ha-gateway/%C%_gateway-%.o: CFLAGS += -O3 -march=native
%C%_gateway_LDADD = examples/ha-gateway/libha.la lib/dpdk/libgyre-dpdk.la lib/libgyre.la $(DPDK_LIBS)
endif
