# Context switch, stacks, processes, events, timers: may see lib/base and the public headers.
noinst_LTLIBRARIES += %D%/libsched.la

%C%_libsched_la_SOURCES =

# The switch: sources of each variant go where they are named.
if CONTEXT_ASM
%C%_libsched_la_SOURCES +=
else
%C%_libsched_la_SOURCES +=
endif
