# The control side: socket, JSON-RPC, HTTP. Needs libuv, jansson and libmicrohttpd.
include %D%/page/local.mk
