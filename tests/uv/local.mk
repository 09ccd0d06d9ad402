# Tests of lib/uv on real uv loops; libgyre-uv shows its map's symbols, and that is all they need.
if HAVE_UV
check_LTLIBRARIES += %D%/librig.la
%C%_librig_la_SOURCES = %D%/rig.c %D%/rig.h
%C%_librig_la_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_librig_la_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)

UV_RIG = %D%/librig.la $(HARNESS) lib/uv/libgyre-uv.la lib/libgyre.la $(UV_LIBS)

gyre_tests += %D%/test_attach
%C%_test_attach_SOURCES = %D%/test_attach.c
%C%_test_attach_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_attach_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
%C%_test_attach_LDADD = $(UV_RIG)

gyre_tests += %D%/test_attach_cost
%C%_test_attach_cost_SOURCES = %D%/test_attach_cost.c
%C%_test_attach_cost_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_attach_cost_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
%C%_test_attach_cost_LDADD = $(UV_RIG)

gyre_tests += %D%/test_attach_errors
%C%_test_attach_errors_SOURCES = %D%/test_attach_errors.c
%C%_test_attach_errors_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_attach_errors_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
%C%_test_attach_errors_LDADD = $(UV_RIG)

gyre_tests += %D%/test_attach_host
%C%_test_attach_host_SOURCES = %D%/test_attach_host.c
%C%_test_attach_host_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_attach_host_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
%C%_test_attach_host_LDADD = $(UV_RIG)
endif
