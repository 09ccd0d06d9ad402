# Ports, rx, tx, link monitor: the only rte_ in lib/. Sees the public headers, and of the base room
# error.c alone, of which it has a copy of its own: libgyre does not export it.
EXTRA_DIST += %D%/gyre-dpdk.map
if HAVE_DPDK
lib_LTLIBRARIES += %D%/libgyre-dpdk.la
# Tests of what the map hides link the room itself.
noinst_LTLIBRARIES += %D%/libdpdk.la

%C%_libdpdk_la_SOURCES = \
	lib/base/error.c \
	lib/base/error.h \
	%D%/debounce.c \
	%D%/debounce.h \
	%D%/eal.c \
	%D%/header.c \
	%D%/items.c \
	%D%/link.c \
	%D%/netlink.c \
	%D%/netlink.h \
	%D%/port.c \
	%D%/port.h \
	%D%/rx.c \
	%D%/table.c \
	%D%/table.h \
	%D%/telemetry.c \
	%D%/thread.c \
	%D%/tx.c
%C%_libdpdk_la_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)

%C%_libgyre_dpdk_la_SOURCES =
%C%_libgyre_dpdk_la_LIBADD = %D%/libdpdk.la lib/libgyre.la $(DPDK_LIBS)
%C%_libgyre_dpdk_la_LDFLAGS = $(AM_LDFLAGS) $(GYRE_SHARED_LDFLAGS) \
	-version-info $(GYRE_VERSION_INFO) -Wl,--version-script=$(top_srcdir)/%D%/gyre-dpdk.map
EXTRA_%C%_libgyre_dpdk_la_DEPENDENCIES = %D%/gyre-dpdk.map
endif
