# SPDX-License-Identifier: Apache-2.0
"""The curves of the page, drawn by gnuplot: one SVG for each subject, one panel for each case. A
panel without rows is left out, and a picture without panels."""

import math
import re
import subprocess
from collections import namedtuple

import rows

# Of one case: its medians against the parameter `x`, a line for each system, for those rows whose
# other parameters are `at`. Or, if `ratio` names two systems, the first's part of the second, and a
# line for each value of the parameter `by`. Ratios and shares begin at 0, times are logarithmic.
Lines = namedtuple("Lines", "title case x at xlabel ylabel ratio by share",
                   defaults=((), "", False))
# Medians of several (label, case, param), a group of bars for each, a bar for each system.
Bars = namedtuple("Bars", "title groups ylabel")

COLOURS = {"gyre": "#d55e00", "gyre-avx2": "#e69f00", "gyre-scalar": "#b8860b", "direct": "#999999",
           "rte_graph": "#0072b2", "vpp": "#009e73",
           "boost.context": "#0072b2", "vpp-steps": "#009e73", "libc-setjmp": "#56b4e9",
           "swapcontext": "#cc79a7", "pth": "#8c564b",
           "libuv": "#0072b2", "libev": "#cc79a7", "rte_timer": "#009e73", "nothing": "#999999",
           "skeleton": "#0072b2", "straight": "#009e73", "clock-read": "#999999",
           "V=1": "#999999", "V=4": "#56b4e9", "V=16": "#0072b2", "V=64": "#e69f00",
           "V=256": "#d55e00"}
ORDER = ("packet-first", "task-first")
ORDER_RATIO = "packet-first / task-first"
MORE = ("#56b4e9", "#cc79a7", "#009e73", "#8c564b", "#17becf", "#4b0082", "#7f7f7f")


def stage_panels():
    per_stage = "ns per item and stage"
    for case in ("one-next", "by-object", "mixed-90-10", "random-2", "random-4", "random-16"):
        yield Lines(case, case, "V", {}, "vector", per_stage)
    for case in ("diamond", "unequal-diamond", "tree"):
        yield Lines(case, case, "V", {}, "vector", "ns per item, whole walk")


def order_panels():
    for case in ("straight", "jumpy", "sparse"):
        yield Lines(f"{case} code", case, "B", {}, "code of a node, KiB", ORDER_RATIO, ORDER, "V")
    for case in ("straight", "jumpy", "sparse"):
        yield Lines(f"{case} code of 8 KiB, and a table", case, "T", {"B": "8KiB"},
                    "table of a node, KiB", ORDER_RATIO, ORDER, "V")


def process_panels():
    yield Lines("wake-ups", "wake", "N", {}, "sleeping processes", "ns per wake-up")
    yield Bars("raw switch, one way", [("", "switch", None)], "ns")
    yield Lines("resume and yield", "resume-yield", "N", {}, "processes", "ns")
    yield Lines("spawn, run, exit", "life", "N", {}, "processes", "ns")


def timer_panels():
    cases = ("start", "stop", "re-arm", "idle-poll", "expire")
    yield Bars("10,000 timers", [(case, case, "N=10000") for case in cases], "ns")
    yield Lines("worst poll", "worst-poll", "N", {}, "timers", "us")


def loop_panels():
    yield Lines("idle turn", "idle-turn", "N", {}, "inputs", "ns per turn")
    yield Bars("wake-up", [(f"{case[5:]} p{p}", case, f"p={p}")
                           for case in ("wake-asleep", "wake-busy") for p in (50, 99)], "ns")
    yield Lines("chores", "chores", "V", {}, "vector", "% of the time", share=True)


def gateway_panels():
    for flows, title in (("1", "1 flow"), ("1000", "1,000 flows"), ("1000000", "1,000,000 flows")):
        yield Lines(title, "forward", "V", {"F": flows}, "vector", "ns per packet")


PANELS = {"graph": stage_panels, "order": order_panels, "process": process_panels,
          "timer": timer_panels, "loop": loop_panels, "gateway": gateway_panels}


def wanted(table, subject, panel):
    """(x, by, row) of the rows of a panel of lines."""
    for row in table.of(subject, panel.case):
        found = rows.params(row.param)
        x = rows.amount(found.pop(panel.x, ""))
        by = found.pop(panel.by, "")
        if x is not None and found == panel.at:
            yield x, by, row


def points(table, subject, panel, published):
    """{series: [(x, y)]} of a panel of lines."""
    series, pairs = {}, {}
    for x, by, row in wanted(table, subject, panel):
        if panel.ratio:
            pairs.setdefault((by, x), {})[row.system] = row.median
            continue
        series.setdefault(row.system, []).append((x, row.median))
        for system in published.systems() if row.system == "gyre" else ():
            scaled = published.scaled(table, subject, panel.case, row.param, system)
            if scaled is not None:
                series.setdefault(system, []).append((x, scaled))
    for (by, x), medians in pairs.items():
        if all(medians.get(system, 0) > 0 for system in panel.ratio):
            over, under = (medians[system] for system in panel.ratio)
            series.setdefault(f"{panel.by}={by}", []).append((x, over / under))
    return {name: sorted(line) for name, line in series.items() if any(y > 0 for _, y in line)}


def colour(name, index):
    return COLOURS.get(name, MORE[index % len(MORE)])


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def name(x):
    for size, unit in ((1000000, "M"), (1000, "k")):
        if x >= size and x % (size / 10) == 0:
            return f"{x / size:g}{unit}"
    return f"{x:g}"


