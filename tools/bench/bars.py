# SPDX-License-Identifier: Apache-2.0
"""The bars of bench/bars.csv, judged by the medians of one run. A bar that names a peer bounds the
ratio to the peer's median; else it bounds the median itself. Peers of bench/published.csv cannot be
run here: their figures are scaled by what a peer of both runs, RULER, got then and now. Where not
even FLOOR, the work with nothing around it, is within a bar, the bar is out of reach in that
run."""

from collections import namedtuple

import rows

BARS = ["subject", "case", "param", "system", "peer", "max"]
PUBLISHED = ["subject", "case", "param", "system", "unit", "median"]
RULER = "rte_graph"
FLOOR = "direct"

Bar = namedtuple("Bar", BARS)
# held: True, False, or None: not measured. floor: FLOOR's value where that is not held, or None.
Verdict = namedtuple("Verdict", ["bar", "value", "unit", "held", "floor"])


def read(path):
    """`case` and `param` may be several, with blanks between."""
    for line in rows.lines(path, BARS):
        limit = rows.number(line[5], path, line)
        for case in line[1].split():
            for param in line[2].split() or [""]:
                yield Bar(line[0], case, param, line[3], line[4], limit)


class Published:
    def __init__(self, path):
        self.medians = {tuple(line[:4]): rows.number(line[5], path, line)
                        for line in rows.lines(path, PUBLISHED)}

    def scaled(self, table, subject, case, param, system):
        """What the figure would be in the run of `table`; None if it cannot be said."""
        figure = self.medians.get((subject, case, param, system))
        ruler = self.medians.get((subject, case, param, RULER))
        now = table.median(subject, case, param, RULER)
        if figure is None or not ruler or now is None:
            return None
        return figure * now / ruler

    def systems(self):
        return sorted({key[3] for key in self.medians} - {RULER})


def judge(bar, table, published):
    row = table.row(bar.subject, bar.case, bar.param, bar.system)
    if row is None:
        return Verdict(bar, None, "", None, None)
    unit, peer = row.unit, 1
    if bar.peer:
        unit = f"of {bar.peer}"
        peer = table.median(bar.subject, bar.case, bar.param, bar.peer)
        if peer is None:
            peer = published.scaled(table, bar.subject, bar.case, bar.param, bar.peer)
    if peer is None or peer <= 0:
        return Verdict(bar, None, "", None, None)
    floor = table.median(bar.subject, bar.case, bar.param, FLOOR)
    floor = floor / peer if floor is not None and floor / peer > bar.max else None
    value = row.median / peer
    return Verdict(bar, value, unit, value <= bar.max, floor)


def judge_all(path, table, published, subjects):
    return [judge(bar, table, published) for bar in read(path) if bar.subject in subjects]


def summary(verdicts):
    held = sum(verdict.held is True for verdict in verdicts)
    missing = sum(verdict.held is None for verdict in verdicts)
    beyond = sum(verdict.held is False and verdict.floor is not None for verdict in verdicts)
    within = f" ({beyond} of them not by {FLOOR} calls either)" if beyond else ""
    failed = len(verdicts) - held - missing
    return (f"{held} of {len(verdicts)} bars held, {failed} not held{within}, "
            f"{missing} not measured")
