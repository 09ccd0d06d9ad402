# Ports, rx, tx, link monitor: the only rte_ in lib/. Sees the public headers, not other rooms.
EXTRA_DIST += %D%/gyre-dpdk.map
if HAVE_DPDK
lib_LTLIBRARIES += %D%/libgyre-dpdk.la

%C%_libgyre_dpdk_la_SOURCES =
%C%_libgyre_dpdk_la_CPPFLAGS = $(AM_CPPFLAGS)
%C%_libgyre_dpdk_la_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS)
%C%_libgyre_dpdk_la_LIBADD = lib/libgyre.la $(DPDK_LIBS)
%C%_libgyre_dpdk_la_LDFLAGS = $(AM_LDFLAGS) $(GYRE_SHARED_LDFLAGS) \
	-version-info $(GYRE_VERSION_INFO) -Wl,--version-script=$(top_srcdir)/%D%/gyre-dpdk.map
EXTRA_%C%_libgyre_dpdk_la_DEPENDENCIES = %D%/gyre-dpdk.map
endif
