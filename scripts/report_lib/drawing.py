"""What all plots share: their size and letters, axes with a row per variant, and the way to SVG and PNG."""

import io
import re
from dataclasses import dataclass

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from . import choose, style

WIDTH = 4.2  # inches: a phone and a column of the page show it at nearly its size
ROW = 0.225
HEADING = 0.26
MARK = 4.6  # points
SMALL = 8
matplotlib.rcParams.update({
    "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 8.5, "axes.linewidth": 0.6, "hatch.linewidth": 0.9,
    "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 3, "ytick.major.size": 3, "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL, "xtick.minor.size": 0, "ytick.minor.size": 0,
})


@dataclass
class Plot:
    """A figure of the report. `draw` makes a Matplotlib figure anew in the colours of the moment."""
    name: str     # of its file, and unique in the report
    title: str    # what it shows, with **strong** and `code`
    note: str     # what a reader must know: data, marks, caveats
    words: str    # the same figures in words, for those who cannot see it
    draw: object


def rows_of(cases):
    """Rows from top to bottom with a heading per pass: [("forward", None), ("vectorized", case), …]."""
    rows = []
    for pass_ in choose.PASSES:
        group = [case for case in cases if case.pass_ == pass_]
        if group:
            rows.append((pass_, None))
            rows += [(case.variant, case) for case in group]
    return rows


def described(rows, show):
    """Rows in words."""
    words, pass_ = [], ""
    for name, case in rows:
        if case is None:
            pass_ = name
        else:
            words.append(f"{pass_} {name} {'failed' if case.failed else show(case)}")
    return "; ".join(words)


def new_figure(height):
    return Figure(figsize=(WIDTH, height))


def dress(axes, grid="x"):
    """The look of all axes: no box, quiet ticks, a grid behind."""
    axes.patch.set_visible(False)
    for side in ("top", "right", "left") if grid == "x" else ("top", "right"):
        axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(style.colour("muted"))
    axes.tick_params(colors=style.colour("muted"), labelcolor=style.colour("muted"))
    axes.grid(axis=grid, color=style.colour("rule"), linewidth=0.6)
    axes.set_axisbelow(True)


def row_axes(rows, marks=None, top=0.04, right=0.985, bottom=0.46):
    """Axes with a row for each name, its mark before it. Returns the axes and each row's position."""
    heights = [HEADING if case is None else ROW for _, case in rows]
    body = sum(heights) + 0.06
    height = body + bottom + top
    figure = new_figure(height)
    longest = max(len(name) for name, _ in rows)
    left = min(0.45, (0.3 + 0.068 * longest) / WIDTH)
    axes = figure.add_axes([left, bottom / height, right - left, body / height])
    positions, y = [], 0.0
    for one in heights:
        positions.append(y + one / 2)
        y += one
    axes.set_ylim(body, 0)
    dress(axes)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    for (name, case), position in zip(rows, positions):
        heading = case is None
        axes.annotate(name, (0, position), xytext=(-6 if heading or not marks else -15, 0), xycoords=("axes fraction", "data"),
                      textcoords="offset points", ha="right", va="center", color=style.colour("muted" if heading else "ink"),
                      style="italic" if heading else "normal")
        if marks and not heading:
            axes.plot([-8 / (72 * WIDTH * (right - left))], [position], transform=axes.get_yaxis_transform(), clip_on=False,
                      linestyle="none", **marks.point(name, case.order))
    return axes, positions


def xlabel(axes, text, role="muted"):
    axes.set_xlabel(text, color=style.colour(role), fontsize=SMALL)


def label(axes, position, x, text, role="ink"):
    axes.annotate(text, (x, position), xytext=(4, 0), textcoords="offset points", ha="left", va="center", color=style.colour(role),
                  fontsize=SMALL)


def legend_columns(labels):
    """As many columns as the longest label leaves room for."""
    return max(1, min(4, int((WIDTH - 0.05) / (0.33 + 0.062 * max(map(len, labels))))))


def legend_height(labels):
    return 0.08 + 0.165 * -(-len(labels) // legend_columns(labels))


def legend(figure, handles):
    """Below everything; legend_height says how many inches it takes."""
    columns = legend_columns([handle.get_label() for handle in handles])
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0), ncol=columns, frameon=False, fontsize=SMALL,
                  handletextpad=0.4, columnspacing=1.2, labelspacing=0.35, borderaxespad=0.1, labelcolor=style.colour("ink"))


def to_svg(plot):
    """The plot as an <svg> element that takes its colours from the page. Identifiers are unique within the page: they come from its name."""
    svg = svg_text(plot)
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r'(<g) id="[^"]*"', r"\1", svg)  # of groups: nothing refers to them, and figures would share them
    svg = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>',
                 lambda match: f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" {match[1]} role="img">'
                               f"<title>{escape(plot.words)}</title>", svg, count=1, flags=re.S)
    return style.with_variables(svg)


def svg_text(plot):
    matplotlib.rcParams["svg.hashsalt"] = plot.name
    text = io.StringIO()
    plot.draw().savefig(text, format="svg", transparent=style.scheme is None, facecolor=style.colour("paper"),
                        metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = re.sub(r"<metadata>.*?</metadata>", "", text.getvalue(), flags=re.S)
    svg = re.sub(r"(\d\.\d\d)\d+", r"\1", svg)
    svg = re.sub(r"font: ([^;\"]*?)px 'sans-serif'", r"font: \1px sans-serif", svg)
    return re.sub(r"\n\s*", "\n", svg)


def save(plot, path):
    """The plot as a file of its own, SVG or PNG by its name, in the colours of a light page."""
    with style.drawn_in("light"):
        if path.suffix == ".svg":
            path.write_text(svg_text(plot), encoding="utf-8")
        else:
            figure = plot.draw()
            FigureCanvasAgg(figure)
            figure.savefig(path, format="png", dpi=200, facecolor=style.colour("paper"), metadata={"Software": None})


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
