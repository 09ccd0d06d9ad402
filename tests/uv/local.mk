# Tests of lib/uv on real uv loops; libgyre-uv shows its map's symbols, and that is all they need.
if HAVE_UV
gyre_tests += %D%/test_attach
%C%_test_attach_SOURCES = %D%/test_attach.c
%C%_test_attach_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_attach_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
%C%_test_attach_LDADD = $(HARNESS) lib/uv/libgyre-uv.la lib/libgyre.la $(UV_LIBS)

gyre_tests += %D%/test_attach_host
%C%_test_attach_host_SOURCES = %D%/test_attach_host.c
%C%_test_attach_host_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_attach_host_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
%C%_test_attach_host_LDADD = $(HARNESS) lib/uv/libgyre-uv.la lib/libgyre.la $(UV_LIBS)
endif
