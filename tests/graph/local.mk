# Tests of the room, as in tests/base/local.mk.
gyre_tests += %D%/test_partition
%C%_test_partition_SOURCES = %D%/test_partition.c
%C%_test_partition_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_partition_LDADD = $(HARNESS) lib/graph/libgraph.la

# A graph without a loop, for the tests below.
check_LTLIBRARIES += %D%/librig.la
%C%_librig_la_SOURCES = %D%/rig.c %D%/rig.h %D%/storm.c %D%/storm.h
%C%_librig_la_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_librig_la_LIBADD = $(HARNESS) lib/graph/libgraph.la lib/base/libbase.la

gyre_tests += %D%/test_build
%C%_test_build_SOURCES = %D%/test_build.c
%C%_test_build_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_build_LDADD = %D%/librig.la

gyre_tests += %D%/test_class
%C%_test_class_SOURCES = %D%/test_class.c
%C%_test_class_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_class_LDADD = %D%/librig.la

gyre_tests += %D%/test_dispatch
%C%_test_dispatch_SOURCES = %D%/test_dispatch.c
%C%_test_dispatch_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_dispatch_LDADD = %D%/librig.la

gyre_tests += %D%/test_dispatch_chains
%C%_test_dispatch_chains_SOURCES = %D%/test_dispatch_chains.c
%C%_test_dispatch_chains_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_dispatch_chains_LDADD = %D%/librig.la

gyre_tests += %D%/test_dispatch_watched
%C%_test_dispatch_watched_SOURCES = %D%/test_dispatch_watched.c
%C%_test_dispatch_watched_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_dispatch_watched_LDADD = %D%/librig.la

gyre_tests += %D%/test_drop
%C%_test_drop_SOURCES = %D%/test_drop.c
%C%_test_drop_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_drop_LDADD = %D%/librig.la

gyre_tests += %D%/test_frame
%C%_test_frame_SOURCES = %D%/test_frame.c
%C%_test_frame_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_frame_LDADD = %D%/librig.la

gyre_tests += %D%/test_graph
%C%_test_graph_SOURCES = %D%/test_graph.c
%C%_test_graph_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_graph_LDADD = %D%/librig.la

gyre_tests += %D%/test_inline
%C%_test_inline_SOURCES = %D%/test_inline.c
%C%_test_inline_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_inline_LDADD = %D%/librig.la

gyre_tests += %D%/test_node_memory
%C%_test_node_memory_SOURCES = %D%/test_node_memory.c
%C%_test_node_memory_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_node_memory_LDADD = %D%/librig.la

gyre_tests += %D%/test_lines
%C%_test_lines_SOURCES = %D%/test_lines.c lib/graph/lines.c
%C%_test_lines_CPPFLAGS = $(TEST_CPPFLAGS) -DGYRE__LINES_TOGETHER=63
%C%_test_lines_LDADD = %D%/librig.la

gyre_tests += %D%/test_next
%C%_test_next_SOURCES = %D%/test_next.c
%C%_test_next_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_next_LDADD = %D%/librig.la

gyre_tests += %D%/test_node
%C%_test_node_SOURCES = %D%/test_node.c
%C%_test_node_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_node_LDADD = %D%/librig.la

gyre_tests += %D%/test_order
%C%_test_order_SOURCES = %D%/test_order.c
%C%_test_order_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_order_LDADD = %D%/librig.la

gyre_tests += %D%/test_send
%C%_test_send_SOURCES = %D%/test_send.c %D%/model.c %D%/model.h
%C%_test_send_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_send_LDADD = %D%/librig.la

gyre_tests += %D%/test_trace
%C%_test_trace_SOURCES = %D%/test_trace.c
%C%_test_trace_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_trace_LDADD = %D%/librig.la

gyre_tests += %D%/test_dot %D%/test_runtime %D%/test_snapshot
%C%_test_dot_SOURCES = %D%/test_dot.c
%C%_test_dot_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_dot_LDADD = $(HARNESS) lib/graph/libgraph.la lib/base/libbase.la
%C%_test_runtime_SOURCES = %D%/test_runtime.c
%C%_test_runtime_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_runtime_LDADD = $(HARNESS) lib/graph/libgraph.la lib/base/libbase.la
%C%_test_snapshot_SOURCES = %D%/test_snapshot.c tests/allocator.c tests/allocator.h %D%/sorter.c %D%/sorter.h
%C%_test_snapshot_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_snapshot_LDADD = $(HARNESS) lib/graph/libgraph.la lib/base/libbase.la
%C%_test_snapshot_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc
