# Tests of the room, as in tests/base/local.mk.
gyre_tests += %D%/test_partition
%C%_test_partition_SOURCES = %D%/test_partition.c
%C%_test_partition_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_partition_LDADD = $(HARNESS) lib/graph/libgraph.la
