# Memory, clock, lists, log: libc only.
noinst_LTLIBRARIES += %D%/libbase.la

%C%_libbase_la_SOURCES = \
	%D%/error.c \
	%D%/error.h
