# The gateway, and libgateway: its I/O-free modules and nodes, which tests/ha-gateway links.
include %D%/demo/local.mk
