# Tests of the room, as in tests/base/local.mk.
