# Memory, clock, lists, log: libc only.
noinst_LTLIBRARIES += %D%/libbase.la

%C%_libbase_la_SOURCES = \
	%D%/assert.h \
	%D%/clock.c \
	%D%/clock.h \
	%D%/clock_tsc.c \
	%D%/clock_tsc.h \
	%D%/clock_virtual.c \
	%D%/copy.h \
	%D%/error.c \
	%D%/error.h \
	%D%/hub.c \
	%D%/hub.h \
	%D%/log.c \
	%D%/log.h \
	%D%/post.c \
	%D%/post.h
