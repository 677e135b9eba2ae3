"""Throughput over size, and accuracy against what it costs."""

import math
from dataclasses import dataclass

from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from . import choose, drawing, numbers, style

PANEL = 1.35  # inches


def panels(passes, entries):
    """A figure with a panel for each pass above a legend, one scale for all. Returns it and the axes."""
    below = drawing.legend_height([entry.get_label() for entry in entries]) + 0.42
    height = len(passes) * (PANEL + 0.22) + below
    figure = drawing.new_figure(height)
    axes = []
    for place, pass_ in enumerate(passes):
        bottom = below + (len(passes) - 1 - place) * (PANEL + 0.22)
        one = figure.add_axes([0.125, bottom / height, 0.855, PANEL / height], sharex=axes[0] if axes else None)
        drawing.dress(one, grid="both")
        one.set_title(pass_, loc="left", fontsize=8.5, style="italic", color=style.colour("muted"), pad=3)
        if place < len(passes) - 1:
            one.tick_params(labelbottom=False)
        axes.append(one)
    return figure, axes


def passes_of(cases):
    return [pass_ for pass_ in choose.PASSES if any(case.pass_ == pass_ for case in cases)]


def handles(cases, marks, line):
    """A legend entry for each variant, in ladder order."""
    orders = {case.variant: case.order for case in cases}
    return [Line2D([], [], label=name, linestyle="-" if line else "none", linewidth=1.1, **marks.point(name, order))
            for name, order in orders.items()]


def over_size(cases, marks):
    """A line for each variant over the bytes that its pass must move."""
    passes = passes_of(cases)
    entries = handles(cases, marks, line=True)
    ceilings = any(math.isfinite(case.counter("ceiling_GB/s")) for case in cases)
    if ceilings:
        entries.append(Line2D([], [], label="ceiling", color=style.colour("bad"), linewidth=1.2, dashes=(3, 1.5)))
    figure, all_axes = panels(passes, entries)
    for axes, pass_ in zip(all_axes, passes):
        group = [case for case in cases if case.pass_ == pass_]
        for name in dict.fromkeys(case.variant for case in group):
            line = sorted([case for case in group if case.variant == name], key=megabytes)
            axes.plot([megabytes(case) for case in line], [case.gb_per_s for case in line], linewidth=1.1, clip_on=False, zorder=4,
                      **marks.point(name, line[0].order, size=4))
        limits = sorted({(megabytes(case), case.counter("ceiling_GB/s")) for case in group if case.counter("ceiling_GB/s") > 0})
        if limits:
            axes.plot(*zip(*limits), color=style.colour("bad"), linewidth=1.2, dashes=(3, 1.5), gid="ceiling")
        axes.set_xscale("log")
        throughput_axis(axes, [case.gb_per_s for case in group] + [limit for _, limit in limits])
    sizes = [megabytes(case) for case in cases]
    all_axes[0].set_xlim(min(sizes) / 1.15, max(sizes) * 1.15)
    for axes in all_axes:
        plain_log(axes.xaxis, max(sizes) / min(sizes))
    drawing.xlabel(all_axes[-1], "MB of contract bytes")
    drawing.legend(figure, entries)
    return figure


def throughput_axis(axes, values):
    """From zero, but logarithmic where one variant is ten times another, whose line would else lie on the axis."""
    if max(values) > 10 * min(values):
        axes.set_yscale("log")
        axes.set_ylim(min(values) / 1.6, max(values) * 1.6)
        plain_log(axes.yaxis, max(values) / min(values))
    else:
        axes.set_ylim(0, 1.06 * max(values))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.set_ylabel("GB/s", color=style.colour("muted"), fontsize=drawing.SMALL)


def megabytes(case):
    return case.counter("contract_bytes") * 1e-6


