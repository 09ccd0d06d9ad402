# Tests of lib/control.
if HAVE_CONTROL
CONTROL_ROOM = $(HARNESS) lib/control/libcontrol.la lib/control/libpage.la lib/libgyre.la \
	$(CONTROL_LIBS)

gyre_tests += %D%/test_control
%C%_test_control_SOURCES = %D%/test_control.c
%C%_test_control_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_control_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_control_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_page
%C%_test_page_SOURCES = %D%/test_page.c
%C%_test_page_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_page_LDADD = $(HARNESS) lib/control/libpage.la
endif
