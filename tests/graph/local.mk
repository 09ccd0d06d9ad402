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

gyre_tests += %D%/test_class
%C%_test_class_SOURCES = %D%/test_class.c
%C%_test_class_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_class_LDADD = %D%/librig.la

gyre_tests += %D%/test_order
%C%_test_order_SOURCES = %D%/test_order.c
%C%_test_order_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_order_LDADD = %D%/librig.la

gyre_tests += %D%/test_dispatch
%C%_test_dispatch_SOURCES = %D%/test_dispatch.c
%C%_test_dispatch_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_dispatch_LDADD = %D%/librig.la
