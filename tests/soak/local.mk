# The long tier: script/soak runs the executable ones.
EXTRA_DIST += %D%/soak.sh %D%/bfd-detection %D%/bfd-idle %D%/bfd-saturated %D%/bfd-up \
	%D%/failover-loss %D%/page-10-minutes
