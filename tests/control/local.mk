# Tests of lib/control.
