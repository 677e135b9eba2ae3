"""Measures one group: problems with the same data, all contenders in turns."""

import statistics
import time
from dataclasses import dataclass, field

from . import contenders, gate, problems, summary
from .group import Group

ROUNDS = 9                # samples that each contender gets, in turns, unless its time is up before
FEWEST = 3                # samples of the slowest
PRECISION = 0.005         # of the median: no more samples are taken once it is known so well
SETS_OF_SLOW, SLOW = 2, 0.015  # a contender that takes so many seconds a call is checked and timed on two of the sets


@dataclass
class Result:
    problem: problems.Problem
    contender: contenders.Contender
    error: gate.Error = None
    failure: str = ""                            # why there is no figure
    label: str = ""                              # what a reader must know beside the figure
    samples: list = field(default_factory=list)  # seconds a call; the k-th is from the k-th round, for every contender of a problem
    contract_bytes: int = 0
    sets: int = 0
    calls: int = 0
    timed: float = 0.0                           # seconds that went into the samples
    cached: bool = False                         # all sets together fit the last-level cache

    @property
    def seconds(self):
        return statistics.median(self.samples)

    @property
    def inexact(self):
        """It has a figure, and misses what ours are held to."""
        return not self.failure and not self.error.passed

    @property
    def uncertainty(self):
        return summary.uncertainty(self.samples)


@dataclass
class Settings:
    torch: object
    device: str
    clock: object
    contenders: list
    seconds: float      # for the timing of one contender on one problem
    seed: int
    cache_bytes: int    # of the last level
    sets: int           # of inputs; None: as many as the cache asks for
    report: object      # called with a line of progress
    threads: int = 1    # that make data and references


class Entrant:
    """A contender on one problem of a group, from the first check to the last."""

    def __init__(self, contender, problem, group):
        self.result = Result(problem, contender, contract_bytes=group.contract_bytes[problem.pass_])
        self.group, self.problem, self.contender = group, problem, contender
        self.start = group.starts.pop((contender.name, problem.pass_))
        if self.start.failure:
            raise self.start.failure
        self.functions = [self.start.function]

    def check(self, results):
        """Holds the outputs of every set to the reference; True when all are acceptable."""
        for index, outputs in enumerate(results):
            error = gate.compare(outputs, self.group.expected(self.problem, index), self.problem.dtype)
            if self.result.error is None or not error.ratio <= self.result.error.ratio:
                self.result.error = error
            if not error.accepted(self.contender.peer):
                self.result.failure = f"misses its tolerance: {error.where}"
                return False
        return True

    def outputs(self):
        """Of each set. The call for the first says how long one takes, and so whether the others are worth as many."""
        begin = time.perf_counter()
        outputs = self.functions[0]()
        self.seconds = time.perf_counter() - begin
        yield self.rewritten(self.functions[0], outputs)
        inputs = self.group.inputs[:SETS_OF_SLOW] if self.seconds > SLOW else self.group.inputs
        for one in inputs[1:]:
            function = self.contender.prepare(self.problem, one, self.group.gradients[self.problem.pass_])
            self.functions.append(function)
            yield self.rewritten(function, function())
        self.result.sets, self.result.cached = len(inputs), self.group.cached

    def rewritten(self, function, outputs):
        """The outputs of a call. Ours write into memory that is there: it is overwritten in between, and they are called once more."""
        if self.contender.peer:
            return outputs
        contenders.poison(outputs)
        return function()

    def first_check(self):
        """Results and inputs. The inputs are looked at first, and mended: the others are not to suffer."""
        if self.start.changes:
            self.result.failure = "changes its inputs"
            return False
        return self.check(self.outputs())

    def record(self):
        self.recording = self.group.settings.clock.record(self.contender, self.functions, self.seconds)
        self.result.calls = self.recording.calls
        self.result.label = "; ".join(dict.fromkeys(text for text in (self.contender.label_of(self.problem), self.recording.label) if text))

    def wants_more(self, round_):
        if round_ < FEWEST:
            return True
        if self.result.timed >= self.group.settings.seconds:
            return False
        return round_ < ROUNDS or self.result.uncertainty > PRECISION

    def take_sample(self):
        start = time.perf_counter()
        self.result.samples.append(self.recording.sample())
        self.result.timed += time.perf_counter() - start


def enter(contender, problem, group, results, declined):
    """An Entrant whose results are right, or None: it is in `declined` with its reason, or its result says what is wrong."""
    try:
        entrant = Entrant(contender, problem, group)
        if entrant.first_check():
            entrant.record()
            return entrant
        results.append(entrant.result)
    except contenders.Unsupported as reason:
        declined.setdefault(contender.name, str(reason))
    except Exception as failure:  # a peer's failure is its own: it is reported, and the others go on
        line = str(failure).strip().split("\n")[0]
        results.append(Result(problem, contender, failure=f"{type(failure).__name__}: {line}"))
    return None


def measure(group_of_problems, settings, declined):
    """Results of every contender on the problems of one group, those that could not be timed included."""
    results, first = [], group_of_problems[0]
    settings.report(f"{first.loss} {first.dtype} {first.shape_text}, data and first calls")  # in which peers compile
    group = Group(group_of_problems, settings)
    for problem in group_of_problems:
        settings.report(f"{problem.loss} {problem.pass_} {problem.dtype} {problem.shape_text} {' '.join(problem.tags)}")
        entrants = [entrant for contender in settings.contenders if (entrant := enter(contender, problem, group, results, declined))]
        round_, playing = 0, list(entrants)
        while playing:
            for entrant in playing:
                entrant.take_sample()
            round_ += 1
            playing = [entrant for entrant in playing if entrant.wants_more(round_)]
        for entrant in entrants:
            entrant.check(entrant.recording.results())
            results.append(entrant.result)
    if group.changed():
        for result in results:
            result.failure = result.failure or "one of the contenders has changed the inputs"
    return results


def in_groups(chosen):
    """The problems by what decides their data, in order."""
    groups = {}
    for problem in chosen:
        groups.setdefault((problem.form, problem.dtype, problem.shape, problem.data), []).append(problem)
    return list(groups.values())
