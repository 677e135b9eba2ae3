"""The report as one HTML file: no script, no font, no picture from elsewhere. Light, dark, narrow and printed."""

import html
import pathlib
import re

from . import answer, choose, plots, style, tables
from .guide import GUIDE, TITLE

KINDS = (
    (choose.CPU, "<strong>On the CPU, measured</strong>", plots.measured),
    (choose.CUDA, "<strong>On the GPU, measured</strong>", plots.measured),
    (choose.EMULATED, "<strong>Kernels under the emulator</strong>: bytes are counted, "
                      "<span class=\"predicted\">times are predicted from them, not measured</span>", plots.counted),
)


def render(run, command):
    body = [header(run), answers(run), navigation(run)]
    body += [loss_section(run, loss) for loss in run.losses()]
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
    facts = [machine(run.context), str(run.context.get("date", ""))[:16].replace("T", " ")]
    return f'<header><h1>{TITLE}</h1>\n<p class="byline">{html.escape(" · ".join(fact for fact in facts if fact))}</p></header>'


def machine(context):
    """"H200 · AMD EPYC, 16 cores": the device first, for it is what most come for."""
    device = str(context.get("device", ""))
    cores = f"{context['num_cpus']} cores" if context.get("num_cpus") else ""
    host = ", ".join(part for part in (str(context.get("cpu", "")), cores) if part)
    return " · ".join(part for part in ("no GPU" if device.startswith("none") else device, host) if part)


def answers(run):
    bad = " bad" if any(case.failed for case in run.cases) else ""
    sentences = "\n".join(f"<p>{marked(sentence)}</p>" for sentence in answer.sentences(run))
    names, rows = answer.summary(run)
    previous, body = None, []
    for cells in rows:
        same = cells[0] == previous
        previous = cells[0]
        body.append(table_row(names, ["" if same else cells[0]] + cells[1:], "" if same else "loss"))
    table = f'<div class="scroll"><table>{table_head(names)}<tbody>{"".join(body)}</tbody></table></div>'
    return f'<section class="answer{bad}">\n{sentences}\n</section>\n{table}'


def navigation(run):
    links = " ".join(f'<a href="#{html.escape(loss)}">{html.escape(loss)}</a>' for loss in run.losses())
    return f'<nav>{links} <a href="#reading">how to read this</a> <a href="#machine">machine and command</a></nav>'


def loss_section(run, loss):
    figures = []
    for kind, title, draw in KINDS:
        cases = choose.headline_of(run, loss, kind)
        svg = draw(cases) if cases else None
        if svg:
            figures.append(f"<figure><figcaption>{title}<br>{html.escape(what(cases))}</figcaption>\n{svg}</figure>")
    shown, others = tables.main_and_other(run, loss)
    parts = [f'<section id="{html.escape(loss)}"><h2>{html.escape(loss)}</h2>', f'<div class="figures">{"".join(figures)}</div>',
             case_table(shown)]
    if others:
        words = "case" if len(others) == 1 else "cases"
        parts.append(f"<details><summary>{len(others)} more {words}: other types, shapes and options</summary>{case_table(others)}</details>")
    return "\n".join(parts + ["</section>"])


def what(cases):
    """Type, shape and options that a figure shows; where backends differ in shape, each with its own."""
    shapes = list(dict.fromkeys((case.backend, case.shape) for case in cases))
    if len({shape for _, shape in shapes}) == 1:
        words = shape_words(shapes[0][1])
    else:
        words = "; ".join(f"{backend}: {shape_words(shape)}" for backend, shape in shapes)
    return ", ".join(part for part in (cases[0].dtype, words, cases[0].options) if part)


def shape_words(shape):
    """1048576 as "1,048,576 elements", 256x32000 as "256 × 32,000"."""
    extents = [f"{int(extent):,}" if extent.isdigit() else extent for extent in shape.split("x")]
    return " × ".join(extents) if len(extents) > 1 else f"{extents[0]} elements"


def case_table(cases):
    bodies = []
    for pass_, rows in tables.grouped(cases):
        lines = "".join(table_row(tables.HEADER, cells) for cells in rows)
        bodies.append(f'<tbody><tr class="pass"><td colspan="{len(tables.HEADER)}">{pass_}</td></tr>{lines}</tbody>')
    return f'<div class="scroll"><table>{table_head(tables.HEADER)}{"".join(bodies)}</table></div>'


def table_head(names):
    return "<thead><tr>" + "".join(f"<th{cell_class(name)}>{name}</th>" for name in names) + "</tr></thead>"


def table_row(names, cells, kind=""):
    row = f'<tr class="{kind}">' if kind else "<tr>"
    return row + "".join(f"<td{cell_class(name, cell)}>{marked(cell)}</td>" for name, cell in zip(names, cells)) + "</tr>"


def cell_class(name, cell=""):
    classes = ["number"] if name in tables.NUMERIC else []
    classes += ["wide"] if name == "" and cell else []
    classes += ["bad"] if cell.startswith("**") else []
    return f' class="{" ".join(classes)}"' if classes else ""


def guide():
    paragraphs = "\n".join(f"<p>{marked(paragraph)}</p>" for paragraph in GUIDE)
    return f'<section id="reading"><h2>How to read this</h2>\n{paragraphs}</section>'


def context(run, command):
    rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in tables.context_rows(run.context))
    again = f"<p>To repeat it:</p><pre>{html.escape(command)}</pre>" if command else ""
    return f'<section id="machine"><h2>Machine and command</h2>\n{again}<dl>{rows}</dl></section>'
