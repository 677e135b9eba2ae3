"""Which plots a report has, and what is written over each."""

import math

from . import bars, choose, curves, drawing, numbers, peers, style
from .drawing import Plot

POINTS = "filled points: the same bits in every run; ringed: in any order of the input; hollow: they may differ; half-filled: nobody says"
MOST_CAVEATS = 2
PLACES = {choose.CPU: "on the CPU", choose.CUDA: "on the GPU"}


def marks_of(run):
    """Ours in ladder order, then peers."""
    return style.Marks([case.variant for case in run.cases if not case.peer] + run.peers())


def of_loss(run, loss, marks):
    """The plots of a loss, in reading order."""
    plots = []
    for kind in (choose.CUDA, choose.CPU):
        plots.append(measured_ladder(run, loss, kind, marks))
    plots.append(peer_bars(run, loss, marks))
    plots.append(counted_ladder(run, loss, marks))
    for kind in (choose.CUDA, choose.CPU):
        plots.append(sizes(run, loss, kind, marks))
        plots.append(trade(run, loss, kind, marks))
    plots.append(emulated_errors(run, loss, marks))
    return [plot for plot in plots if plot]


def measured_ladder(run, loss, kind, marks):
    cases = [case for case in choose.headline_of(run, loss, kind) if math.isfinite(case.gb_per_s) or case.failed]
    if not cases:
        return None
    note = "; ".join(part for part in (what(cases), "the dashed line is what memory did in this run") if part)
    return Plot(f"{loss}.throughput-{kind}", f"**Throughput {PLACES[kind]}**, measured", note + caveats(cases),
                drawing.described(drawing.rows_of(cases), lambda case: numbers.throughput(case.gb_per_s)), lambda: bars.throughput(cases, marks))


def peer_bars(run, loss, marks):
    for process in run.processes:
        cases = peers.fields(process, loss)
        if any(case.peer for case in cases):
            note = f"{what(cases)}; *ours 2.00×*: the fastest of ours is twice as fast"
            return Plot(f"{loss}.peers", "**Ours and peers**, in one process", note + caveats(cases),
                        drawing.described(drawing.rows_of(cases), lambda case: numbers.throughput(case.gb_per_s)),
                        lambda: bars.against_peers(cases, marks))
    return None


def counted_ladder(run, loss, marks):
    cases = [case for case in choose.headline_of(run, loss, choose.EMULATED) if math.isfinite(case.traffic_ratio) or case.failed]
    if not cases:
        return None
    return Plot(f"{loss}.traffic", "**Bytes, launches and atomics**, counted under the emulator",
                f"{what(cases)}; the upright mark is the contract, the fewest bytes possible",
                drawing.described(drawing.rows_of(cases), lambda case: numbers.factor(case.traffic_ratio)), lambda: bars.traffic(cases, marks))


def sizes(run, loss, kind, marks):
    """Lines of the variants that were measured at two sizes or more; peers stand in the bars of their process."""
    cases = choose.most_sizes(run, loss, kind)
    if not cases:
        return None
    shapes = list(dict.fromkeys(case.shape for case in sorted(cases, key=choose.elements_of)))
    words = "; ".join(f"{case.pass_} {case.variant} {case.shape} {numbers.throughput(case.gb_per_s)}" for case in cases)
    note = f"{cases[0].dtype}; {', '.join(shape_words(shape) for shape in shapes)}"
    return Plot(f"{loss}.size-{kind}", f"**Throughput over size** {PLACES[kind]}, measured", note + caveats(cases), words,
                lambda: curves.over_size(cases, marks))


def trade(run, loss, kind, marks):
    """Accuracy against throughput: in the process that has peers, where one has; at least two points."""
    fields = [peers.fields(process, loss) for process in run.processes] + [choose.headline_of(run, loss, kind)]
    for cases in fields:
        points = [case for case in cases if choose.kind_of(case) == kind and math.isfinite(case.gb_per_s) and not case.failed
                  and case.backend != "scalar"]
        error = curves.measure_of(points)
        if error and len({case.variant for case in points}) > 1:
            words = "; ".join(f"{case.pass_} {case.variant} {numbers.throughput(case.gb_per_s)}, {error.name} {numbers.significant(error.of(case))}"
                              for case in points)
            return Plot(f"{loss}.accuracy-{kind}", f"**Accuracy against throughput** {PLACES[kind]}", f"{what(points)}; {POINTS}{caveats(points)}",
                        words, lambda: curves.accuracy(points, error, marks))
    return None


