"""The answer, in sentences and in one table: what a reader who stops after the first screen should know.

Text uses **strong** and `code`, which both output formats know.
"""

import math

from . import choose, numbers


def sentences(run):
    parts = [verdict(run), gpu(run), cpu(run), traffic(run)]
    return [part for part in parts if part]


def verdict(run):
    done = [case for case in run.cases if not case.skipped]
    failed = [case for case in done if case.failed]
    checked = [case for case in done if case.within_bound is not None]
    reference = [case for case in done if case.backend == "scalar"]
    losses = len(run.losses())
    if failed:
        names = ", ".join(f"`{case.loss}/{case.variant}` ({case.dtype}, {case.pass_})" for case in failed[:3])
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        return f"**{len(failed)} of {len(done)} cases failed**: {names}{more}."
    if not checked:
        return f"{len(done)} cases of {losses} losses; none of them records an error."
    ratios = [case.error_over_bound for case in checked if math.isfinite(case.error_over_bound)]
    closest = f"; the closest comes to {numbers.percent(max(ratios), 0)} of it" if ratios else ""
    to_check = len(done) - len(reference)
    every = f"All {to_check} results" if len(checked) == to_check else f"{len(checked)} of {to_check} results"
    return f"**{every} of {losses} losses were checked** against the reference, and every one is within its error bound{closest}."


def gpu(run):
    best = [choose.fastest(choose.headline_of(run, loss, choose.CUDA, "forward")) for loss in run.losses()]
    best = [case for case in best if case]
    if not best:
        return ""
    text = f"**On the GPU** the fastest kernel of each loss runs at {numbers.spread_of([c.gb_per_s for c in best], numbers.significant)} GB/s"
    ceilings = [case.counter("percent_of_ceiling") for case in best]
    if all(math.isfinite(value) for value in ceilings):
        text += f", {numbers.spread_of(ceilings, lambda value: f'{value:.0f}')} % of the measured limit of the card"
    return text + " (forward, f32)."


def cpu(run):
    gains, winners = [], []
    for loss in run.losses():
        cases = choose.headline_of(run, loss, choose.CPU, "forward")
        scalar = next((case for case in cases if case.backend == "scalar"), None)
        best = choose.fastest([case for case in cases if case.backend == "cpu"])
        if scalar and best and scalar.gb_per_s > 0:
            gains.append(best.gb_per_s / scalar.gb_per_s)
            winners.append(best.variant)
    if not gains:
        return ""
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(winners))
    return (f"**On the CPU**, measured, the fastest contender ({names}) runs at {numbers.spread_of(gains, numbers.factor)} the speed "
            f"of the scalar reference (forward, f32).")


def traffic(run):
    """Which kernels move no more than they must. The worst loss counts for each variant."""
    worst = {}
    for loss in run.losses():
        for case in choose.headline_of(run, loss, choose.EMULATED):
            if math.isfinite(case.traffic_ratio):
                worst[case.variant] = max(worst.get(case.variant, 0.0), case.traffic_ratio)
    if not worst:
        return ""
    lean = [name for name, ratio in worst.items() if ratio < 1.01]
    others = {name: ratio for name, ratio in worst.items() if ratio >= 1.01}
    text = "**Memory traffic**, counted under the emulator: "
    if lean:
        text += ", ".join(f"`{name}`" for name in lean) + " stay within 1 % of the fewest bytes that each loss can move"
    if others:
        text += ("; " if lean else "") + ", ".join(f"`{name}` moves up to {numbers.factor(ratio)}" for name, ratio in others.items())
    bandwidth = float(run.context.get("emulated_bandwidth_bytes_per_second", "nan"))
    stated = f"{numbers.significant(bandwidth * 1e-12, 2)} TB/s" if math.isfinite(bandwidth) else "a stated bandwidth"
    return text + f". Times given for these kernels are **predictions**: those bytes at {stated}, not measurements."


def summary(run):
    """Header and rows of the table: per loss, the scalar reference, the fastest contender and the leanest kernel."""
    with_gpu = any(choose.kind_of(case) == choose.CUDA and math.isfinite(case.gb_per_s) for case in run.cases)
    emulated = any(case.emulated for case in run.cases)
    header = ["loss", "pass", "scalar", "fastest on the CPU"]
    header += ["fastest on the GPU"] if with_gpu else []
    header += ["leanest kernel", "traffic", "predicted"] if emulated else []
    header += ["error/bound"]
    rows = []
    for loss in run.losses():
        for pass_ in choose.PASSES:
            row = summary_row(run, loss, pass_, with_gpu, emulated)
            if row:
                rows.append(row)
    return header, rows


def summary_row(run, loss, pass_, with_gpu, emulated):
    if not [case for case in run.of(loss, pass_) if not case.skipped]:
        return None
    cpu_cases = choose.headline_of(run, loss, choose.CPU, pass_)
    scalar = next((case for case in cpu_cases if case.backend == "scalar"), None)
    row = [f"`{loss}`", pass_, numbers.throughput(scalar.gb_per_s) if scalar else numbers.DASH,
           named(choose.fastest([case for case in cpu_cases if case.backend == "cpu"]))]
    if with_gpu:
        row.append(named(choose.fastest(choose.headline_of(run, loss, choose.CUDA, pass_))))
    if emulated:
        lean = choose.leanest(choose.headline_of(run, loss, choose.EMULATED, pass_))
        row += [f"`{lean.variant}`", numbers.factor(lean.traffic_ratio), numbers.microseconds(lean.counter("predicted_us"))] if lean \
            else [numbers.DASH] * 3
    return row + [worst_error(run.of(loss, pass_))]


def named(case):
    return f"`{case.variant}` {numbers.throughput(case.gb_per_s)}" if case else numbers.DASH


def worst_error(cases):
    checked = [case for case in cases if case.within_bound is not None and not case.skipped]
    if any(case.failed for case in cases):
        return "**failed**"
    if not checked:
        return numbers.DASH
    return numbers.percent(max(case.error_over_bound for case in checked), 1)
