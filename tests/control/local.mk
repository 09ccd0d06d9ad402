# Tests of lib/control.
if HAVE_CONTROL
gyre_tests += %D%/test_page
%C%_test_page_SOURCES = %D%/test_page.c
%C%_test_page_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_page_LDADD = $(HARNESS) lib/control/libpage.la
endif
