# Tests of loops inside the loops of hosts.
gyre_tests += %D%/test_epoll_host
%C%_test_epoll_host_SOURCES = %D%/test_epoll_host.c examples/epoll-host.c examples/epoll-host.h
%C%_test_epoll_host_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_epoll_host_LDADD = $(HARNESS) lib/libgyre.la
gyre_tests += %D%/test_embed_epoll
%C%_test_embed_epoll_SOURCES = %D%/test_embed_epoll.c
%C%_test_embed_epoll_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_embed_epoll_LDADD = $(HARNESS)

# The programs, as children.
PROGRAM = %D%/program.c %D%/program.h %D%/program_suite.c %D%/program_suite.h
if HAVE_UV
gyre_tests += %D%/test_embed_uv
%C%_test_embed_uv_SOURCES = %D%/test_embed_uv.c $(PROGRAM)
%C%_test_embed_uv_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_embed_uv_LDADD = $(HARNESS)
endif
if HAVE_GLIB
gyre_tests += %D%/test_glib_source
%C%_test_glib_source_SOURCES = %D%/test_glib_source.c examples/glib-source.c examples/glib-source.h
%C%_test_glib_source_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_glib_source_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
%C%_test_glib_source_LDADD = $(HARNESS) lib/libgyre.la $(GLIB_LIBS)
gyre_tests += %D%/test_embed_glib
%C%_test_embed_glib_SOURCES = %D%/test_embed_glib.c $(PROGRAM)
%C%_test_embed_glib_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_embed_glib_LDADD = $(HARNESS)
endif

# Random schedules, through each adapter.
SCHEDULE = %D%/schedule.c %D%/schedule.h %D%/schedule_suite.c %D%/spin.c
gyre_tests += %D%/test_schedule_epoll
%C%_test_schedule_epoll_SOURCES = %D%/test_schedule_epoll.c $(SCHEDULE) examples/epoll-host.c \
	examples/epoll-host.h
%C%_test_schedule_epoll_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_schedule_epoll_LDADD = $(HARNESS) lib/libgyre.la
if HAVE_UV
gyre_tests += %D%/test_schedule_uv
%C%_test_schedule_uv_SOURCES = %D%/test_schedule_uv.c $(SCHEDULE)
%C%_test_schedule_uv_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_schedule_uv_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
%C%_test_schedule_uv_LDADD = $(HARNESS) lib/uv/libgyre-uv.la lib/libgyre.la $(UV_LIBS)
endif
if HAVE_GLIB
gyre_tests += %D%/test_schedule_glib
%C%_test_schedule_glib_SOURCES = %D%/test_schedule_glib.c $(SCHEDULE) examples/glib-source.c \
	examples/glib-source.h
%C%_test_schedule_glib_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_schedule_glib_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
%C%_test_schedule_glib_LDADD = $(HARNESS) lib/libgyre.la $(GLIB_LIBS)
endif
