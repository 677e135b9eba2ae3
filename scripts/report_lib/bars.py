"""The ladder of a loss as bars: throughput against the ceiling, bytes against the contract, ours against peers."""

import math
from dataclasses import dataclass

from . import choose, drawing, numbers, style, tables
from .drawing import ROW

DAGGER = "†"
COLUMN = 38  # points that a column of a plot of traffic takes, right of the axes


@dataclass
class Column:
    head: str
    of: object  # case -> text, empty where the record does not say


COLUMNS = (Column("bytes /\ncontract", lambda case: numbers.factor(case.traffic_ratio)), Column("launches", lambda case: tables.counted(case, "launches")),
           Column("atomics", lambda case: tables.counted(case, "atomics")))


def bar(axes, position, length, role, hatched=False):
    colour = style.colour(role)
    axes.barh(position, length, height=ROW * 0.64, color="none" if hatched else colour, edgecolor=colour, linewidth=0.8,
              hatch="////" if hatched else None)


def interval(axes, position, value, spread):
    """About a 95 % interval of the median, over the end of the bar. Returns where it ends."""
    half = value * spread if math.isfinite(spread) else 0.0
    if half:
        axes.plot([max(0.0, value - half), value + half], [position, position], color=style.colour("ink"), linewidth=1)
    return value + half


def ceiling_of(case):
    return case.counter("ceiling_GB/s")


def draw_ceilings(axes, rows, positions):
    """A line across each row at what memory did; rows of much the same ceiling make one line, with the figure at its upper end."""
    previous, low = math.nan, 0.4 * axes.get_xlim()[1]
    for (_, case), position in zip(rows, positions):
        ceiling = ceiling_of(case) if case else math.nan
        if math.isfinite(ceiling):
            axes.plot([ceiling, ceiling], [position - ROW / 2, position + ROW / 2], color=style.colour("bad"), linewidth=1.2,
                      dashes=(3, 1.5), zorder=3, gid="ceiling")
            if not math.isclose(ceiling, previous, rel_tol=0.1):
                axes.annotate(f"ceiling {numbers.significant(ceiling)}", (ceiling, position - ROW / 2), xytext=(0, 1),
                              textcoords="offset points", ha="left" if ceiling < low else "right", va="bottom", color=style.colour("bad"), fontsize=7)
        previous = ceiling


def measured(cases, marks, words):
    """Bars of measured throughput with the ceiling of each drawn in; `words` says what is written beside one."""
    rows = drawing.rows_of(cases)
    axes, positions = drawing.row_axes(rows, marks)
    ends = [value for case in cases for value in (case.gb_per_s, ceiling_of(case)) if math.isfinite(value)]
    axes.set_xlim(0, max(ends, default=1.0) * 1.04)
    drawing.xlabel(axes, "GB/s of contract bytes")
    for (_, case), position in zip(rows, positions):
        if case is None:
            continue
        if case.failed or not math.isfinite(case.gb_per_s):
            drawing.label(axes, position, 0, "failed", "bad")
            continue
        bar(axes, position, case.gb_per_s, "peer" if case.peer else case.backend)
        end = interval(axes, position, case.gb_per_s, case.spread)
        beside(axes, position, end, words(case) + (f" {DAGGER}" if case.caveats else ""), "ink" if case.peer else "paper")
    draw_ceilings(axes, rows, positions)
    return axes.figure


def beside(axes, position, end, text, role_inside):
    """The figure after its bar; where the bar leaves no room, in it."""
    room = (axes.get_xlim()[1] - end) / axes.get_xlim()[1] * axes.get_position().width * drawing.WIDTH
    if room < 0.11 + 0.058 * len(text):
        axes.annotate(text, (end, position), xytext=(-5, 0), textcoords="offset points", ha="right", va="center",
                      color=style.colour(role_inside), fontsize=drawing.SMALL)
    else:
        drawing.label(axes, position, end, text)


def throughput(cases, marks):
    """The ladder: throughput and its share of the ceiling."""
    def words(case):
        share = f" · {100 * case.share_of_ceiling:.0f} %" if math.isfinite(case.share_of_ceiling) else ""
        return numbers.significant(case.gb_per_s) + share

    return measured(cases, marks, words)


def against_peers(cases, marks):
    """Ours and peers in one process: throughput, and how many times as long each peer takes as the fastest of ours."""
    best = {pass_: choose.fastest([case for case in cases if case.pass_ == pass_ and not case.peer and not case.failed])
            for pass_ in choose.PASSES}

    def words(case):
        ours = best[case.pass_]
        return numbers.significant(case.gb_per_s) + (f" · ours {numbers.factor(case.time / ours.time)}" if case.peer and ours else "")

    return measured(cases, marks, words)


def traffic(cases, marks):
    """Bytes per element as the emulator counted them, a mark at the contract, launches, and atomics where the record has them."""
    rows = drawing.rows_of(cases)
    columns = [column for column in COLUMNS if any(column.of(case) for case in cases)]
    axes, positions = drawing.row_axes(rows, marks, top=0.24, right=0.985 - len(columns) * COLUMN / 72 / drawing.WIDTH)
    per_element = {id(case): case.counter("counted_bytes") / choose.elements_of(case) for case in cases}
    contracts = [case.counter("contract_bytes") / choose.elements_of(case) for case in cases]
    axes.set_xlim(0, max([value for value in [*per_element.values(), *contracts] if math.isfinite(value)], default=1.0) * 1.06)
    drawing.xlabel(axes, "bytes moved per element, counted")
    for place, column in enumerate(columns, 1):
        beside_axes(axes, positions[0], column.head, place * COLUMN, color=style.colour("muted"), fontsize=6.5, linespacing=1.0)
    for (_, case), position in zip(rows, positions):
        if case is None:
            continue
        if case.failed or not math.isfinite(case.traffic_ratio):
            drawing.label(axes, position, 0, "failed", "bad")
            continue
        contract = case.counter("contract_bytes") / choose.elements_of(case)
        bar(axes, position, per_element[id(case)], "simt", hatched=True)
        axes.plot([contract, contract], [position - ROW * 0.42, position + ROW * 0.42], color=style.colour("ink"), linewidth=1.6)
        for place, column in enumerate(columns, 1):
            beside_axes(axes, position, column.of(case), place * COLUMN, color=style.colour("ink"), fontsize=drawing.SMALL)
    return axes.figure


def beside_axes(axes, position, text, points, **look):
    """Right of the axes, ending so many points after them."""
    axes.annotate(text, (1, position), xytext=(points, 0), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right",
                  va="center", annotation_clip=False, **look)
