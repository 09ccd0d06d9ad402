# Nodes, ranks, frames, dispatch, statistics: may see lib/base and the public headers.
# Files that need instructions of newer CPUs are convenience libraries of their own, so that the
# flags touch nothing else: %C%_libpartition_avx2_la_CFLAGS = $(AM_CFLAGS) $(AVX2_CFLAGS)
noinst_LTLIBRARIES += %D%/libgraph.la

%C%_libgraph_la_SOURCES =
%C%_libgraph_la_LIBADD =
