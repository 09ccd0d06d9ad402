# The project's own rules, run by make check as tests are.
project_checks = \
	%D%/check/layering \
	%D%/check/lengths \
	%D%/check/mirror \
	%D%/check/globals \
	%D%/check/symbols \
	%D%/check/headers \
	%D%/check/docs \
	%D%/check/manuals
EXTRA_DIST += $(project_checks) \
	%D%/screenshots \
	%D%/bench/bars.py \
	%D%/bench/curves.py \
	%D%/bench/page.py \
	%D%/bench/report \
	%D%/bench/rows.py \
	%D%/check/lib.sh \
	%D%/check/installcheck \
	%D%/check/instructions \
	%D%/screenshot-top \
	%D%/check/selftest \
	%D%/check/globals.allow \
	%D%/check/mirror.except
