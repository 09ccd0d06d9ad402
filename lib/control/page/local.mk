# The page as a C array, joined from its sources. A library of its own: it finds what was built.
PAGE_FILES = \
	%D%/index.html \
	%D%/page.css \
	%D%/graph.css \
	%D%/format.js \
	%D%/data.js \
	%D%/layout.js \
	%D%/graph.js \
	%D%/page.js
EXTRA_DIST += $(PAGE_FILES) %D%/embed

if HAVE_CONTROL
noinst_LTLIBRARIES += lib/control/libpage.la
lib_control_libpage_la_SOURCES = lib/control/page.c lib/control/page.h
lib_control_libpage_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/lib/control

CLEANFILES += %D%/page.inc
%D%/page.inc: $(PAGE_FILES) %D%/embed
	$(AM_V_GEN)$(MKDIR_P) %D% && $(srcdir)/%D%/embed $(srcdir)/%D% >$@.tmp && mv $@.tmp $@
$(lib_control_libpage_la_OBJECTS): %D%/page.inc
endif
