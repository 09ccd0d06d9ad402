# Tests of the client: of its parts, and of the program against a server.
CTL_LIBS = $(HARNESS) gyrectl/libgyrectl.la $(GYRECTL_LIBS) -lm
CTL_CFLAGS = $(AM_CFLAGS) $(GYRECTL_CFLAGS)

if HAVE_GYRECTL
gyre_tests += %D%/test_client
%C%_test_client_SOURCES = %D%/test_client.c
%C%_test_client_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_client_CFLAGS = $(CTL_CFLAGS)
%C%_test_client_LDADD = $(CTL_LIBS)
gyre_tests += %D%/test_field
%C%_test_field_SOURCES = %D%/test_field.c
%C%_test_field_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_field_CFLAGS = $(CTL_CFLAGS)
%C%_test_field_LDADD = $(CTL_LIBS)
gyre_tests += %D%/test_options
%C%_test_options_SOURCES = %D%/test_options.c %D%/run.c %D%/run.h
%C%_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_options_CFLAGS = $(CTL_CFLAGS)
%C%_test_options_LDADD = $(CTL_LIBS)
gyre_tests += %D%/test_page
%C%_test_page_SOURCES = %D%/test_page.c
%C%_test_page_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_page_CFLAGS = $(CTL_CFLAGS)
%C%_test_page_LDADD = $(CTL_LIBS)
gyre_tests += %D%/test_table
%C%_test_table_SOURCES = %D%/test_table.c
%C%_test_table_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_table_CFLAGS = $(CTL_CFLAGS)
%C%_test_table_LDADD = $(CTL_LIBS)
gyre_tests += %D%/test_text
%C%_test_text_SOURCES = %D%/test_text.c
%C%_test_text_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_text_CFLAGS = $(CTL_CFLAGS)
%C%_test_text_LDADD = $(CTL_LIBS)
gyre_tests += %D%/test_top_frame
%C%_test_top_frame_SOURCES = %D%/test_top_frame.c %D%/canned.c %D%/canned.h
%C%_test_top_frame_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_top_frame_CFLAGS = $(CTL_CFLAGS)
%C%_test_top_frame_LDADD = $(CTL_LIBS)
gyre_tests += %D%/test_top_model
%C%_test_top_model_SOURCES = %D%/test_top_model.c %D%/canned.c %D%/canned.h
%C%_test_top_model_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_top_model_CFLAGS = $(CTL_CFLAGS)
%C%_test_top_model_LDADD = $(CTL_LIBS)
gyre_tests += %D%/test_unit
%C%_test_unit_SOURCES = %D%/test_unit.c
%C%_test_unit_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_unit_CFLAGS = $(CTL_CFLAGS)
%C%_test_unit_LDADD = $(CTL_LIBS)
gyre_tests += %D%/test_view
%C%_test_view_SOURCES = %D%/test_view.c %D%/canned.c %D%/canned.h
%C%_test_view_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_view_CFLAGS = $(CTL_CFLAGS)
%C%_test_view_LDADD = $(CTL_LIBS)

if HAVE_CONTROL
# A program to look at, and the client beside it.
check_LTLIBRARIES += %D%/libserved.la
%C%_libserved_la_SOURCES = %D%/run.c %D%/run.h %D%/served.c %D%/served.h \
	%D%/server.c %D%/server.h
%C%_libserved_la_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_libserved_la_CFLAGS = $(CTL_CFLAGS)
CTL_SERVED = $(HARNESS) %D%/libserved.la lib/control/libgyre-control.la lib/libgyre.la \
	$(GYRECTL_LIBS)

gyre_tests += %D%/test_command
%C%_test_command_SOURCES = %D%/test_command.c
%C%_test_command_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_command_CFLAGS = $(CTL_CFLAGS)
%C%_test_command_LDADD = $(CTL_SERVED)
gyre_tests += %D%/test_completion
%C%_test_completion_SOURCES = %D%/test_completion.c
%C%_test_completion_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_completion_CFLAGS = $(CTL_CFLAGS)
%C%_test_completion_LDADD = $(CTL_SERVED)
gyre_tests += %D%/test_graph
%C%_test_graph_SOURCES = %D%/test_graph.c
%C%_test_graph_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_graph_CFLAGS = $(CTL_CFLAGS)
%C%_test_graph_LDADD = $(CTL_SERVED)
gyre_tests += %D%/test_session
%C%_test_session_SOURCES = %D%/test_session.c
%C%_test_session_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_session_CFLAGS = $(CTL_CFLAGS)
%C%_test_session_LDADD = $(CTL_SERVED)
gyre_tests += %D%/test_show
%C%_test_show_SOURCES = %D%/test_show.c
%C%_test_show_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_show_CFLAGS = $(CTL_CFLAGS)
%C%_test_show_LDADD = $(CTL_SERVED)
gyre_tests += %D%/test_top
%C%_test_top_SOURCES = %D%/test_top.c
%C%_test_top_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_top_CFLAGS = $(CTL_CFLAGS)
%C%_test_top_LDADD = $(CTL_SERVED)
gyre_tests += %D%/test_watch
%C%_test_watch_SOURCES = %D%/test_watch.c
%C%_test_watch_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_watch_CFLAGS = $(CTL_CFLAGS)
%C%_test_watch_LDADD = $(CTL_SERVED)
endif
endif
