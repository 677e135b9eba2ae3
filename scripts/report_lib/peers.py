"""Ours against other people's libraries. A ratio is formed within one process only: same arrays, same clock, same minute."""

import math
import statistics
from dataclasses import dataclass

from peers_lib import summary

from . import choose, numbers

FEWEST_ROUNDS = 3


@dataclass
class Duel:
    """One peer against the fastest of ours, on the same loss, pass, type, shape and options in the same process."""
    ours: object
    peer: object

    @property
    def by_round(self):
        """The ratio within each round, where the record has rounds of both; older records have none."""
        return summary.ratios_within_rounds(self.peer.rounds, self.ours.rounds)

    @property
    def paired(self):
        return len(self.by_round) >= FEWEST_ROUNDS

    @property
    def ratio(self):
        """How many times as long the peer takes; NaN where it has no figure."""
        if not measured(self.peer) or not self.ours.time > 0:
            return math.nan
        return statistics.median(self.by_round) if self.paired else self.peer.time / self.ours.time

    @property
    def known_to(self):
        """About a 95 % interval of the ratio, relative: that of the median over rounds, else the intervals of both medians together."""
        if self.paired:
            return summary.uncertainty(self.by_round)
        return math.hypot(*[case.spread for case in (self.ours, self.peer) if math.isfinite(case.spread)])

    @property
    def ours_is_faster(self):
        return self.ratio > 1 + self.known_to

    @property
    def peer_is_faster(self):
        return self.ratio < 1 - self.known_to

    @property
    def caveats(self):
        return list(dict.fromkeys(self.ours.caveats + self.peer.caveats))


def measured(case):
    return not case.failed and not case.emulated and case.time > 0


def contends(case):
    """Whether it can be one side of a duel: timed for real, and not the reference."""
    return not case.skipped and not case.emulated and case.backend != "scalar"


def cell(duel):
    """What a table says of it; a dash where the peer does not compute the loss."""
    if not duel:
        return numbers.DASH
    return "failed" if duel.peer.failed else numbers.factor(duel.ratio) + (" †" if duel.caveats else "")


def fields(process, loss, pass_=None):
    """The headline cases of a process in which a loss has peers: peers and ours on the peers' kind of machine, in its order. KernelBench has a
    table of its own."""
    cases = [case for case in process.of(loss, pass_) if contends(case) and not case.kernelbench]
    shown = []
    for kind in (choose.CUDA, choose.CPU):
        if any(case.peer and choose.kind_of(case) == kind for case in cases):
            same_kind = [case for case in cases if choose.kind_of(case) == kind]
            peers = choose.headline([case for case in same_kind if case.peer])
            wanted = (peers[0].dtype, peers[0].shape, peers[0].options)
            shown += [case for case in same_kind if (case.dtype, case.shape, case.options) == wanted]
    return shown


def duels(run, loss, pass_):
    """By name of the peer, on the kind of machine that the headline is about, in the first process that has it."""
    found, kind = {}, choose.measured_kind(run)
    for process in run.processes:
        cases = fields(process, loss, pass_)
        for peer in cases:
            rivals = [case for case in cases if not case.peer and measured(case) and choose.kind_of(case) == choose.kind_of(peer)]
            if peer.peer and rivals and choose.kind_of(peer) == kind:
                found.setdefault(peer.variant, Duel(min(rivals, key=lambda case: case.time), peer))
    return found
