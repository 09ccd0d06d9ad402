# Flags that a compiler may lack are tried with -Werror, since clang only warns of unknown ones.
# GYRE_TRY_CFLAG(VARIABLE, FLAGS)
AC_DEFUN([GYRE_TRY_CFLAG], [
	gyre_saved_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $2"
	AC_MSG_CHECKING([whether $CC takes $2])
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM],
		[$1="$$1 $2"; AC_MSG_RESULT([yes])], [AC_MSG_RESULT([no])])
	CFLAGS=$gyre_saved_CFLAGS
])

# What the libraries beside the core need; without it they are left out.
AC_DEFUN([GYRE_PACKAGES], [
AC_ARG_WITH([dpdk], [AS_HELP_STRING([--without-dpdk],
	[leave out libgyre-dpdk @<:@built when libdpdk is found@:>@])], [], [with_dpdk=auto])
have_dpdk=no
AS_IF([test "$with_dpdk" != no], [
	PKG_CHECK_MODULES([DPDK], [libdpdk >= 22.11], [have_dpdk=yes],
		[AS_IF([test "$with_dpdk" = yes], [AC_MSG_ERROR([--with-dpdk: $DPDK_PKG_ERRORS])])])
])
# DPDK's headers are not warning-free: they are system headers to us.
DPDK_CFLAGS=`AS_ECHO(["$DPDK_CFLAGS"]) | sed 's/-I */-isystem /g'`
AM_CONDITIONAL([HAVE_DPDK], [test $have_dpdk = yes])
AS_IF([test $have_dpdk = yes], [AC_DEFINE([HAVE_DPDK], [1], [libdpdk is there.])])

# The libuv side: gyre-uv needs libuv alone, gyre-control what serves its clients besides.
AC_ARG_WITH([uv], [AS_HELP_STRING([--without-uv],
	[leave out libgyre-uv and libgyre-control @<:@built when libuv is found@:>@])], [],
	[with_uv=auto])
AC_ARG_WITH([control], [AS_HELP_STRING([--without-control],
	[leave out libgyre-control @<:@built when libuv, jansson and libmicrohttpd are found@:>@])],
	[], [with_control=auto])
have_uv=no have_control=no
AS_IF([test "$with_uv" != no], [
	PKG_CHECK_MODULES([UV], [libuv >= 1.44], [have_uv=yes],
		[AS_IF([test "$with_uv" = yes], [AC_MSG_ERROR([--with-uv: $UV_PKG_ERRORS])])])
])
AS_IF([test "$with_control" != no && test $have_uv = yes], [
	PKG_CHECK_MODULES([CONTROL], [libuv >= 1.44, jansson >= 2.13, libmicrohttpd >= 0.9.75],
		[have_control=yes], [AS_IF([test "$with_control" = yes],
			[AC_MSG_ERROR([--with-control: $CONTROL_PKG_ERRORS])])])
])
# For gyre-control.pc: not by Requires.private, for libmicrohttpd's own private requirements end, on
# Debian, at a library whose development package nothing depends on.
AS_IF([test $have_control = yes], [MICROHTTPD_LIBS=$($PKG_CONFIG --libs libmicrohttpd)])
AC_SUBST([MICROHTTPD_LIBS])
AM_CONDITIONAL([HAVE_UV], [test $have_uv = yes])
AM_CONDITIONAL([HAVE_CONTROL], [test $have_control = yes])
AS_IF([test $have_uv = yes], [AC_DEFINE([HAVE_UV], [1], [libuv is there.])])
AS_IF([test $have_control = yes], [AC_DEFINE([HAVE_CONTROL], [1], [libgyre-control is built.])])

AM_CONDITIONAL([HAVE_GATEWAY], [test $have_dpdk:$have_control = yes:yes])

# Its client, and an example.
PKG_CHECK_MODULES([GYRECTL], [jansson >= 2.13, ncursesw], [have_gyrectl=yes], [have_gyrectl=no])
AM_CONDITIONAL([HAVE_GYRECTL], [test $have_gyrectl = yes])
PKG_CHECK_MODULES([GLIB], [glib-2.0 >= 2.66], [have_glib=yes], [have_glib=no])
AM_CONDITIONAL([HAVE_GLIB], [test $have_glib = yes])
])

# The peers that bench/ measures beside gyre, besides DPDK and libuv; the library needs none of
# them. A benchmark without its peer leaves the peer's rows out.
AC_DEFUN([GYRE_BENCH_PEERS], [
# Of Boost the assembly alone: its symbols are C's, its headers C++'s.
GYRE_BENCH_PEER([BOOST_CONTEXT], [stddef.h], [boost_context], [jump_fcontext])
GYRE_BENCH_PEER([PTH], [pth.h], [pth], [pth_init])
GYRE_BENCH_PEER([EV], [ev.h], [ev], [ev_loop_new])
])

# GYRE_BENCH_PEER(NAME, HEADER, LIBRARY, FUNCTION): HAVE_NAME, and NAME_LIBS.
AC_DEFUN([GYRE_BENCH_PEER], [
$1_LIBS=
AC_CHECK_HEADER([$2], [AC_CHECK_LIB([$3], [$4], [$1_LIBS=-l$3])])
AS_IF([test -n "$$1_LIBS"], [AC_DEFINE([HAVE_$1], [1], [lib$3 is there, for bench.])])
AC_SUBST([$1_LIBS])
])
