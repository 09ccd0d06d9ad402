# Tests of lib/uv.
