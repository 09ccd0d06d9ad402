# Built as a user's programs are: the public headers and the shared library, nothing else.
EXAMPLE_CFLAGS = -std=gnu11 $(PTHREAD_CFLAGS) $(WARN_CFLAGS) -Wno-unused-parameter \
	$(SANITIZE_CFLAGS) $(COVERAGE_CFLAGS)

noinst_PROGRAMS += %D%/hello %D%/periodic
%C%_hello_SOURCES = %D%/hello.c
%C%_hello_CPPFLAGS = $(GYRE_CPPFLAGS)
%C%_hello_CFLAGS = $(EXAMPLE_CFLAGS)
%C%_hello_LDADD = lib/libgyre.la
%C%_periodic_SOURCES = %D%/periodic.c
%C%_periodic_CPPFLAGS = $(GYRE_CPPFLAGS)
%C%_periodic_CFLAGS = $(EXAMPLE_CFLAGS)
%C%_periodic_LDADD = lib/libgyre.la

noinst_PROGRAMS += %D%/embed-epoll
%C%_embed_epoll_SOURCES = %D%/embed-epoll.c %D%/epoll-host.c %D%/epoll-host.h \
	%D%/fds.c %D%/fds.h
%C%_embed_epoll_CPPFLAGS = $(GYRE_CPPFLAGS)
%C%_embed_epoll_CFLAGS = $(EXAMPLE_CFLAGS)
%C%_embed_epoll_LDADD = lib/libgyre.la

EXTRA_DIST += %D%/embed-uv.c %D%/embed-glib.c %D%/glib-source.c %D%/glib-source.h %D%/udp-graph.c \
	%D%/udp-graph.h
if HAVE_UV
noinst_PROGRAMS += %D%/embed-uv
%C%_embed_uv_SOURCES = %D%/embed-uv.c %D%/udp-graph.c %D%/udp-graph.h
%C%_embed_uv_CPPFLAGS = $(GYRE_CPPFLAGS) $(UV_CFLAGS)
%C%_embed_uv_CFLAGS = $(EXAMPLE_CFLAGS)
%C%_embed_uv_LDADD = lib/uv/libgyre-uv.la lib/libgyre.la $(UV_LIBS)
endif
if HAVE_GLIB
noinst_PROGRAMS += %D%/embed-glib
%C%_embed_glib_SOURCES = %D%/embed-glib.c %D%/glib-source.c %D%/glib-source.h %D%/udp-graph.c \
	%D%/udp-graph.h
%C%_embed_glib_CPPFLAGS = $(GYRE_CPPFLAGS) $(GLIB_CFLAGS)
%C%_embed_glib_CFLAGS = $(EXAMPLE_CFLAGS)
%C%_embed_glib_LDADD = lib/libgyre.la $(GLIB_LIBS)
endif
