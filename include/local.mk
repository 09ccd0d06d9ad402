# The public headers; dpdk.h belongs to libgyre-dpdk and is installed with it.
gyreinclude_HEADERS += \
	%D%/gyre/base.h
