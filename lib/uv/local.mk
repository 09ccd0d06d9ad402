# The adapter that drives a loop from a host's uv_loop_t. Needs libuv alone.
