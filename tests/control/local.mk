# Tests of lib/control.
if HAVE_CONTROL
CONTROL_ROOM = %D%/libcontrolrig.la $(HARNESS) lib/control/libcontrol.la \
	lib/control/libpage.la lib/libgyre.la $(CONTROL_LIBS)

check_LTLIBRARIES += %D%/libcontrolrig.la
%C%_libcontrolrig_la_SOURCES = %D%/rig.c %D%/rig.h
%C%_libcontrolrig_la_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_libcontrolrig_la_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)

gyre_tests += %D%/test_control
%C%_test_control_SOURCES = %D%/test_control.c
%C%_test_control_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_control_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_control_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_methods_loop
%C%_test_methods_loop_SOURCES = %D%/test_methods_loop.c
%C%_test_methods_loop_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_methods_loop_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_methods_loop_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_methods_graph
%C%_test_methods_graph_SOURCES = %D%/test_methods_graph.c
%C%_test_methods_graph_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_methods_graph_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_methods_graph_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_methods_process
%C%_test_methods_process_SOURCES = %D%/test_methods_process.c
%C%_test_methods_process_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_methods_process_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_methods_process_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_methods_runtime
%C%_test_methods_runtime_SOURCES = %D%/test_methods_runtime.c
%C%_test_methods_runtime_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_methods_runtime_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_methods_runtime_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_subscribe
%C%_test_subscribe_SOURCES = %D%/test_subscribe.c
%C%_test_subscribe_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_subscribe_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_subscribe_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_call
%C%_test_call_SOURCES = %D%/test_call.c %D%/app.c %D%/app.h
%C%_test_call_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_call_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_call_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_command
%C%_test_command_SOURCES = %D%/test_command.c %D%/app.c %D%/app.h
%C%_test_command_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_command_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_command_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_loops
%C%_test_loops_SOURCES = %D%/test_loops.c
%C%_test_loops_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_loops_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_loops_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_client
%C%_test_client_SOURCES = %D%/test_client.c
%C%_test_client_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_client_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_client_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_request
%C%_test_request_SOURCES = %D%/test_request.c
%C%_test_request_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_request_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_request_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_socket
%C%_test_socket_SOURCES = %D%/test_socket.c
%C%_test_socket_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_socket_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_socket_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_abuse
%C%_test_abuse_SOURCES = %D%/test_abuse.c
%C%_test_abuse_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_abuse_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_abuse_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_bytes
%C%_test_bytes_SOURCES = %D%/test_bytes.c
%C%_test_bytes_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_bytes_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_bytes_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_json
%C%_test_json_SOURCES = %D%/test_json.c
%C%_test_json_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_json_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_json_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_method
%C%_test_method_SOURCES = %D%/test_method.c
%C%_test_method_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_method_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_method_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_rpc
%C%_test_rpc_SOURCES = %D%/test_rpc.c
%C%_test_rpc_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_rpc_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_rpc_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_page
%C%_test_page_SOURCES = %D%/test_page.c
%C%_test_page_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_page_LDADD = $(HARNESS) lib/control/libpage.la
gyre_tests += %D%/test_http_accept
%C%_test_http_accept_SOURCES = %D%/test_http_accept.c
%C%_test_http_accept_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_accept_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_http_accept_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_http_address
%C%_test_http_address_SOURCES = %D%/test_http_address.c
%C%_test_http_address_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_address_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_http_address_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_http_answer
%C%_test_http_answer_SOURCES = %D%/test_http_answer.c
%C%_test_http_answer_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_answer_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_http_answer_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_http_guard
%C%_test_http_guard_SOURCES = %D%/test_http_guard.c
%C%_test_http_guard_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_guard_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_http_guard_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_http_query
%C%_test_http_query_SOURCES = %D%/test_http_query.c
%C%_test_http_query_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_query_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_http_query_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_listen
%C%_test_listen_SOURCES = %D%/test_listen.c
%C%_test_listen_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_listen_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_listen_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_metrics
%C%_test_metrics_SOURCES = %D%/test_metrics.c
%C%_test_metrics_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_metrics_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_metrics_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_metrics_text
%C%_test_metrics_text_SOURCES = %D%/test_metrics_text.c
%C%_test_metrics_text_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_metrics_text_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_metrics_text_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_http
%C%_test_http_SOURCES = %D%/test_http.c %D%/http_client.c %D%/http_client.h
%C%_test_http_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_http_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_http_clients
%C%_test_http_clients_SOURCES = %D%/test_http_clients.c %D%/http_client.c %D%/http_client.h
%C%_test_http_clients_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_clients_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_http_clients_LDADD = $(CONTROL_ROOM)

gyre_tests += %D%/test_http_exchange
%C%_test_http_exchange_SOURCES = %D%/test_http_exchange.c %D%/http_client.c %D%/http_client.h \
	%D%/traffic_loop.c %D%/traffic_loop.h
%C%_test_http_exchange_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_exchange_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_test_http_exchange_LDADD = $(CONTROL_ROOM)

# A program with traffic to be looked at, for the tests of the control's clients.
check_PROGRAMS += %D%/traffic
%C%_traffic_SOURCES = %D%/traffic.c %D%/traffic_loop.c %D%/traffic_loop.h
%C%_traffic_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_traffic_CFLAGS = $(AM_CFLAGS) $(CONTROL_CFLAGS)
%C%_traffic_LDADD = lib/control/libgyre-control.la lib/libgyre.la $(CONTROL_LIBS)

gyre_scripts += %D%/dashboard %D%/prometheus

# The page in a browser, before a program of its own.
gyre_scripts += %D%/page
check_PROGRAMS += %D%/page_program
%C%_page_program_SOURCES = %D%/page_program.c %D%/page_graph.c %D%/page_graph.h
%C%_page_program_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_page_program_LDADD = lib/control/libgyre-control.la lib/libgyre.la
endif
EXTRA_DIST += %D%/dashboard %D%/prometheus
EXTRA_DIST += %D%/page %D%/page_browser.py
