# Tests of the room, as in tests/base/local.mk: the I/O-free modules on a virtual clock.
HA_LIBS = $(HARNESS) examples/ha-gateway/libha.la

gyre_tests += %D%/test_ratelimit
%C%_test_ratelimit_SOURCES = %D%/test_ratelimit.c
%C%_test_ratelimit_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ratelimit_LDADD = $(HA_LIBS)

gyre_tests += %D%/test_damping
%C%_test_damping_SOURCES = %D%/test_damping.c
%C%_test_damping_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_damping_LDADD = $(HA_LIBS) -lm

gyre_tests += %D%/test_failover
%C%_test_failover_SOURCES = %D%/test_failover.c
%C%_test_failover_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_failover_LDADD = $(HA_LIBS)

gyre_tests += %D%/test_bfd_packet
%C%_test_bfd_packet_SOURCES = %D%/test_bfd_packet.c
%C%_test_bfd_packet_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_bfd_packet_LDADD = $(HA_LIBS)

gyre_tests += %D%/test_bfd
%C%_test_bfd_SOURCES = %D%/test_bfd.c %D%/bfd_peer.c %D%/bfd_peer.h
%C%_test_bfd_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_bfd_LDADD = $(HA_LIBS)

gyre_tests += %D%/test_bfd_timers
%C%_test_bfd_timers_SOURCES = %D%/test_bfd_timers.c %D%/bfd_peer.c %D%/bfd_peer.h
%C%_test_bfd_timers_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_bfd_timers_LDADD = $(HA_LIBS)

gyre_tests += %D%/test_bfd_link
%C%_test_bfd_link_SOURCES = %D%/test_bfd_link.c %D%/bfd_link.c %D%/bfd_link.h
%C%_test_bfd_link_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_bfd_link_LDADD = $(HA_LIBS)

gyre_tests += %D%/test_bfd_poll
%C%_test_bfd_poll_SOURCES = %D%/test_bfd_poll.c %D%/bfd_peer.c %D%/bfd_peer.h
%C%_test_bfd_poll_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_bfd_poll_LDADD = $(HA_LIBS)

gyre_tests += %D%/test_options
%C%_test_options_SOURCES = %D%/test_options.c
%C%_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_options_LDADD = $(HA_LIBS)

gyre_tests += %D%/test_arp_heap
%C%_test_arp_heap_SOURCES = %D%/test_arp_heap.c
%C%_test_arp_heap_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_arp_heap_LDADD = $(HA_LIBS)

gyre_tests += %D%/test_arp_table
%C%_test_arp_table_SOURCES = %D%/test_arp_table.c
%C%_test_arp_table_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_arp_table_LDADD = $(HA_LIBS)

# The nodes in a real graph, without ports. Every test is a fork with an EAL of its own.
if HAVE_DPDK
check_LTLIBRARIES += %D%/librig.la
%C%_librig_la_SOURCES = %D%/frame.c %D%/frame.h %D%/rig.c %D%/rig.h
%C%_librig_la_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_librig_la_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)

HA_NODE_LIBS = %D%/librig.la $(HARNESS) examples/ha-gateway/libha-nodes.la \
	examples/ha-gateway/libha.la lib/dpdk/libgyre-dpdk.la lib/libgyre.la $(DPDK_LIBS)

gyre_tests += %D%/test_ethernet_input
%C%_test_ethernet_input_SOURCES = %D%/test_ethernet_input.c
%C%_test_ethernet_input_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ethernet_input_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_ethernet_input_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_ip4_input
%C%_test_ip4_input_SOURCES = %D%/test_ip4_input.c
%C%_test_ip4_input_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ip4_input_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_ip4_input_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_ip4_lookup
%C%_test_ip4_lookup_SOURCES = %D%/test_ip4_lookup.c
%C%_test_ip4_lookup_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ip4_lookup_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_ip4_lookup_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_fib
%C%_test_fib_SOURCES = %D%/test_fib.c
%C%_test_fib_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_fib_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_fib_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_ip4_local
%C%_test_ip4_local_SOURCES = %D%/test_ip4_local.c
%C%_test_ip4_local_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ip4_local_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_ip4_local_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_icmp_echo
%C%_test_icmp_echo_SOURCES = %D%/test_icmp_echo.c
%C%_test_icmp_echo_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_icmp_echo_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_icmp_echo_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_icmp_error
%C%_test_icmp_error_SOURCES = %D%/test_icmp_error.c
%C%_test_icmp_error_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_icmp_error_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_icmp_error_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_ip4_rewrite
%C%_test_ip4_rewrite_SOURCES = %D%/test_ip4_rewrite.c
%C%_test_ip4_rewrite_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ip4_rewrite_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_ip4_rewrite_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_arp_input
%C%_test_arp_input_SOURCES = %D%/test_arp_input.c
%C%_test_arp_input_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_arp_input_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_arp_input_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_arp_process
%C%_test_arp_process_SOURCES = %D%/test_arp_process.c
%C%_test_arp_process_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_arp_process_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_arp_process_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_packet
%C%_test_packet_SOURCES = %D%/test_packet.c
%C%_test_packet_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_packet_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_packet_LDADD = $(HA_NODE_LIBS)

gyre_tests += %D%/test_fuzz
%C%_test_fuzz_SOURCES = %D%/test_fuzz.c
%C%_test_fuzz_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_fuzz_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_fuzz_LDADD = $(HA_NODE_LIBS)
endif

# The processes, and the whole program as it was built.
if HAVE_GATEWAY
HA_PROGRAM_LIBS = examples/ha-gateway/libha-program.la lib/control/libgyre-control.la \
	$(HA_NODE_LIBS) $(CONTROL_LIBS)

gyre_tests += %D%/test_bfd_process
%C%_test_bfd_process_SOURCES = %D%/test_bfd_process.c
%C%_test_bfd_process_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_bfd_process_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_bfd_process_LDADD = $(HA_PROGRAM_LIBS)

gyre_tests += %D%/test_report
%C%_test_report_SOURCES = %D%/test_report.c
%C%_test_report_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_report_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_report_LDADD = $(HA_PROGRAM_LIBS)

gyre_tests += %D%/test_program
%C%_test_program_SOURCES = %D%/test_program.c %D%/program.c %D%/program.h \
	%D%/program_frame.c
%C%_test_program_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_program_LDADD = $(HARNESS)
%C%_test_program_DEPENDENCIES = $(HARNESS) examples/ha-gateway/ha-gateway

if HAVE_GYRECTL
gyre_tests += %D%/test_control
%C%_test_control_SOURCES = %D%/test_control.c %D%/program.c %D%/program.h %D%/program_frame.c
%C%_test_control_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_control_LDADD = $(HARNESS)
%C%_test_control_DEPENDENCIES = $(HARNESS) examples/ha-gateway/ha-gateway gyrectl/gyrectl
endif
endif
