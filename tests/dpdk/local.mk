# Tests of the room on real virtual devices. EAL works once per process: every test is a fork.
if HAVE_DPDK
check_LTLIBRARIES += %D%/libfixture.la
%C%_libfixture_la_SOURCES = %D%/fixture.c %D%/fixture.h
%C%_libfixture_la_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_libfixture_la_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)

DPDK_FIXTURE = %D%/libfixture.la $(HARNESS) lib/dpdk/libdpdk.la lib/libgyre.la $(DPDK_LIBS)

gyre_tests += %D%/test_debounce
%C%_test_debounce_SOURCES = %D%/test_debounce.c
%C%_test_debounce_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_debounce_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_debounce_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_eal
%C%_test_eal_SOURCES = %D%/test_eal.c
%C%_test_eal_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_eal_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_eal_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_header
%C%_test_header_SOURCES = %D%/test_header.c
%C%_test_header_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_header_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_header_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_items
%C%_test_items_SOURCES = %D%/test_items.c
%C%_test_items_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_items_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_items_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_link
%C%_test_link_SOURCES = %D%/test_link.c
%C%_test_link_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_link_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_link_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_link_name
%C%_test_link_name_SOURCES = %D%/test_link_name.c
%C%_test_link_name_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_link_name_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_link_name_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_netlink
%C%_test_netlink_SOURCES = %D%/test_netlink.c
%C%_test_netlink_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_netlink_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_netlink_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_port
%C%_test_port_SOURCES = %D%/test_port.c
%C%_test_port_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_port_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_port_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_rx
%C%_test_rx_SOURCES = %D%/test_rx.c
%C%_test_rx_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_rx_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_rx_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_telemetry
%C%_test_telemetry_SOURCES = %D%/test_telemetry.c %D%/asked.c %D%/asked.h
%C%_test_telemetry_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_telemetry_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_telemetry_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_thread
%C%_test_thread_SOURCES = %D%/test_thread.c
%C%_test_thread_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_thread_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_thread_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_tx
%C%_test_tx_SOURCES = %D%/test_tx.c
%C%_test_tx_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_tx_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_tx_LDADD = $(DPDK_FIXTURE)

gyre_tests += %D%/test_vdev
%C%_test_vdev_SOURCES = %D%/test_vdev.c %D%/packet.h %D%/pcap.h %D%/sink.c \
	%D%/sink.h
%C%_test_vdev_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_vdev_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_test_vdev_LDADD = $(DPDK_FIXTURE)
endif
