"""How good the timed figures are, said once: what most of them share, and which are worse than the rest. Pure functions.

The rule of bench/figure_quality.cpp: what more than half of the figures have is said above them in words, and a figure is marked for what
fewer have, or where its interval is far wider than is usual. That a median is not known to 0.5 % marks nothing: the interval says how well
it is known.
"""

import math
import statistics
from dataclasses import dataclass

from peers_lib import summary

WORDS = ("drift", "throttled", "disturbed", "bimodal", "cached")  # the counters that say so
MOST_ARE_WITHIN = 0.9
FAR_WIDER = 2
NEVER_WIDE = 0.01
WORTH_SAYING = 0.05


@dataclass
class Quality:
    figures: int
    good_to: float   # nine figures of ten are known to that, and half of those measured again moved no further; NaN where nothing says
    counts: dict     # of figures that have a caveat
    shares: dict     # of all samples, "throttled" and "disturbed": as many of them are
    on_gpu: bool     # any of them, and nobody shares its cores

    def shared(self, caveat):
        return 2 * self.counts.get(caveat, 0) > self.figures

    def marks(self, case):
        """What the case's figure is marked with."""
        wide = case.spread > max(FAR_WIDER * self.good_to, NEVER_WIDE)
        return [word for word in recorded(case) if not self.shared(word)] + ["wide"] * wide

    def sentences(self):
        """What else the figures have in common, as parts of a sentence."""
        if self.shares.get("throttled", 0) >= WORTH_SAYING:
            sagged = "the clock had sagged" if self.on_gpu else "a neighbour had a core, or its clock had sagged,"
            yield f"{sagged} for {percent(self.shares['throttled'])} of the time"
        if self.shares.get("disturbed", 0) >= WORTH_SAYING:
            yield f"the system took the core away in {percent(self.shares['disturbed'])} of the samples"
        for word, count in self.counts.items():
            if self.shared(word) and said(word, self.shares):
                yield said(word, self.shares).format(f"{count} of {self.figures}")


def said(word, shares):
    """What a caveat means for so many figures; older records have no shares of samples to say it better."""
    return {"drift": "{} moved by more than 2 % while they were measured",
            "bimodal": "the samples of {} fall into two heaps", "cached": "the arrays of {} fit the cache",
            "throttled": "" if "throttled" in shares else "{} were taken at a sagged clock",
            "disturbed": "" if "disturbed" in shares else "the system took the core away during {}"}[word]


def percent(share):
    return f"{100 * share:.1f} %" if share < 0.0195 else f"{100 * share:.0f} %"


def recorded(case):
    return [word for word in WORDS if case.counters.get(word)]


def judge(cases):
    """The Quality of the timed figures among these cases."""
    timed = [case for case in cases if math.isfinite(case.gb_per_s)]
    spreads = [case.spread for case in timed if math.isfinite(case.spread)]
    moves = [abs(case.counters["revisit_ratio"] - 1) for case in timed if case.counter("revisit_ratio") > 0]
    known = ([summary.quantile(spreads, MOST_ARE_WITHIN)] if spreads else []) + ([statistics.median(moves)] if moves else [])
    counts = {}
    for case in timed:
        for word in recorded(case):
            counts[word] = counts.get(word, 0) + 1
    shares = {}
    for word in ("throttled", "disturbed"):
        says = [case for case in timed if f"{word}_share" in case.counters and case.counter("samples") > 0]
        samples = sum(case.counters["samples"] for case in says)
        if samples:
            shares[word] = sum(case.counters[f"{word}_share"] * case.counters["samples"] for case in says) / samples
    return Quality(len(timed), max(known, default=math.nan), counts, shares, any(case.backend == "cuda" for case in timed))


def mark(cases):
    """Gives each of these cases, of one process, its marks. Returns what they have in common."""
    quality = judge(cases)
    for case in cases:
        case.marks = quality.marks(case) if math.isfinite(case.gb_per_s) else []
    return quality
