# The long tier: script/soak runs the executable ones.
EXTRA_DIST += %D%/soak.sh %D%/bfd-detection %D%/bfd-idle %D%/bfd-saturated %D%/bfd-up \
	%D%/failover-loss %D%/idle-cpu %D%/page-10-minutes %D%/schedules

# What clients cost a loop.
EXTRA_DIST += %D%/control-load %D%/control_client.py
if HAVE_CONTROL
check_PROGRAMS += %D%/control_load
%C%_control_load_SOURCES = %D%/control_load.c
%C%_control_load_CPPFLAGS = $(GYRE_CPPFLAGS)
%C%_control_load_CFLAGS = $(EXAMPLE_CFLAGS)
%C%_control_load_LDADD = lib/control/libgyre-control.la lib/libgyre.la -lm
endif
