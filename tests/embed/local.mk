# Tests of loops inside the loops of hosts.
