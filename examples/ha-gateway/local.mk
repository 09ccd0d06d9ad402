# The gateway, and libha: its I/O-free modules, libc only, which tests/ha-gateway links.
include %D%/demo/local.mk

noinst_LTLIBRARIES += %D%/libha.la

%C%_libha_la_SOURCES = \
	%D%/arp_heap.c \
	%D%/arp_heap.h \
	%D%/arp_table.c \
	%D%/arp_table.h \
	%D%/bfd.c \
	%D%/bfd.h \
	%D%/bfd_packet.c \
	%D%/damping.c \
	%D%/damping.h \
	%D%/failover.c \
	%D%/failover.h \
	%D%/gateway.h \
	%D%/nsec.h \
	%D%/options.c \
	%D%/options.h \
	%D%/ratelimit.c \
	%D%/ratelimit.h \
	%D%/value.c \
	%D%/value.h

# The nodes, which the program and tests/ha-gateway link.
if HAVE_DPDK
noinst_LTLIBRARIES += %D%/libha-nodes.la

%C%_libha_nodes_la_SOURCES = \
	%D%/arp_input.c \
	%D%/arp_packet.c \
	%D%/arp_packet.h \
	%D%/arp_process.c \
	%D%/ethernet_input.c \
	%D%/fib.c \
	%D%/fib.h \
	%D%/icmp.h \
	%D%/icmp_echo.c \
	%D%/icmp_error.c \
	%D%/ip4_input.c \
	%D%/ip4_local.c \
	%D%/ip4_lookup.c \
	%D%/ip4_rewrite.c \
	%D%/packet.c \
	%D%/packet.h
%C%_libha_nodes_la_CPPFLAGS = $(GYRE_CPPFLAGS)
%C%_libha_nodes_la_CFLAGS = $(EXAMPLE_CFLAGS) $(DPDK_CFLAGS)
endif

# The program, and libha-program: all of it but main(), which tests/ha-gateway links.
if HAVE_GATEWAY
noinst_LTLIBRARIES += %D%/libha-program.la
%C%_libha_program_la_SOURCES = \
	%D%/bfd_process.c \
	%D%/checks.c \
	%D%/checks.h \
	%D%/control.c \
	%D%/control.h \
	%D%/failover_process.c \
	%D%/gateway.c \
	%D%/link_process.c \
	%D%/log.c \
	%D%/log.h \
	%D%/port.c \
	%D%/port.h \
	%D%/program.h \
	%D%/report.c \
	%D%/report.h \
	%D%/wiring.c \
	%D%/wiring.h
%C%_libha_program_la_CPPFLAGS = $(GYRE_CPPFLAGS)
%C%_libha_program_la_CFLAGS = $(EXAMPLE_CFLAGS) $(DPDK_CFLAGS) $(CONTROL_CFLAGS)

noinst_PROGRAMS += %D%/ha-gateway
%C%_ha_gateway_SOURCES = %D%/main.c
%C%_ha_gateway_CPPFLAGS = $(GYRE_CPPFLAGS)
%C%_ha_gateway_CFLAGS = $(EXAMPLE_CFLAGS) $(DPDK_CFLAGS)
%C%_ha_gateway_LDADD = %D%/libha-program.la %D%/libha-nodes.la %D%/libha.la \
	lib/control/libgyre-control.la lib/dpdk/libgyre-dpdk.la lib/libgyre.la $(CONTROL_LIBS) \
	$(DPDK_LIBS)
endif
