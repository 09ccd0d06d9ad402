# The control side: socket, JSON-RPC, HTTP. Needs libuv, jansson and libmicrohttpd. Of the base room
# it has error.c alone, a copy of its own: libgyre does not export it.
EXTRA_DIST += %D%/gyre-control.map
if HAVE_CONTROL
dist_pkgdata_DATA = docs/grafana-dashboard.json
lib_LTLIBRARIES += %D%/libgyre-control.la
# Tests of what the map hides link the room itself.
noinst_LTLIBRARIES += %D%/libcontrol.la

%C%_libcontrol_la_SOURCES = \
	lib/base/error.c \
	lib/base/error.h \
	%D%/bytes.c \
	%D%/bytes.h \
	%D%/call.c \
	%D%/call.h \
	%D%/client.c \
	%D%/client.h \
	%D%/command.c \
	%D%/command.h \
	%D%/control.c \
	%D%/control.h \
	%D%/http.c \
	%D%/http.h \
	%D%/http_accept.c \
	%D%/http_accept.h \
	%D%/http_address.c \
	%D%/http_address.h \
	%D%/http_answer.c \
	%D%/http_answer.h \
	%D%/http_exchange.c \
	%D%/http_exchange.h \
	%D%/http_guard.c \
	%D%/http_guard.h \
	%D%/http_query.c \
	%D%/http_query.h \
	%D%/json.c \
	%D%/json.h \
	%D%/listen.c \
	%D%/listen.h \
	%D%/loops.c \
	%D%/loops.h \
	%D%/method.c \
	%D%/method.h \
	%D%/methods_graph.c \
	%D%/methods_loop.c \
	%D%/methods_process.c \
	%D%/methods_runtime.c \
	%D%/metrics.c \
	%D%/metrics.h \
	%D%/metrics_text.c \
	%D%/metrics_text.h \
	%D%/names.c \
	%D%/names.h \
	%D%/peer.c \
	%D%/peer.h \
	%D%/question.c \
	%D%/question.h \
	%D%/reading.c \
	%D%/reading.h \
	%D%/request.c \
	%D%/request.h \
	%D%/rpc.c \
	%D%/rpc.h \
	%D%/socket.c \
	%D%/socket.h \
	%D%/subscribe.c
%C%_libcontrol_la_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)

%C%_libgyre_control_la_SOURCES =
%C%_libgyre_control_la_LIBADD = %D%/libcontrol.la %D%/libpage.la lib/libgyre.la \
	$(CONTROL_LIBS)
%C%_libgyre_control_la_LDFLAGS = $(AM_LDFLAGS) $(GYRE_SHARED_LDFLAGS) \
	-version-info $(GYRE_VERSION_INFO) -Wl,--version-script=$(top_srcdir)/%D%/gyre-control.map
EXTRA_%C%_libgyre_control_la_DEPENDENCIES = %D%/gyre-control.map
endif

include %D%/page/local.mk
