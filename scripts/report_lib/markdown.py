"""The report as Markdown, for a record in a repository or a comment. Tables only, no plots."""

from . import answer, tables
from .guide import GUIDE, TITLE


def render(run, command):
    lines = [f"# {TITLE}", ""]
    for sentence in answer.sentences(run):
        lines += [sentence, ""]
    lines += table(*answer.summary(run))
    for loss in run.losses():
        lines += [f"## {loss}", ""]
        for pass_, rows in tables.grouped(run.of(loss)):
            lines += [f"*{pass_}*", ""] + table(tables.HEADER, rows)
    lines += ["## How to read this", ""]
    for paragraph in GUIDE:
        lines += [paragraph, ""]
    lines += ["## Machine and command", ""]
    if command:
        lines += [f"    {command}", ""]
    lines += table(["", ""], [list(row) for row in tables.context_rows(run.context)])
    return "\n".join(lines)


def table(header, rows):
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---:" if name in tables.NUMERIC else "---" for name in header]
    return ["| " + " | ".join(row) + " |" for row in [header, rule] + cells] + [""]
