# Nodes, ranks, frames, dispatch, statistics: may see lib/base and the public headers.
noinst_LTLIBRARIES += %D%/libgraph.la

%C%_libgraph_la_SOURCES = \
	%D%/build.c \
	%D%/call.h \
	%D%/class.c \
	%D%/dispatch.c \
	%D%/dot.c \
	%D%/drop.c \
	%D%/drop.h \
	%D%/frame.c \
	%D%/frame.h \
	%D%/graph.c \
	%D%/graph.h \
	%D%/inline.c \
	%D%/lines.c \
	%D%/lines.h \
	%D%/match.h \
	%D%/next.c \
	%D%/node.c \
	%D%/node.h \
	%D%/order.c \
	%D%/order.h \
	%D%/partition.c \
	%D%/partition.h \
	%D%/partition_scalar.c \
	%D%/runtime.c \
	%D%/send.c \
	%D%/send.h \
	%D%/snapshot.c \
	%D%/snapshot.h \
	%D%/state.h \
	%D%/trace.c
%C%_libgraph_la_LIBADD =

# Files that need instructions of newer CPUs are convenience libraries of their own, so that the
# flags touch nothing else.
if HAVE_X86_64
noinst_LTLIBRARIES += %D%/libpartition_avx2.la %D%/libpartition_avx512.la
%C%_libpartition_avx2_la_SOURCES = %D%/partition_avx2.c
%C%_libpartition_avx2_la_CFLAGS = $(AM_CFLAGS) $(AVX2_CFLAGS)
%C%_libpartition_avx512_la_SOURCES = %D%/partition_avx512.c
%C%_libpartition_avx512_la_CFLAGS = $(AM_CFLAGS) $(AVX512_CFLAGS)
%C%_libgraph_la_LIBADD += %D%/libpartition_avx2.la %D%/libpartition_avx512.la
else
EXTRA_DIST += %D%/partition_avx2.c %D%/partition_avx512.c
endif