def emulated_errors(run, loss, marks):
    cases = [case for case in choose.headline_of(run, loss, choose.EMULATED) if math.isfinite(curves.OVER_BOUND.of(case)) and not case.failed]
    error = curves.measure_of(cases)
    if len(cases) < 2 or not error:
        return None
    words = drawing.described(drawing.rows_of(cases), lambda case: f"{error.name} {numbers.significant(error.of(case))}")
    return Plot(f"{loss}.error", "**Error** of the kernels, computed under the emulator", f"{what(cases)}; {POINTS}", words,
                lambda: curves.error_rows(cases, error, marks))


def everything(run):
    marks = marks_of(run)
    yield from of_all(run, marks)
    for loss in run.losses():
        yield from of_loss(run, loss, marks)


def of_all(run, marks):
    """The plots over all losses, for reports of more than one."""
    losses = run.losses()
    if len(losses) < 2:
        return []
    return [plot for plot in (limits(run, losses, marks), rivals(run, losses, marks), lean(run, losses)) if plot]


def limits(run, losses, marks):
    kind = choose.measured_kind(run)
    series = {}
    for pass_, filled in (("forward", True), ("gradient", False)):
        found = {loss: choose.best(run, loss, kind, pass_) for loss in losses}
        found = {loss: 100 * case.share_of_ceiling for loss, case in found.items() if case and case.backend != "scalar"}
        series[pass_] = (found, "cuda" if kind == choose.CUDA else "cpu", filled)
    return dots("all.ceiling", f"**Fastest variant {PLACES[kind]}**, in percent of what memory did in the same run",
                "a loss that computes much per byte stays far from the line", losses, series, "percent of ceiling", (0, 100))


def rivals(run, losses, marks):
    names = run.peers()
    series = {}
    for name in names:
        for pass_ in choose.PASSES:
            ratios = {}
            for loss in losses:
                duel = peers.duels(run, loss, pass_).get(name)
                if duel and duel.ratio > 0:
                    ratios[loss] = duel.ratio
            if ratios:
                series[f"{name} {pass_}"] = (ratios, name, pass_ == "forward")
    return dots("all.peers", "**Peers' time over ours**, each pair in one process", "right of the line ours is faster", losses, series,
                "time of the peer / time of the fastest of ours", (0, 1), marks, log=True)


def lean(run, losses):
    series = {}
    for pass_, filled in (("forward", True), ("gradient", False)):
        kernels = {loss: choose.leanest(choose.headline_of(run, loss, choose.EMULATED, pass_)) for loss in losses}
        series[pass_] = ({loss: case.traffic_ratio for loss, case in kernels.items() if case}, "simt", filled)
    return dots("all.traffic", "**Bytes of the leanest kernel** over the fewest possible", "counted under the emulator, exact", losses, series,
                "counted bytes / contract bytes", (0.95, 1))


def dots(name, title, note, losses, series, text, start_and_reference, marks=None, log=False):
    """`series`: label -> (values by loss, role of a colour or a variant's name, filled)."""
    series = {label: entry for label, entry in series.items() if any(math.isfinite(value) for value in entry[0].values())}
    shown = [loss for loss in losses if any(loss in values for values, _, _ in series.values())]
    if not shown:
        return None

    def draw():
        styled = {}
        for label, (values, who, filled) in series.items():
            point = marks.point(who, "run_to_run") if marks else {"marker": "o" if filled else "D", "markersize": drawing.MARK,
                                                                  "color": style.colour(who), "markeredgewidth": 1.0}
            styled[label] = (values, point if filled else {**point, "markerfacecolor": style.colour("paper")})
        return curves.overview(shown, styled, text, *start_and_reference, log)

    words = "; ".join(f"{loss} {label} {numbers.significant(values[loss])}" for label, (values, _, _) in series.items()
                      for loss in shown if loss in values)
    return Plot(name, title, note, words, draw)


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


def caveats(cases):
    """"; † drift: thrust (forward)" of the marked figures; where they are many, the table says it."""
    marked = [case for case in cases if case.caveats]
    if len(marked) > MOST_CAVEATS:
        return f"; {bars.DAGGER} caveats, see the table"
    listed = "; ".join(f"{case.variant} ({case.pass_}) {', '.join(case.caveats)}" for case in marked)
    return f"; {bars.DAGGER} {listed}" if listed else ""
