# Each test names its sources, CPPFLAGS and libraries:
gyre_tests += %D%/test_error
%C%_test_error_SOURCES = %D%/test_error.c
%C%_test_error_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_error_LDADD = $(HARNESS) lib/base/libbase.la
