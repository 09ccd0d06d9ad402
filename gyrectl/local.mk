# The command-line client of the control socket, and libgyrectl: all of it but main(), which
# tests/gyrectl links.
if HAVE_GYRECTL
noinst_LTLIBRARIES += %D%/libgyrectl.la
%C%_libgyrectl_la_SOURCES = \
	%D%/client.c \
	%D%/client.h \
	%D%/command.c \
	%D%/command.h \
	%D%/field.c \
	%D%/field.h \
	%D%/graph.c \
	%D%/options.c \
	%D%/options.h \
	%D%/page.c \
	%D%/page.h \
	%D%/session.c \
	%D%/session.h \
	%D%/show.c \
	%D%/show_errors.c \
	%D%/show_graph.c \
	%D%/show_links.c \
	%D%/show_loops.c \
	%D%/show_methods.c \
	%D%/show_nodes.c \
	%D%/show_processes.c \
	%D%/show_runtime.c \
	%D%/show_version.c \
	%D%/table.c \
	%D%/table.h \
	%D%/text.c \
	%D%/text.h \
	%D%/top.c \
	%D%/top.h \
	%D%/top_frame.c \
	%D%/top_model.c \
	%D%/top_screen.c \
	%D%/unit.c \
	%D%/unit.h \
	%D%/view.c \
	%D%/view.h \
	%D%/watch.c
%C%_libgyrectl_la_CPPFLAGS = $(AM_CPPFLAGS)
%C%_libgyrectl_la_CFLAGS = $(AM_CFLAGS) $(GYRECTL_CFLAGS)

bin_PROGRAMS += %D%/gyrectl
%C%_gyrectl_SOURCES = %D%/main.c
%C%_gyrectl_CFLAGS = $(AM_CFLAGS) $(GYRECTL_CFLAGS)
%C%_gyrectl_LDADD = %D%/libgyrectl.la $(GYRECTL_LIBS) -lm

man_MANS += docs/man/gyrectl.1

# Under the name by which bash-completion finds it.
bashcompletiondir = $(datadir)/bash-completion/completions
bashcompletion_DATA = %D%/bash-completion/gyrectl
%D%/bash-completion/gyrectl: %D%/completion.bash
	@$(MKDIR_P) %D%/bash-completion
	$(AM_V_GEN)cp $(srcdir)/%D%/completion.bash $@
CLEANFILES += %D%/bash-completion/gyrectl
endif
EXTRA_DIST += %D%/completion.bash docs/man/gyrectl.1 docs/images/gyrectl-top.png
