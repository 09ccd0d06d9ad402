# Context switch, stacks, processes, events, timers: may see lib/base and the public headers.
noinst_LTLIBRARIES += %D%/libsched.la

%C%_libsched_la_SOURCES = \
	%D%/account.c \
	%D%/alarm.c \
	%D%/alarm.h \
	%D%/context.c \
	%D%/context.h \
	%D%/event.c \
	%D%/join.c \
	%D%/message.c \
	%D%/overflow.c \
	%D%/process.c \
	%D%/process.h \
	%D%/ready.c \
	%D%/ready.h \
	%D%/sched.c \
	%D%/sched.h \
	%D%/spawn.c \
	%D%/stack.c \
	%D%/stack.h \
	%D%/table.c \
	%D%/table.h \
	%D%/ticker.c \
	%D%/timer.c \
	%D%/wheel.c \
	%D%/wheel.h

# The switch: sources of each variant go where they are named.
if CONTEXT_ASM
%C%_libsched_la_SOURCES += %D%/context_x86_64.S
else
%C%_libsched_la_SOURCES += %D%/context_libc.c
endif
