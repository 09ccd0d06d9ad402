# The public headers; those of another library than libgyre are installed with it.
gyreinclude_HEADERS += \
	%D%/gyre/base.h \
	%D%/gyre/graph.h \
	%D%/gyre/link.h \
	%D%/gyre/loop.h \
	%D%/gyre/mailbox.h \
	%D%/gyre/node.h \
	%D%/gyre/process.h \
	%D%/gyre/sender.h \
	%D%/gyre/snapshot.h \
	%D%/gyre/thread.h \
	%D%/gyre/timer.h
if HAVE_DPDK
gyreinclude_HEADERS += %D%/gyre/dpdk.h
else
EXTRA_DIST += %D%/gyre/dpdk.h
endif
if HAVE_UV
gyreinclude_HEADERS += %D%/gyre/uv.h
else
EXTRA_DIST += %D%/gyre/uv.h
endif
if HAVE_CONTROL
gyreinclude_HEADERS += %D%/gyre/control.h
else
EXTRA_DIST += %D%/gyre/control.h
endif
