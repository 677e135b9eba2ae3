"""Figures that pages quote from results/.

A page names its sources once, `<!-- figures from results/NAME -->`, and then marks each figure: `<!--= WHAT -->figure<!--=-->`. WHAT is

    headlines                 the answer of every record in results/
    rows CASE …               rows of one of the report's tables: all of cases that were timed, or all of such that were counted
    COLUMN of CASE            one cell of it: time, ±, GB/s, ceiling, error, bound, error/bound; of a counted one traffic, launches, atomics, …
    fact NAME                 of the record's context
    comparison                the row that `compare` printed of the last planted slowdown
    comparison NAME           a cell of it: before, after, change, 95 % interval, p, A/A, verdict
    check NAME                of what scripts/check_compare counted: percent, found, trials, cases, without difference

A CASE is loss/variant/backend/pass/dtype/shape[/options], with globs, and must be one.
"""

import fnmatch
import json
import math
import re

from . import markdown, numbers, records, tables

MARK = re.compile(r"<!--= (.+?) -->(.*?)<!--=-->", re.S)
SOURCE = re.compile(r"<!-- figures from (results/\S+) -->")
UNQUOTED = {"ulp", "order"}  # of the columns
COMPARISON_COLUMNS = ["case", "before", "after", "change", "95 % interval", "p", "A/A", "verdict"]
NO_RECORD = "No record is kept yet; `scripts/record` makes one.\n"


def recorded(root):
    """The folders that scripts/record has kept."""
    return sorted(path.parent for path in (root / "results").glob("[!.]*/run.json"))


def headlines(root):
    return "\n".join(markdown.of_record(folder, root) for folder in recorded(root)) or NO_RECORD


class Page:
    def __init__(self, text, root):
        self.text, self.root, self.run, self.checked = text, root, None, None
        for source in SOURCE.findall(text):
            path = root / source
            if not path.exists():
                raise ValueError(f"there is no {source}")
            if path.suffix == ".json":
                self.checked = json.loads(path.read_text(encoding="utf-8"))
            else:
                self.run = records.read_all(path)

    def quoted(self):
        """The page with every figure as results/ has it. Raises ValueError for a mark that means nothing."""
        return MARK.sub(lambda mark: f"<!--= {mark[1]} -->{self.figure(mark[1])}<!--=-->", self.text)

    def figure(self, what):
        if what == "headlines":
            return "\n" + headlines(self.root)
        if what == "comparison":
            return "\n" + "\n".join(markdown.table(COMPARISON_COLUMNS, [list(self.comparison().values())]))
        kind, _, rest = what.partition(" ")
        if kind == "rows":
            return "\n" + "\n".join(self.rows(rest.split()))
        if kind == "fact" and rest in self.record(what).context:
            return str(self.run.context[rest])
        if kind == "comparison" and rest in COMPARISON_COLUMNS:
            return self.comparison()[rest]
        if kind == "check" and rest in self.counts():
            return str(self.counts()[rest])
        column, _, case = what.partition(" of ")
        if column not in {*tables.TIMED, *tables.COUNTED} or not case:
            raise ValueError(f"'{what}' is no figure that can be quoted")
        return self.cell(column, case)

    def record(self, what):
        if self.run is None:
            raise ValueError(f"'{what}' needs a record: <!-- figures from results/NAME -->")
        return self.run

    def case(self, pattern):
        run = self.record(pattern)
        found = {case.identity: case for loss in run.losses() for case in reversed(run.of(loss))
                 if fnmatch.fnmatchcase("/".join(part for part in case.identity if part), pattern)}
        if len(found) != 1:
            raise ValueError(f"'{pattern}' is {len(found)} cases of the record, not one")
        return next(iter(found.values()))

    def cell(self, column, pattern):
        case = self.case(pattern)
        cells = dict(zip(tables.header(case), tables.row(case)))
        if column not in cells:
            raise ValueError(f"'{pattern}' has no column '{column}'; it has {', '.join(filter(None, cells))}")
        return cells[column]

    def rows(self, patterns):
        header = tables.header(self.case(patterns[0]))
        columns = [column for column in header if column not in UNQUOTED]
        return markdown.table(columns, [[self.cell(column, pattern) for column in columns] for pattern in patterns])

    def checks(self):
        if self.checked is None:
            raise ValueError("a comparison needs what scripts/check_compare kept: <!-- figures from results/NAME.json -->")
        return self.checked

    def comparison(self):
        case = self.checks()["planted"]["last"]

        def change(ratio):
            return f"{100 * (ratio - 1):+.1f} %" if ratio is not None and math.isfinite(ratio) else "?"

        return dict(zip(COMPARISON_COLUMNS, [
            f"`{case['name']}`", numbers.seconds(case["before"]), numbers.seconds(case["after"]), change(case["ratio"]),
            f"{change(case['low'])} to {change(case['high'])}", numbers.significant(case["p"], 2), numbers.percent(math.expm1(case["aa_spread"])),
            case["change"]]))

    def counts(self):
        planted, same = self.checks()["planted"], self.checked["same"]
        return {"percent": planted["percent"], "found": planted["found"], "trials": planted["trials"], "cases": same["cases"],
                "without difference": same["without_difference"]}


def pages(root):
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]
