# The gateway, and libha: its I/O-free modules, libc only, which tests/ha-gateway links.
include %D%/demo/local.mk

noinst_LTLIBRARIES += %D%/libha.la

%C%_libha_la_SOURCES = \
	%D%/bfd.c \
	%D%/bfd.h \
	%D%/bfd_packet.c \
	%D%/damping.c \
	%D%/damping.h \
	%D%/failover.c \
	%D%/failover.h \
	%D%/gateway.h \
	%D%/nsec.h \
	%D%/options.c \
	%D%/options.h \
	%D%/ratelimit.c \
	%D%/ratelimit.h \
	%D%/value.c \
	%D%/value.h