def plain_log(axis, span=math.inf):
    """Ticks at 0.1, 1, 10 instead of powers; at 2 and 5 too where the axis spans two decades or less."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if span < 100 else (1.0,), numticks=6))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if 1e-4 <= value < 1e5 else f"{value:.0e}".replace("e-0", "e-")))


@dataclass
class Measure:
    """A way to state an error."""
    name: str
    of: object  # case -> number, NaN where it was not recorded


ULP = Measure("error in ulp of the largest", lambda case: case.counter("error_ulps_of_largest"))
OVER_BOUND = Measure("error / bound", lambda case: case.error_over_bound)


def measure_of(cases):
    """The measure that all cases have; None where there is none."""
    return next((measure for measure in (ULP, OVER_BOUND) if cases and all(math.isfinite(measure.of(case)) for case in cases)), None)


def floor_of(errors):
    """Where results without any error are drawn: a decade under the smallest error there is."""
    positive = [error for error in errors if error > 0]
    return 10.0 ** (math.floor(math.log10(min(positive))) - 1) if positive else 0.1


def log_errors(axis, set_limits, errors):
    """A log scale of errors whose lowest tick is "exact"."""
    floor, exact = floor_of(errors), 0 in errors
    largest = max([*errors, floor * 10])
    set_limits((floor if exact else floor * 5) * 0.6, largest * 2.2)
    plain_log(axis)
    if exact:
        usual = axis.get_major_formatter()
        axis.set_major_formatter(FuncFormatter(lambda value, place: "exact" if math.isclose(value, floor) else usual(value, place)))


def accuracy(cases, error, marks):
    """Error against throughput: up is less exact, right is faster."""
    passes = passes_of(cases)
    entries = handles(cases, marks, line=False)
    figure, all_axes = panels(passes, entries)
    for axes, pass_ in zip(all_axes, passes):
        group = [case for case in cases if case.pass_ == pass_]
        axes.set_yscale("log")
        errors = [error.of(case) for case in group]
        for case in group:
            axes.plot([case.gb_per_s], [error.of(case) or floor_of(errors)], linestyle="none", clip_on=False, zorder=4,
                      **marks.point(case.variant, case.order, size=6))
        log_errors(axes.yaxis, axes.set_ylim, errors)
        axes.set_xlim(0, 1.06 * max(case.gb_per_s for case in cases))
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.set_ylabel(error.name, color=style.colour("muted"), fontsize=drawing.SMALL)
    drawing.xlabel(all_axes[-1], "GB/s of contract bytes, measured")
    drawing.legend(figure, entries)
    return figure


def error_rows(cases, error, marks):
    """Error of each variant in ulp, or over its bound where the record has no ulp, for kernels that have no time."""
    rows = drawing.rows_of(cases)
    axes, positions = drawing.row_axes(rows, marks)
    axes.set_xscale("log")
    all_errors = [error.of(case) for case in cases]
    floor = floor_of(all_errors)
    for (_, case), position in zip(rows, positions):
        if case is None:
            continue
        value = error.of(case) or floor
        axes.plot([floor, value], [position, position], color=style.colour("rule"), linewidth=1.2)
        axes.plot([value], [position], linestyle="none", **marks.point(case.variant, case.order, size=5.5))
        axes.annotate(numbers.significant(error.of(case), 2), (value, position), xytext=(6, 0), textcoords="offset points", ha="left", va="center",
                      color=style.colour("ink"), fontsize=drawing.SMALL)
    log_errors(axes.xaxis, axes.set_xlim, all_errors)
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * (high / low) ** 0.14)
    drawing.xlabel(axes, f"largest {error.name}")
    return axes.figure


def overview(losses, series, text, start, reference, log=False):
    """A row for each loss and a point for each of the series: {label: (values by loss, look of its points)}. A line at `reference`; a
    linear scale begins at `start`."""
    rows = [(loss, object()) for loss in losses]
    axes, positions = drawing.row_axes(rows, bottom=0.46 + drawing.legend_height(list(series)))
    if log:
        axes.set_xscale("log")
        plain_log(axes.xaxis)
    axes.axvline(reference, color=style.colour("bad" if not log else "ink"), linewidth=1.2, dashes=(3, 1.5), gid="reference")
    for values, point in series.values():
        for loss, position in zip(losses, positions):
            if math.isfinite(values.get(loss, math.nan)):
                axes.plot([values[loss]], [position], linestyle="none", clip_on=False, **point)
    low, high = axes.get_xlim()
    axes.set_xlim((low, high * 1.1) if log else (min(low, start), max(high, reference * 1.15)))
    drawing.xlabel(axes, text)
    drawing.legend(axes.figure, [Line2D([], [], label=name, linestyle="none", **point) for name, (_, point) in series.items()])
    return axes.figure
