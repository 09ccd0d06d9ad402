# SPDX-License-Identifier: Apache-2.0
#
# What one failure cost, as seen from outside the gateway. Reads watch's lines, then the far host's
# (probe receive), and prints shell assignments. Variables: begin and end of the window, the wire
# that failed, the other wire. Seconds in, microseconds out; -1 where nothing was seen.
#
#   moved_usec    from begin to the first probe on the other wire
#   bfd_usec      from the last BFD packet delivered to the gateway on the failed wire to that
#   silent_usec   from the last packet of the gateway on the failed wire to that
#   lost, first_lost, last_lost, doubled, seen, outage_usec (the longest time between two
#                 arrivals)   of the probes sent in the window, at the far host

function usec(from, to) {
	return from == "" || to == "" ? -1 : int((to - from) * 1e6 + 0.5)
}

function last_before(times, count, limit,    i, last) {
	for (i = 1; i <= count; i++)
		if (limit != "" && times[i] < limit && times[i] > last)
			last = times[i]
	return last
}

NR == FNR {
	if ($1 < begin - 1 || $1 > end)
		next
	if ($2 == other && $3 == "from" && $4 == "probe" && $1 > begin && moved == "")
		moved = $1
	if ($2 == wire && $3 == "to" && $4 == "bfd")
		heard[++hears] = $1
	if ($2 == wire && $3 == "from")
		said[++says] = $1
	next
}

$2 >= begin - 0.2 && $2 <= end - 0.1 {
	if ($1 in arrived) {
		doubled++
		next
	}
	arrived[$1] = $3
	seen++
	if (low == "" || $1 + 0 < low)
		low = $1 + 0
	if ($1 + 0 > high)
		high = $1 + 0
}

END {
	first_lost = last_lost = -1
	for (s = low; low != "" && s <= high; s++) {
		if (!(s in arrived)) {
			lost++
			last_lost = s
			if (first_lost < 0)
				first_lost = s
			continue
		}
		if (previous != "" && arrived[s] - previous > outage)
			outage = arrived[s] - previous
		previous = arrived[s]
	}
	printf "moved_usec=%d bfd_usec=%d silent_usec=%d ", usec(begin, moved),
		usec(last_before(heard, hears, moved), moved),
		usec(last_before(said, says, moved), moved)
	printf "lost=%d first_lost=%d last_lost=%d doubled=%d outage_usec=%d seen=%d\n", lost,
		first_lost, last_lost, doubled, outage * 1e6, seen
}
