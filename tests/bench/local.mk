# Of what script/bench makes of its figures.
gyre_scripts += %D%/report
EXTRA_DIST += %D%/report
