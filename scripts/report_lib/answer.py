"""The answer, in sentences and in one table: what a reader who stops after the first screen should know.

Text uses **strong** and `code`, which both output formats know.
"""

import math
import pathlib
import statistics

from . import caveats as caveat_rule
from . import choose, kernelbench, numbers, peers


def sentences(run):
    parts = [verdict(run), gpu(run), cpu(run), *rivals(run), kernelbench.sentence(run), traffic(run), caveats(run)]
    return [part for part in parts if part]


def machine(context):
    """"H200 · AMD EPYC, 16 cores": the device first, for it is what most come for."""
    device = str(context.get("device", ""))
    cores = f"{context['num_cpus']} cores" if context.get("num_cpus") else ""
    host = ", ".join(part for part in (str(context.get("cpu", "")), cores) if part)
    return " · ".join(part for part in ("no GPU" if device.startswith("none") else device, host) if part)


def verdict(run):
    done = [case for case in run.cases if not case.skipped and not case.peer]
    failed = [case for case in done if case.failed]
    reference = [case for case in done if case.backend == "scalar"]
    checked = [case for case in done if case.within_bound is not None and case.backend != "scalar"]
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
    best = [choose.best(run, loss, choose.CUDA, "forward") for loss in run.losses()]
    best = [case for case in best if case]
    if not best:
        return ""
    return (f"**On the GPU** the fastest kernel of each loss runs at {numbers.spread_of([c.gb_per_s for c in best], numbers.significant)} GB/s"
            f"{of_ceiling(best, 'the measured limit of the card')} (forward, f32).")


def of_ceiling(cases, limit):
    shares = [100 * case.share_of_ceiling for case in cases if math.isfinite(case.share_of_ceiling)]
    if len(shares) < len(cases):
        return ""
    middle = f", {statistics.median(shares):.0f} % in the median" if len(shares) > 2 else ""
    return f", {numbers.spread_of(shares, lambda value: f'{value:.0f}')} % of {limit}{middle}"


def cpu(run):
    gains, winners = [], []
    for loss in run.losses():
        cases = choose.headline_of(run, loss, choose.CPU, "forward")
        scalar = next((case for case in cases if case.backend == "scalar" and case.gb_per_s > 0), None)
        best = choose.best(run, loss, choose.CPU, "forward")
        if scalar and best and best.backend == "cpu":
            gains.append(best.gb_per_s / scalar.gb_per_s)
            winners.append(best)
    if not gains:
        return ""
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(case.variant for case in winners))
    return (f"**On the CPU**, measured, the fastest variant of each loss ({names}) runs at {numbers.spread_of(gains, numbers.factor)} the speed "
            f"of the scalar reference{of_ceiling(winners, 'what memory did in the same run')} (forward, f32).")


def rivals(run):
    """A sentence for each peer. Only differences larger than what both medians are known to count as such."""
    for name in run.peers():
        duels = [(loss, pass_, peers.duels(run, loss, pass_).get(name)) for loss in run.losses() for pass_ in choose.PASSES]
        duels = [(loss, pass_, duel) for loss, pass_, duel in duels if duel and duel.ratio > 0]
        if not duels:
            continue
        ratios = sorted(duel.ratio for _, _, duel in duels)
        behind = [f"`{loss}` {pass_} ({numbers.factor(duel.ratio)})" for loss, pass_, duel in duels if duel.peer_is_faster]
        version = next((str(process.context[f"version_{name}"]) for process in run.processes if f"version_{name}" in process.context), "")
        text = (f"**Against {name}**{' ' + version if version else ''}, in one process, the fastest of ours takes the shorter time in "
                f"{sum(duel.ours_is_faster for _, _, duel in duels)} of {len(duels)} comparisons; the peer takes "
                f"{numbers.spread_of(ratios, numbers.factor)} as long")
        text += f", {numbers.factor(statistics.median(ratios))} in the median" if len(ratios) > 2 else ""
        more = f" and {len(behind) - 4} more" if len(behind) > 4 else ""
        yield text + (f". The peer is faster at {', '.join(behind[:4])}{more}." if behind else ".")


def traffic(run):
    """How close the leanest kernels come to the fewest bytes."""
    leanest = {}
    for loss in run.losses():
        for pass_ in choose.PASSES:
            kernel = choose.leanest(choose.headline_of(run, loss, choose.EMULATED, pass_))
            if kernel:
                leanest[f"`{loss}` {pass_}"] = kernel
    if not leanest:
        return ""
    lean = [name for name, case in leanest.items() if case.traffic_ratio < 1.01]
    worst = max(leanest, key=lambda name: leanest[name].traffic_ratio)
    text = (f"**Memory traffic**, counted under the emulator: in {len(lean)} of {len(leanest)} cases a kernel moves within 1 % of the fewest "
            "bytes possible")
    if len(lean) < len(leanest):
        text += f"; furthest from it is {worst} with {numbers.factor(leanest[worst].traffic_ratio)} (`{leanest[worst].variant}`)"
    return text + ". Kernels under the emulator are counted, not timed."


