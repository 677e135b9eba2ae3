"""The report as Markdown, for a record in a repository or a comment. Tables only, no plots."""

from . import answer, kernelbench, records, tables
from .guide import GUIDE, TITLE

PLOTS = (("all.peers", "Time of each peer over that of the fastest of ours, for every loss"),
         ("all.ceiling", "The fastest variant of every loss in percent of what memory did in the same run"))


def render(run, command):
    lines = [f"# {TITLE}", "", headline(run)]
    for loss in run.losses():
        lines += [f"## {loss}", ""]
        for columns, cases in tables.by_kind([case for case in run.cases if case.loss == loss]):
            for heading, rows in tables.grouped(cases):
                lines += [f"*{heading}{', counted' * (columns is tables.COUNTED)}*", ""] + table(columns, rows)
    names, rows = kernelbench.table(run)
    if rows:
        lines += ["## KernelBench", "", kernelbench.NOTE, ""] + table(names, rows)
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


def of_record(folder, root):
    """For a README: the answer of a record in results/, its plots over all losses, and the table folded. Paths are from `root`."""
    run = records.read_all(folder)
    where = folder.relative_to(root).as_posix()
    commit = f"commit `{run.context['commit']}`" if run.context.get("commit") else ""
    facts = [answer.machine(run.context), str(run.context.get("date", ""))[:10], commit]
    lines = [f"**{' · '.join(fact for fact in facts if fact)}** ([report]({where}/report.html), [all figures]({where}/report.md))", ""]
    for sentence in answer.sentences(run):
        lines += [sentence, ""]
    for name, words in PLOTS:
        if (folder / "plots" / f"{name}.svg").exists():
            lines += [f"![{words}]({where}/plots/{name}.svg)", ""]
    lines += ["<details><summary>Every loss</summary>", ""] + table(*answer.summary(run))
    for note in answer.summary_notes(run):
        lines += [note, ""]
    return "\n".join(lines + ["</details>", ""])


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
