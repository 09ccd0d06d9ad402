# SPDX-License-Identifier: Apache-2.0
"""The page of a run: what stood where, a table for each subject, its curves, and the bars."""

import os

import bars
import curves
import rows

CASES = ["subject", "case", "runs", "text"]
HEAD = """\
# Benchmarks beside the peers

gyre beside what it is compared with, in one run: every system measured in turn on one pinned core,
the median of at least 9 repetitions. The machines that such figures come from are noisy: what a
neighbour on the core's other thread disturbed is measured again, for a while, and it is the ratios
that count, not the nanoseconds. In the tables a peer's median has behind it, in brackets, gyre's
part of it: below 1, gyre is faster. This page is written by `script/bench`, by hand nothing of it.

    script/bench                     # all of it, in some ten minutes: writes this page
    script/bench --quick             # a look, in under a minute
    script/bench --check graph       # one subject; fails if one of its bars is not held

The benchmarks are in `bench`, a program for each subject; the bars in `bench/bars.csv`. Times are
too noisy for CI, which holds the instructions of the hot paths instead: `tools/check/instructions`.
"""
PUBLISHED = """\
VPP does not run inside another program. Its figures (`bench/published.csv`) were measured once, on
a Sapphire Rapids guest, with rte_graph's beside them. Where VPP is named here, they are scaled by
what rte_graph takes here to what it took there.
"""


def cells(*words):
    return "| " + " | ".join(words) + " |"


def ruled(columns, left):
    """The line below a table's head."""
    return "|" + "---|" * left + "---:|" * (columns - left)


def figure(value):
    """Three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1 else f"{value:.2g}"


def shown_limit(bar):
    return f"<= {figure(bar.max)}" + (f" of {bar.peer}" if bar.peer else "")


def shown_held(verdict):
    if verdict.held is False and verdict.floor is not None:
        return f"**no**, nor is {bars.FLOOR}: {figure(verdict.floor)}"
    return {True: "yes", False: "**no**", None: "not measured"}[verdict.held]


def shown_value(verdict):
    return "" if verdict.value is None else f"{figure(verdict.value)} {verdict.unit}"


def bars_text(verdicts):
    """For the terminal: those that are not held first catch the eye, so they stand last."""
    for verdict in sorted(verdicts, key=lambda verdict: verdict.held is not True):
        bar = verdict.bar
        held = {True: "held", False: "NOT HELD", None: "not measured"}[verdict.held]
        if verdict.held is False and verdict.floor is not None:
            held += f", nor is {bars.FLOOR}: {figure(verdict.floor)}"
        yield (f"{bar.subject:8} {bar.case:22} {bar.param:18} {bar.system:8} "
               f"{shown_value(verdict):26} {shown_limit(bar):26} {held}")
    yield bars.summary(verdicts)


def bars_table(verdicts):
    yield cells("case", "at", "bar", "measured", "held")
    yield ruled(5, 5)
    for verdict in verdicts:
        bar = verdict.bar
        name = bar.case if bar.system == "gyre" else f"{bar.case}, {bar.system}"
        yield cells(name, f"`{bar.param}`", shown_limit(bar), shown_value(verdict),
                    shown_held(verdict))


def case_tables(found):
    """All rows of a case: a line for each parameter, a column for each system, a table for each
    unit."""
    for unit in dict.fromkeys(row.unit for row in found):
        yield ""
        yield from unit_table([row for row in found if row.unit == unit])


def unit_table(found):
    systems = list(dict.fromkeys(row.system for row in found))
    yield cells(found[0].unit, *systems)
    yield ruled(1 + len(systems), 1)
    by_param = {}
    for row in found:
        by_param.setdefault(row.param, {})[row.system] = row.median
    for param, medians in by_param.items():
        base = medians.get(systems[0])
        line = [f"`{param}`"]
        for system in systems:
            median = medians.get(system)
            text = "" if median is None else figure(median)
            if system != systems[0] and median and base is not None:
                text += f" ({base / median:.2f})"
            line.append(text)
        yield cells(*line)


def subject_section(table, subject, texts, verdicts, published, directory):
    yield from ("", f"## {subject}", "", texts.get((subject, "")) or subject)
    if curves.draw(table, subject, published, os.path.join(directory, subject + ".svg")):
        yield from ("", f"![The medians of the tables below, as curves]({subject}.svg)")
    for case in table.cases(subject):
        text = texts.get((subject, case)) or texts.get(("", case))
        yield from ("", f"**{case}**" + (f": {text}" if text else ""))
        yield from case_tables(table.of(subject, case))
    own = [verdict for verdict in verdicts if verdict.bar.subject == subject]
    if own:
        yield from ("", f"**Bars**: {bars.summary(own)}.", "")
        yield from bars_table(own)


def write(table, verdicts, published, machine, cases, directory):
    """README.md and an SVG for each subject, into the directory. `machine` are lines 'NAME: VALUE',
    `cases` is the file that says what each case is."""
    texts = {tuple(line[:2]): line[3] for line in rows.lines(cases, CASES)}
    text = [HEAD, cells("this run", ""), ruled(2, 2)]
    for line in machine:
        name, _, value = line.partition(":")
        text.append(cells(name.strip(), value.strip()))
    text += ["", PUBLISHED, f"**All bars**: {bars.summary(verdicts)}."]
    for subject in table.subjects():
        text += subject_section(table, subject, texts, verdicts, published, directory)
    with open(os.path.join(directory, "README.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")