def caveats(run):
    """What a reader must know before believing the figures of this record: what all share in words, and how many are worse."""
    counts = {}
    for case in run.cases:
        for word in case.caveats:
            counts[word] = counts.get(word, 0) + 1
    timed = [process for process in run.processes if process.quality.figures]
    parts = good_to(timed)
    for process in timed:
        said = ", ".join(process.quality.sentences())
        if said:
            parts.append((f"in `{pathlib.PurePath(process.name).name}` " if len(timed) > 1 else "") + said)
    if counts:
        figures = sum(process.quality.figures for process in timed)
        parts.append(f"of {figures} figures some are worse, and marked †: " + ", ".join(f"{count} *{word}*" for word, count in counts.items()))
    dropped = [name for process in run.processes for name in str(process.context.get("dropped", "")).split()]
    if dropped:
        parts.append(f"{len(dropped)} cases were left out for want of time, the first `{dropped[0]}`")
    spread = max((float(process.context.get("revisit_spread", 0)) for process in run.processes), default=0)
    if spread > 0.02:
        parts.append(f"measured again later, a figure moved by up to {numbers.percent(spread, 0)}")
    refused = [f"`{case.loss}/{case.variant}` ({case.pass_})" for case in run.cases if case.peer and case.failed]
    if refused:
        parts.append(f"{len(refused)} results of peers failed, and have no ratio: {', '.join(refused[:4])}"
                     + (f" and {len(refused) - 4} more" if len(refused) > 4 else ""))
    commits = list(dict.fromkeys(str(process.context["commit"]) for process in run.processes if process.context.get("commit")))
    if len(commits) > 1:
        parts.append(f"the records are of different commits ({', '.join(commits)})")
    return f"**Caveats**: {'; '.join(parts)}." if parts else ""


def good_to(timed):
    """How good the figures are, in each of these processes; a list of one part of a sentence, or of none."""
    known = {}
    for process in timed:
        if math.isfinite(process.quality.good_to):
            known.setdefault(caveat_rule.percent(process.quality.good_to), []).append(f"`{pathlib.PurePath(process.name).name}`")
    where = [share + (f" in {' and '.join(names)}" if len(timed) > 1 else "") for share, names in known.items()]
    return [f"figures are good to about {', '.join(where)}"] if where else []


def summary(run):
    """Header and rows of the table: per loss and pass the best that was measured, its ratio to every peer, and the leanest kernel."""
    kind = choose.measured_kind(run)
    names = run.peers()
    emulated = any(case.emulated for case in run.cases)
    header = ["loss", "pass", f"best on the {kind_words(kind)}", "GB/s", "ceiling"] + [f"× {name}" for name in names]
    header += ["leanest kernel", "traffic"] if emulated else []
    header += ["error/bound"]
    rows = []
    for loss in run.losses():
        for pass_ in choose.PASSES:
            if [case for case in run.of(loss, pass_) if not case.skipped]:
                rows.append(summary_row(run, loss, pass_, kind, names, emulated))
    return header, rows


def summary_notes(run):
    """What stands under the table."""
    notes = ["† worse than the other figures, in what the loss's own table says."] if any(case.caveats for case in run.cases) else []
    if run.peers():
        notes.append("× a peer: how many times as long it takes as the fastest of ours in the same process, on the same arrays.")
    if any(case.emulated for case in run.cases):
        notes.append("The leanest kernel was run by the emulator, which counts its traffic: bytes moved over the fewest possible.")
    return notes + ["error/bound: the largest error of any of ours, over what its error analysis allows."]


def kind_words(kind):
    return {choose.CUDA: "GPU", choose.CPU: "CPU"}[kind]


def summary_row(run, loss, pass_, kind, names, emulated):
    best = choose.best(run, loss, kind, pass_)
    lean = choose.leanest(choose.headline_of(run, loss, choose.EMULATED, pass_))
    row = [f"`{loss}`", pass_]
    if best:
        dagger = " †" if best.caveats else ""
        row += [f"`{best.variant}`", numbers.significant(best.gb_per_s) + dagger, numbers.percent(best.share_of_ceiling, 0)]
    else:
        row += [numbers.DASH] * 3
    duels = peers.duels(run, loss, pass_)
    row += [peers.cell(duels.get(name)) for name in names]
    if emulated:
        row += [f"`{lean.variant}`", numbers.factor(lean.traffic_ratio)] if lean else [numbers.DASH] * 2
    return row + [worst_error(run.of(loss, pass_))]


def worst_error(cases):
    checked = [case for case in cases if case.within_bound is not None and not case.skipped]
    if any(case.failed and not case.peer for case in cases):
        return "**failed**"
    if not checked:
        return numbers.DASH
    return numbers.percent(max((case.error_over_bound for case in checked if not case.peer), default=math.nan), 1)


def gist(run, loss):
    """The answer for one loss in a line: "forward `simd`, 88 % of the ceiling, 2.10× torch"."""
    kind, parts = choose.measured_kind(run), []
    for pass_ in choose.PASSES:
        best = choose.best(run, loss, kind, pass_)
        lean = choose.leanest(choose.headline_of(run, loss, choose.EMULATED, pass_))
        if best and best.backend != "scalar":
            words = [f"`{best.variant}`", numbers.throughput(best.gb_per_s)]
            words += [f"{numbers.percent(best.share_of_ceiling, 0)} of the ceiling"] if math.isfinite(best.share_of_ceiling) else []
            words += [f"{numbers.factor(duel.ratio)} {name}" for name, duel in peers.duels(run, loss, pass_).items() if duel.ratio > 0]
            parts.append(f"{pass_} {', '.join(words)}")
        elif lean:
            parts.append(f"{pass_} `{lean.variant}`, {numbers.factor(lean.traffic_ratio)} the fewest bytes (counted)")
    failed = sum(case.failed and not case.peer for case in run.of(loss))
    return " · ".join(([f"**{failed} failed**"] if failed else []) + parts)
