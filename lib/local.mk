# The loop room and the library. libloop holds lib/*.c, so that tests can link rooms one by one.
noinst_LTLIBRARIES += %D%/libloop.la
lib_LTLIBRARIES += %D%/libgyre.la

%C%_libloop_la_SOURCES = \
	%D%/host.c \
	%D%/inject.c \
	%D%/link.c \
	%D%/loop.c \
	%D%/loop.h \
	%D%/mailbox.c \
	%D%/options.c \
	%D%/reader.c \
	%D%/snapshot.c \
	%D%/snapshot.h \
	%D%/thread.c \
	%D%/watch.c

# What a test of internals links: the rooms themselves, for libgyre.la shows its map's symbols only.
GYRE_ROOMS = %D%/libloop.la %D%/graph/libgraph.la %D%/sched/libsched.la %D%/base/libbase.la

%C%_libgyre_la_SOURCES =
%C%_libgyre_la_LIBADD = $(GYRE_ROOMS)
%C%_libgyre_la_LDFLAGS = $(AM_LDFLAGS) $(GYRE_SHARED_LDFLAGS) -version-info $(GYRE_VERSION_INFO) \
	-Wl,--version-script=$(top_srcdir)/%D%/gyre.map
EXTRA_%C%_libgyre_la_DEPENDENCIES = %D%/gyre.map
EXTRA_DIST += %D%/gyre.map

# CURRENT:REVISION:AGE, for libgyre and libgyre-dpdk alike. At a release, counted from the last one:
#   only code changed           -> REVISION + 1
#   interfaces added, none gone -> CURRENT + 1, REVISION 0, AGE + 1
#   interfaces changed or gone  -> CURRENT + 1, REVISION 0, AGE 0
# Before 1.0 a release may break: then AGE is 0.
GYRE_VERSION_INFO = 0:0:0
GYRE_SHARED_LDFLAGS = -no-undefined
if !SANITIZERS
GYRE_SHARED_LDFLAGS += -Wl,-z,defs
endif
