# SPDX-License-Identifier: Apache-2.0
"""The rows that the benchmarks write: subject,case,param,system,unit,min,median,max. Read by all of
tools/bench. Invariant: a table holds each row once, the last that was measured of it."""

import csv
import math
from collections import namedtuple

HEADER = ["subject", "case", "param", "system", "unit", "min", "median", "max"]
# As the benchmarks and the page have them.
SUBJECTS = ("graph", "order", "process", "timer", "loop", "gateway")

Row = namedtuple("Row", HEADER)
SIZES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class Malformed(Exception):
    """With the file and the line."""


def lines(path, header):
    """The lines of a CSV with just that header, as lists; '#' begins a remark."""
    with open(path, encoding="utf-8", newline="") as file:
        text = [line for line in file if not line.startswith("#")]
    table = list(csv.reader(text))
    if not table or table[0] != header:
        raise Malformed(f"{path}: begins not with {','.join(header)}")
    for line in table[1:]:
        if len(line) != len(header):
            raise Malformed(f"{path}: {len(line)} fields, not {len(header)}: {','.join(line)}")
        yield line


def number(text, path, line):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Malformed(f"{path}: no number: {','.join(line)}")
    return value


class Table:
    """Its rows, in the order of the file; by their first four fields, and the unit where a case
    has several."""

    def __init__(self, path):
        self.rows = {}
        for line in lines(path, HEADER):
            numbers = [number(text, path, line) for text in line[5:]]
            if not numbers[0] <= numbers[1] <= numbers[2]:
                raise Malformed(f"{path}: minimum, median, maximum: {','.join(line)}")
            row = Row(*line[:5], *numbers)
            self.rows[row[:5]] = row
        self.first = {}
        for row in self.rows.values():
            self.first.setdefault(row[:4], row)

    def row(self, subject, case, param, system):
        return self.first.get((subject, case, param, system))

    def median(self, *name):
        row = self.row(*name)
        return row.median if row else None

    def subjects(self):
        found = {row.subject for row in self.rows.values()}
        return [name for name in SUBJECTS if name in found] + sorted(found - set(SUBJECTS))

    def cases(self, subject):
        return list(dict.fromkeys(row.case for row in self.rows.values() if row.subject == subject))

    def of(self, subject, case):
        return [row for row in self.rows.values() if (row.subject, row.case) == (subject, case)]


def params(text):
    """'V=16,stats=off' as a dictionary of strings."""
    return dict(word.partition("=")[::2] for word in text.split(","))


def amount(text):
    """'16', or '8KiB', as a number; None if it is neither."""
    digits = text.rstrip("BKMGi")
    try:
        return float(digits) * SIZES[text[len(digits):] or "B"]
    except (ValueError, KeyError):
        return None
