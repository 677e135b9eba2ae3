"""KernelBench's level-1 losses as scripts/peers computes them: a table and a sentence of their own, for shapes and data are the publication's."""

import re
import statistics

from . import choose, numbers, peers

DATA = re.compile(r"\bdata=(\w+)")


def duels(run):
    """(number, data, pass, ours, any case, {peer: Duel}) of every problem, in the order of the publication; ours is the fastest, or None."""
    found = {}
    for process in run.processes:
        for case in process.cases:
            if case.kernelbench and peers.contends(case):
                key = (case.kernelbench, DATA.search(case.options)[1], case.pass_, case.dtype)
                found.setdefault(key, []).append(case)
    for key, cases in sorted(found.items(), key=lambda item: (item[0][0], item[0][1] != "published", choose.PASSES.index(item[0][2]), item[0][3])):
        mine = [case for case in cases if not case.peer and peers.measured(case)]
        ours = min(mine, key=lambda case: case.time, default=None)
        yield *key[:3], ours, cases[0], {case.variant: peers.Duel(ours, case) for case in cases if case.peer and ours}


def sentence(run):
    """How many times as long each peer takes, over all problems; empty where there are none."""
    rows = list(duels(run))
    parts = []
    for name in run.peers():
        ratios = [duel.ratio for *_, found in rows if (duel := found.get(name)) and duel.ratio > 0]
        if ratios:
            parts.append(f"{name} takes {numbers.spread_of(ratios, numbers.factor)} as long, {numbers.factor(statistics.median(ratios))} in the median")
    if not parts:
        return ""
    count = len({number for number, *_ in rows})
    return f"**KernelBench**, {count} losses of level 1, with its data and with data that visit every branch: {'; '.join(parts)}."


def table(run):
    """Header and rows; no rows where the run has none of it."""
    names = run.peers()
    header = ["problem", "loss", "data", "pass", "shape", "best of ours", "time", "GB/s"] + [f"× {name}" for name in names]
    rows = []
    for number, data, pass_, ours, any_case, found in duels(run):
        row = [str(number), f"`{any_case.loss}`", data, pass_, any_case.shape]
        row += [f"`{ours.variant}`", numbers.seconds(ours.time), numbers.significant(ours.gb_per_s)] if ours else [numbers.DASH] * 3
        rows.append(row + [peers.cell(found.get(name)) for name in names])
    return header, rows


NOTE = ("Shapes as published, or scaled down to what the machine holds; *published* data are U(0, 1), on which smooth L1 never leaves its quadratic branch "
        "and the expected hinge does not depend on the predictions, *heavy* ones have heavy tails and visit every branch.")
