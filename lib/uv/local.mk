# The adapter that drives a loop from a host's uv_loop_t. Needs libuv alone; of the base room it has
# a copy of error.c, which libgyre does not export.
EXTRA_DIST += %D%/gyre-uv.map
if HAVE_UV
lib_LTLIBRARIES += %D%/libgyre-uv.la

%C%_libgyre_uv_la_SOURCES = \
	lib/base/error.c \
	lib/base/error.h \
	%D%/attach.c
%C%_libgyre_uv_la_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
%C%_libgyre_uv_la_LIBADD = lib/libgyre.la $(UV_LIBS)
%C%_libgyre_uv_la_LDFLAGS = $(AM_LDFLAGS) $(GYRE_SHARED_LDFLAGS) \
	-version-info $(GYRE_VERSION_INFO) -Wl,--version-script=$(top_srcdir)/%D%/gyre-uv.map
EXTRA_%C%_libgyre_uv_la_DEPENDENCIES = %D%/gyre-uv.map
endif
