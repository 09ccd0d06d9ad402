# Memory, clock, lists, log: libc only.
noinst_LTLIBRARIES += %D%/libbase.la

%C%_libbase_la_SOURCES = \
	%D%/clock.h \
	%D%/error.c \
	%D%/error.h \
	%D%/hub.h \
	%D%/log.h \
	%D%/post.h
