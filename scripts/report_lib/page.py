"""The report as one HTML file: no script, no font, no picture from elsewhere. Light, dark, narrow and printed."""

import html
import pathlib
import re

from . import answer, drawing, gallery, kernelbench, style, tables
from .guide import GUIDE, TITLE

UNFOLDED = 6  # losses; where there are more, each is folded under its line
MINOR = {"GB/s", "leanest kernel", "error/bound"}  # columns of the summary that a phone leaves out: the losses' own tables have them


def render(run, command):
    marks = gallery.marks_of(run)
    body = [header(run), answers(run), figures(gallery.of_all(run, marks)), summary(run), navigation(run)]
    body += [loss_section(run, loss, marks) for loss in run.losses()] + [publication(run)]
    body += [guide(), context(run, command)]
    return "\n".join([
        "<!doctype html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">', '<meta name="color-scheme" content="light dark">',
        f"<title>{TITLE}</title>", "<style>", css(), "</style>", "</head>", "<body>", *body, "</body>", "</html>", ""])


def css():
    light, dark = style.variables("light"), style.variables("dark")
    sheet = (pathlib.Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    return f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n{sheet}"


def marked(text):
    """HTML of a text with **strong**, *emphasis* and `code`."""
    text = html.escape(text, quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<!\*)\*([^*]+)\*(?!\*)", r"<em>\1</em>", text)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)


def header(run):
    facts = [answer.machine(run.context), str(run.context.get("date", ""))[:16].replace("T", " "), f"commit {run.context['commit']}"
             if run.context.get("commit") else ""]
    return f'<header><h1>{TITLE}</h1>\n<p class="byline">{html.escape(" · ".join(fact for fact in facts if fact))}</p></header>'


def answers(run):
    bad = " bad" if any(case.failed and not case.peer for case in run.cases) else ""
    sentences = "\n".join(f"<p>{marked(sentence)}</p>" for sentence in answer.sentences(run))
    return f'<section class="answer{bad}">\n{sentences}\n</section>'


def summary(run):
    names, rows = answer.summary(run)
    previous, body = None, []
    for cells in rows:
        same, previous = cells[0] == previous, cells[0]
        row = table_row(names, ["" if same else cells[0]] + cells[1:], "" if same else "loss", MINOR)
        name = cells[0].strip("`")
        body.append(row if same else row.replace(f"<code>{name}</code>", f'<a href="#{name}"><code>{breakable(name)}</code></a>', 1))
    notes = [f"<p class=\"note\">{marked(note)}</p>" for note in answer.summary_notes(run)]
    return f'<div class="scroll"><table class="summary">{table_head(names, MINOR)}<tbody>{"".join(body)}</tbody></table></div>\n' + "\n".join(notes)


def navigation(run):
    links = " ".join(f'<a href="#{html.escape(loss)}">{html.escape(loss)}</a>' for loss in run.losses())
    links += ' <a href="#kernelbench">KernelBench</a>' if any(case.kernelbench for case in run.cases) else ""
    return f'<nav>{links} <a href="#reading">how to read this</a> <a href="#machine">machine and command</a></nav>'


def figures(plots):
    drawn = "".join(f"<figure><figcaption>{marked(plot.title)}<br><span>{marked(plot.note)}</span></figcaption>\n{drawing.to_svg(plot)}</figure>"
                    for plot in plots)
    return f'<div class="figures">{drawn}</div>' if drawn else ""


def loss_section(run, loss, marks):
    """A fold per loss. Its anchor lies inside, so that a link to it opens the fold."""
    failed = any(case.failed for case in run.of(loss))
    shown, others = tables.main_and_other(run, loss)
    name = html.escape(loss)
    parts = [f'<details class="loss"{" open" if failed or len(run.losses()) <= UNFOLDED else ""}>',
             f'<summary><h2>{name}</h2> <span class="gist">{marked(answer.gist(run, loss))}</span></summary>', f'<div id="{name}">',
             figures(gallery.of_loss(run, loss, marks)), case_table(shown)]
    if others:
        words = "case" if len(others) == 1 else "cases"
        parts.append(f"<details><summary>{len(others)} more {words}: other types, shapes and options</summary>{case_table(others)}</details>")
    return "\n".join(parts + ["</div>", "</details>"])


def case_table(cases):
    """A table of what was timed and one of what was counted."""
    parts = []
    for columns, own in tables.by_kind(cases):
        words = ", counted under the emulator" if columns is tables.COUNTED else ""
        bodies = []
        for heading, rows in tables.grouped(own):
            lines = "".join(table_row(columns, cells) for cells in rows)
            bodies.append(f'<tbody><tr class="pass"><td colspan="{len(columns)}">{heading}{words}</td></tr>{lines}</tbody>')
        parts.append(f'<div class="scroll"><table>{table_head(columns)}{"".join(bodies)}</table></div>')
    return "\n".join(parts)


def publication(run):
    names, rows = kernelbench.table(run)
    if not rows:
        return ""
    lines = "".join(table_row(names, cells, minor=MINOR) for cells in rows)
    return (f'<section id="kernelbench"><h2>KernelBench</h2>\n<p class="note">{marked(kernelbench.NOTE)}</p>\n'
            f'<div class="scroll"><table>{table_head(names, MINOR)}<tbody>{lines}</tbody></table></div></section>')


def table_head(names, minor=()):
    heads = (f"<th{cell_class(name, '', minor)}>{breakable(name)}</th>" for name in names)
    return "<thead><tr>" + "".join(heads) + "</tr></thead>"


def breakable(name):
    """A long name may go on in the next line after an underscore."""
    return html.escape(name).replace("_", "_<wbr>")


def table_row(names, cells, kind="", minor=()):
    row = f'<tr class="{kind}">' if kind else "<tr>"
    return row + "".join(f"<td{cell_class(name, cell, minor)}>{marked(cell)}</td>" for name, cell in zip(names, cells)) + "</tr>"


def cell_class(name, cell="", minor=()):
    classes = ["number"] if tables.numeric(name) else []
    classes += ["wide"] if name == "" and cell else []
    classes += ["bad"] if cell.startswith("**") else []
    classes += ["minor"] if name in minor else []
    return f' class="{" ".join(classes)}"' if classes else ""


def guide():
    paragraphs = "\n".join(f"<p>{marked(paragraph)}</p>" for paragraph in GUIDE)
    return f'<section id="reading"><h2>How to read this</h2>\n{paragraphs}</section>'


def context(run, command):
    parts = ['<section id="machine"><h2>Machine and command</h2>']
    if command:
        parts.append(f"<p>To repeat it:</p><pre>{html.escape(command)}</pre>")
    for heading, rows in tables.contexts(run):
        listed = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in rows)
        parts.append((f"<h3>{html.escape(heading)}</h3>" if heading else "") + f"<dl>{listed}</dl>")
    return "\n".join(parts + ["</section>"])
