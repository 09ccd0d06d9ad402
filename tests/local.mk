# libharness holds main(); each tests/ROOM/test_X.c is one program that links it and what the room
# may use. tests/ROOM/test_X <-> lib/ROOM/X.c.
TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests $(CHECK_CFLAGS)
HARNESS = %D%/libharness.la

if HAVE_CHECK
check_LTLIBRARIES += %D%/libharness.la
%C%_libharness_la_SOURCES = %D%/harness.c %D%/harness.h %D%/syscalls.c %D%/syscalls.h
%C%_libharness_la_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_libharness_la_LIBADD = $(CHECK_LIBS)

include %D%/base/local.mk
include %D%/sched/local.mk
include %D%/graph/local.mk
include %D%/loop/local.mk
include %D%/dpdk/local.mk
include %D%/ha-gateway/local.mk
include %D%/embed/local.mk
include %D%/uv/local.mk
include %D%/control/local.mk
include %D%/gyrectl/local.mk
endif

include %D%/bench/local.mk
include %D%/soak/local.mk
