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
