# Tests of loops inside the loops of hosts.
gyre_tests += %D%/test_epoll_host
%C%_test_epoll_host_SOURCES = %D%/test_epoll_host.c examples/epoll-host.c examples/epoll-host.h
%C%_test_epoll_host_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_epoll_host_LDADD = $(HARNESS) lib/libgyre.la
gyre_tests += %D%/test_embed_epoll
%C%_test_embed_epoll_SOURCES = %D%/test_embed_epoll.c
%C%_test_embed_epoll_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_embed_epoll_LDADD = $(HARNESS)