def x_axis(xs):
    """What was measured is named, where names would not touch."""
    chosen, last = [], -math.inf
    least = (math.log(xs[-1]) - math.log(xs[0])) / 9
    for x in xs:
        if math.log(x) - last >= least:
            chosen.append(f'"{name(x)}" {x:g}')
            last = math.log(x)
    return [f"set xtics ({', '.join(chosen)})", f"set xrange [{xs[0] / 1.05:g}:{xs[-1] * 1.05:g}]"]


def y_axis(ys):
    """Logarithmic: powers of ten are named, and between them 2 and 5 where there are few."""
    low, high = min(ys) / 1.15, max(ys) * 1.15
    steps = (1, 2, 5) if high / low < 150 else (1,)
    values = [step * 10.0 ** power for power in range(-6, 12) for step in steps]
    chosen = ", ".join(f'"{name(y)}" {y:g}' for y in values if low <= y <= high)
    return ["set logscale y", f"set ytics ({chosen})", f"set yrange [{low:g}:{high:g}]"]


def draw_lines(table, subject, panel, published):
    series = points(table, subject, panel, published)
    if not series:
        return None
    if panel.ratio:
        series = {name: [(x / 1024, y) for x, y in line] for name, line in series.items()}
    found = [point for line in series.values() for point in line if min(point) > 0]
    script = ["set logscale x", *x_axis(sorted({x for x, _ in found})),
              f"set xlabel {quoted(panel.xlabel)} offset 0,0.7"]
    if panel.ratio or panel.share:
        script += ["unset logscale y", "set ytics auto", "set yrange [0:*]"]
    else:
        script += y_axis([y for _, y in found])
    plots = []
    for index, (system, line) in enumerate(series.items()):
        data = f"$data{index}"
        script += [f"{data} << EOD", *(f"{x:g} {y:g}" for x, y in line if y > 0), "EOD"]
        style = "points pt 7 ps 0.5" if len(line) == 1 else "lines"
        dash = 2 if system in published.systems() else 1
        width = 2.5 if system == "gyre" else 1.3
        plots.append(f"{data} using 1:2 title {quoted(system)} with {style} dt {dash} "
                     f"lc rgb {quoted(colour(system, index))} lw {width}")
    return script + ["plot " + ", ".join(plots)]


def draw_bars(table, subject, panel):
    systems, groups = [], []
    for label, case, param in panel.groups:
        found = {row.system: row.median for row in table.of(subject, case)
                 if param in (None, row.param)}
        systems += [key for key in found if key not in systems]
        if found:
            groups.append((label, found))
    if not any(y > 0 for _, found in groups for y in found.values()):
        return None
    heights = [y for _, found in groups for y in found.values() if y > 0]
    script = ["unset logscale", *y_axis([min(heights) / 2, max(heights)]), "set xtics auto",
              f"set xrange [-0.6:{len(groups) - 0.4:g}]", "set xlabel ''", "$bars << EOD"]
    for label, found in groups:
        cells = (f"{found[key]:g}" if found.get(key, 0) > 0 else "?" for key in systems)
        script.append(" ".join([f'"{label}"', *cells]))
    script.append("EOD")
    plots = [f"$bars using {index + 2}:xtic(1) with histograms title {quoted(key)} "
             f"lc rgb {quoted(colour(key, index))}" for index, key in enumerate(systems)]
    return script + ["plot " + ", ".join(plots)]


# What SVG has by default; the font, once for all.
DEFAULTS = (' stroke-linecap="butt"', ' stroke-linejoin="miter"', ' stroke-width="1.00"',
            ' font-family="sans"')


def thin(svg, title):
    """gnuplot's picture without its many empty groups: half of the file."""
    for words in DEFAULTS:
        svg = svg.replace(words, "")
    svg = svg.replace("<title>Gnuplot</title>", f"<title>{title}</title>")
    svg = svg.replace("<svg", '<svg font-family="sans-serif"', 1)
    svg = re.sub(r"<g [^<>]*>\s*</g>\n*", "", svg)
    return re.sub(r"\s*\n\s*", "\n", svg)


def draw(table, subject, published, path):
    """Draws the subject's picture into `path`; whether there was anything to draw."""
    panels = []
    for panel in PANELS[subject]() if subject in PANELS else ():
        script = draw_bars(table, subject, panel) if isinstance(panel, Bars) else \
            draw_lines(table, subject, panel, published)
        if script:
            panels.append([f"set title {quoted(panel.title)}",
                           f"set ylabel {quoted(panel.ylabel)}", *script])
    if not panels:
        return False
    columns = 2 if len(panels) in (2, 4) else min(len(panels), 3)
    lines = -(-len(panels) // columns)
    size = f"{columns * 380},{lines * 310}"
    script = [f"set terminal svg size {size} dynamic noenhanced font 'sans,11' "
              "background '#ffffff'",
              "set datafile missing '?'", "set border 3", "set tics nomirror font ',9'",
              "set grid ytics lc rgb '#dddddd'", "set key below samplen 1 font ',9'",
              "set style fill solid", "set boxwidth 0.9",
              f"set multiplot layout {lines},{columns}"]
    for panel in panels:
        script += panel
    script += ["unset multiplot", ""]
    drawn = subprocess.run(["gnuplot"], input="\n".join(script), text=True, check=True,
                           stdout=subprocess.PIPE)
    with open(path, "w", encoding="utf-8") as file:
        file.write(thin(drawn.stdout, subject))
    return True
