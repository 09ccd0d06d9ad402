# The gateway, and libgateway: its I/O-free modules and nodes, which tests/ha-gateway links.
