# Tests of the room, as in tests/base/local.mk.
gyre_tests += %D%/test_context
%C%_test_context_SOURCES = %D%/test_context.c
%C%_test_context_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_context_LDADD = $(HARNESS) lib/sched/libsched.la lib/base/libbase.la -lm

gyre_tests += %D%/test_stack
%C%_test_stack_SOURCES = %D%/test_stack.c
%C%_test_stack_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_stack_LDADD = $(HARNESS) lib/sched/libsched.la lib/base/libbase.la

gyre_tests += %D%/test_timer
%C%_test_timer_SOURCES = %D%/test_timer.c
%C%_test_timer_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_timer_LDADD = $(HARNESS) lib/sched/libsched.la lib/base/libbase.la

gyre_tests += %D%/test_wheel
%C%_test_wheel_SOURCES = %D%/test_wheel.c
%C%_test_wheel_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_wheel_LDADD = $(HARNESS) lib/sched/libsched.la lib/base/libbase.la
