# Built as a user's programs are: the public headers and the shared library, nothing else.
EXAMPLE_CFLAGS = -std=gnu11 $(PTHREAD_CFLAGS) $(WARN_CFLAGS) -Wno-unused-parameter \
	$(SANITIZE_CFLAGS) $(COVERAGE_CFLAGS)
