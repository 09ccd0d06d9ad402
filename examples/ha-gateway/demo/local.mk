# The laboratory's own programs, for script/demo and tests/soak; libc alone.

noinst_PROGRAMS += %D%/watch %D%/probe
%C%_watch_SOURCES = %D%/watch.c %D%/packet.c %D%/probe.h
%C%_watch_CPPFLAGS =
%C%_watch_CFLAGS = $(EXAMPLE_CFLAGS)
%C%_probe_SOURCES = %D%/probe.c %D%/packet.c %D%/probe.h
%C%_probe_CPPFLAGS =
%C%_probe_CFLAGS = $(EXAMPLE_CFLAGS)

EXTRA_DIST += %D%/run %D%/lab.sh %D%/network.sh %D%/observe.sh %D%/peers.sh %D%/measure.awk
