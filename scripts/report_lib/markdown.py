"""The report as Markdown, for a record in a repository or a comment. Tables only, no plots."""

from . import answer, tables
from .guide import GUIDE, TITLE


def render(run, command):
    lines = [f"# {TITLE}", "", headline(run)]
    for loss in run.losses():
        lines += [f"## {loss}", ""]
        for heading, rows in tables.grouped([case for case in run.cases if case.loss == loss]):
            lines += [f"*{heading}*", ""] + table(tables.HEADER, rows)
    lines += ["## How to read this", ""]
    for paragraph in GUIDE:
        lines += [paragraph, ""]
    lines += ["## Machine and command", ""]
    if command:
        lines += [f"    {command}", ""]
    for heading, rows in tables.contexts(run):
        lines += [f"*{heading}*", ""] if heading else []
        lines += table(["", ""], [list(row) for row in rows])
    return "\n".join(lines)


def headline(run):
    """The answer alone: sentences, the table over all losses and its notes."""
    lines = []
    for sentence in answer.sentences(run):
        lines += [sentence, ""]
    lines += table(*answer.summary(run))
    for note in answer.summary_notes(run):
        lines += [note, ""]
    return "\n".join(lines)


def table(header, rows):
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---:" if tables.numeric(name) else "---" for name in header]
    return ["| " + " | ".join(row) + " |" for row in [header, rule] + cells] + [""]
