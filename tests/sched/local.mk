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

gyre_tests += %D%/test_alarm
%C%_test_alarm_SOURCES = %D%/test_alarm.c
%C%_test_alarm_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_alarm_LDADD = $(HARNESS) lib/sched/libsched.la lib/base/libbase.la

gyre_tests += %D%/test_wheel
%C%_test_wheel_SOURCES = %D%/test_wheel.c
%C%_test_wheel_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_wheel_LDADD = $(HARNESS) lib/sched/libsched.la lib/base/libbase.la

# A loop that is turned by hand, for the tests of processes.
check_LTLIBRARIES += %D%/libfixture.la
%C%_libfixture_la_SOURCES = %D%/fixture.c %D%/fixture.h
%C%_libfixture_la_CPPFLAGS = $(TEST_CPPFLAGS)
SCHED_FIXTURE = %D%/libfixture.la $(HARNESS) lib/sched/libsched.la lib/base/libbase.la

gyre_tests += %D%/test_ready
%C%_test_ready_SOURCES = %D%/test_ready.c
%C%_test_ready_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ready_LDADD = $(SCHED_FIXTURE)

gyre_tests += %D%/test_process
%C%_test_process_SOURCES = %D%/test_process.c
%C%_test_process_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_process_LDADD = $(SCHED_FIXTURE)

if CONTEXT_ASM
if !SANITIZERS
gyre_tests += %D%/test_context_steps
%C%_test_context_steps_SOURCES = %D%/test_context_steps.c
%C%_test_context_steps_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_context_steps_LDADD = $(HARNESS) lib/sched/libsched.la lib/base/libbase.la -lm
endif

gyre_tests += %D%/test_process_control
%C%_test_process_control_SOURCES = %D%/test_process_control.c
%C%_test_process_control_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_process_control_LDADD = $(SCHED_FIXTURE)
endif

gyre_tests += %D%/test_process_misuse
%C%_test_process_misuse_SOURCES = %D%/test_process_misuse.c
%C%_test_process_misuse_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_process_misuse_LDADD = $(SCHED_FIXTURE)

gyre_tests += %D%/test_table
%C%_test_table_SOURCES = %D%/test_table.c
%C%_test_table_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_table_LDADD = $(SCHED_FIXTURE)

gyre_tests += %D%/test_event
%C%_test_event_SOURCES = %D%/test_event.c
%C%_test_event_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_event_LDADD = $(SCHED_FIXTURE)

gyre_tests += %D%/test_message
%C%_test_message_SOURCES = %D%/test_message.c
%C%_test_message_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_message_LDADD = $(SCHED_FIXTURE)

gyre_tests += %D%/test_join
%C%_test_join_SOURCES = %D%/test_join.c
%C%_test_join_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_join_LDADD = $(SCHED_FIXTURE)

gyre_tests += %D%/test_ticker
%C%_test_ticker_SOURCES = %D%/test_ticker.c
%C%_test_ticker_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ticker_LDADD = $(SCHED_FIXTURE)

gyre_tests += %D%/test_account
%C%_test_account_SOURCES = %D%/test_account.c
%C%_test_account_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_account_LDADD = $(SCHED_FIXTURE)

gyre_tests += %D%/test_overflow
%C%_test_overflow_SOURCES = %D%/test_overflow.c
%C%_test_overflow_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_overflow_LDADD = $(SCHED_FIXTURE)

gyre_tests += %D%/test_sched
%C%_test_sched_SOURCES = %D%/test_sched.c
%C%_test_sched_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_sched_LDADD = $(SCHED_FIXTURE)

gyre_tests += %D%/test_spawn
%C%_test_spawn_SOURCES = %D%/test_spawn.c
%C%_test_spawn_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_spawn_LDADD = $(SCHED_FIXTURE)
