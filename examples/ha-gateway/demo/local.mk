# The laboratory's own programs, for script/demo and tests/soak; libc alone.

noinst_PROGRAMS += %D%/watch %D%/probe %D%/frames
%C%_watch_SOURCES = %D%/watch.c %D%/packet.c %D%/probe.h
%C%_watch_CPPFLAGS =
%C%_watch_CFLAGS = $(EXAMPLE_CFLAGS)
%C%_probe_SOURCES = %D%/probe.c %D%/packet.c %D%/probe.h
%C%_probe_CPPFLAGS =
%C%_probe_CFLAGS = $(EXAMPLE_CFLAGS)
%C%_frames_SOURCES = %D%/frames.c %D%/packet.c %D%/probe.h
%C%_frames_CPPFLAGS =
%C%_frames_CFLAGS = $(EXAMPLE_CFLAGS)

EXTRA_DIST += %D%/run %D%/lab.sh %D%/network.sh %D%/observe.sh %D%/files.sh %D%/peers.sh \
	%D%/save-page %D%/measure.awk
