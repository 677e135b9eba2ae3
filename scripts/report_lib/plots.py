"""The ladder of a loss as horizontal bars, drawn to inline SVG."""

import io
import math
import re

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402
from matplotlib.ticker import MaxNLocator  # noqa: E402

from . import choose, numbers, style  # noqa: E402

WIDTH = 5.0  # inches; a phone shows the figure at three quarters of its size
ROW = 0.235
HEADING = 0.27
matplotlib.rcParams.update({
    "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 8.5, "axes.linewidth": 0.6, "hatch.linewidth": 0.9,
    "xtick.major.width": 0.6, "xtick.major.size": 3, "xtick.labelsize": 8,
})


def rows_of(cases):
    """Bars from top to bottom with a heading per pass: [("forward", None), ("vectorized", case), …]."""
    rows = []
    for pass_ in choose.PASSES:
        group = [case for case in cases if case.pass_ == pass_]
        if group:
            rows.append((pass_, None))
            rows += [(case.variant, case) for case in group]
    return rows


def new_axes(rows, top):
    """Axes for those rows: names on the left, room for the figures on the right. Returns the axes and each row's position."""
    heights = [HEADING if case is None else ROW for _, case in rows]
    body, below = sum(heights) + 0.06, 0.48
    figure = pyplot.figure(figsize=(WIDTH, body + below + top))
    longest = max(len(name) for name, _ in rows)
    left = min(0.42, (0.22 + 0.073 * longest) / WIDTH)
    axes = figure.add_axes([left, below / (body + below + top), 0.985 - left, body / (body + below + top)])
    positions, y = [], 0.0
    for height in heights:
        positions.append(y + height / 2)
        y += height
    axes.set_ylim(body, 0)
    axes.set_yticks([])
    axes.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(style.placeholder("muted"))
    axes.tick_params(colors=style.placeholder("muted"), labelcolor=style.placeholder("muted"))
    axes.grid(axis="x", color=style.placeholder("rule"), linewidth=0.6)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    for (name, case), position in zip(rows, positions):
        heading = case is None
        axes.annotate(name, (0, position), xytext=(-6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                      ha="right", va="center", color=style.placeholder("muted" if heading else "ink"),
                      style="italic" if heading else "normal")
    return axes, positions


def bar(axes, position, length, role, hatched=False):
    colour = style.placeholder(role)
    axes.barh(position, length, height=ROW * 0.66, color="none" if hatched else colour, edgecolor=colour, linewidth=0.8,
              hatch="////" if hatched else None)


def label(axes, position, x, text, role="ink"):
    axes.annotate(text, (x, position), xytext=(4, 0), textcoords="offset points", ha="left", va="center",
                  color=style.placeholder(role), fontsize=8)


def measured(cases, unit="GB/s"):
    """Throughput bars with the interquartile range of the repetitions; None where nothing was measured."""
    cases = [case for case in cases if math.isfinite(case.gb_per_s) or case.failure]
    if not cases:
        return None
    rows = rows_of(cases)
    axes, positions = new_axes(rows, 0.04)
    longest = max([case.gb_per_s for case in cases if math.isfinite(case.gb_per_s)], default=1.0)
    axes.set_xlim(0, longest * 1.27)
    axes.set_xlabel(f"{unit} of contract bytes", color=style.placeholder("muted"), fontsize=8)
    for (_, case), position in zip(rows, positions):
        if case is None:
            continue
        if not math.isfinite(case.gb_per_s):
            label(axes, position, 0, "failed", "bad")
            continue
        bar(axes, position, case.gb_per_s, case.backend)
        half = case.gb_per_s * case.spread if math.isfinite(case.spread) else 0.0
        if half:
            axes.plot([max(0.0, case.gb_per_s - half), case.gb_per_s + half], [position, position], color=style.placeholder("ink"), linewidth=1)
        ceiling = case.counter("percent_of_ceiling")
        text = numbers.significant(case.gb_per_s) + (f" · {ceiling:.0f} %" if math.isfinite(ceiling) else "")
        label(axes, position, case.gb_per_s + half, text)
    return to_svg(axes.figure, "Measured throughput: " + described(rows, lambda case: numbers.throughput(case.gb_per_s)))


def counted(cases):
    """Bytes per element as the emulator counted them, a mark at the contract, and above them the time they predict."""
    cases = [case for case in cases if math.isfinite(case.traffic_ratio) or case.failure]
    if not cases:
        return None
    rows = rows_of(cases)
    axes, positions = new_axes(rows, 0.5)
    per_element = {id(case): case.counter("counted_bytes") / choose.elements_of(case) for case in cases}
    longest = max([value for value in per_element.values() if math.isfinite(value)], default=1.0)
    axes.set_xlim(0, longest * 1.42)
    axes.set_xlabel("bytes moved per element, counted", color=style.placeholder("muted"), fontsize=8)
    time_axis(axes, cases, per_element)
    for (_, case), position in zip(rows, positions):
        if case is None:
            continue
        if case.failure:
            label(axes, position, 0, "failed", "bad")
            continue
        bytes_ = per_element[id(case)]
        contract = case.counter("contract_bytes") / choose.elements_of(case)
        bar(axes, position, bytes_, "simt", hatched=True)
        axes.plot([contract, contract], [position - ROW * 0.42, position + ROW * 0.42], color=style.placeholder("ink"), linewidth=1.6)
        text = f"{numbers.factor(case.traffic_ratio)} · {numbers.microseconds(case.counter('predicted_us'))}"
        label(axes, position, max(bytes_, contract), text)
    return to_svg(axes.figure, "Counted bytes over contract: " + described(rows, lambda case: numbers.factor(case.traffic_ratio)))


def time_axis(axes, cases, per_element):
    """A second scale above the bars: with one bandwidth, time is proportional to bytes."""
    scales = [case.counter("predicted_us") / per_element[id(case)] for case in cases if per_element[id(case)] > 0]
    scales = [scale for scale in scales if math.isfinite(scale) and scale > 0]
    if not scales or max(scales) > 1.02 * min(scales):
        return
    twin = axes.secondary_xaxis("top", functions=(lambda x: x * scales[0], lambda x: x / scales[0]))
    twin.set_xlabel("predicted time in µs, not measured", color=style.placeholder("simt"), fontsize=8)
    twin.tick_params(colors=style.placeholder("simt"), labelcolor=style.placeholder("simt"), labelsize=8)
    twin.spines["top"].set_color(style.placeholder("simt"))
    twin.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def described(rows, show):
    """The figure in words, for those who cannot see it."""
    words, pass_ = [], ""
    for name, case in rows:
        if case is None:
            pass_ = name
        else:
            words.append(f"{pass_} {name} {'failed' if case.failure else show(case)}")
    return "; ".join(words)


figures_drawn = 0


def to_svg(figure, description):
    """The figure as an <svg> element that takes its colours from the page. Identifiers are made unique within the page."""
    global figures_drawn
    figures_drawn += 1
    matplotlib.rcParams["svg.hashsalt"] = f"figure {figures_drawn}"
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    pyplot.close(figure)
    svg = text.getvalue()[text.getvalue().index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'(<g) id="[^"]*"', r"\1", svg)  # of groups: nothing refers to them, and figures would share them
    svg = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>',
                 lambda match: f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" {match[1]} role="img">'
                               f"<title>{escape(description)}</title>", svg, count=1, flags=re.S)
    svg = re.sub(r"font: ([^;\"]*?)px 'sans-serif'", r"font: \1px sans-serif", svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    return style.with_variables(svg)


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
