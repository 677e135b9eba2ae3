"""Measures one group: problems with the same data, all contenders in turns."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from . import contenders, data, gate, problems, summary
from .arrays import InputSet

ROUNDS = 9                # samples that each contender gets, in turns, unless its time is up before
FEWEST = 3                # samples of the slowest
MOST_SETS = 16
PRECISION = 0.005         # of the median: no more samples are taken once it is known so well
SETS_OF_SLOW, SLOW = 2, 0.03  # a contender that takes so many seconds a call is checked and timed on two of the sets


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


def sets_for(input_bytes, cache_bytes):
    """As many sets of inputs as fill the last-level cache four times, at least two; of arrays so short that a call is mostly overhead, not
    as many."""
    return min(max(2, -(-4 * cache_bytes // max(input_bytes, 1))), MOST_SETS)


class Group:
    """The data and the references of problems that differ in their pass only."""

    def __init__(self, group, settings):
        self.settings, self.problem = settings, group[0]  # any of them: their data are the same
        deepest = max(group, key=lambda problem: problem.pass_ == "gradient")
        with ThreadPoolExecutor(settings.threads) as pool:  # NumPy and the library work without Python's lock
            self.inputs = self.made(pool, range(settings.sets or 2))
            size = self.inputs[0].bytes()
            self.inputs += self.made(pool, range(len(self.inputs), settings.sets or sets_for(size, settings.cache_bytes)))
            self.references = list(pool.map(lambda inputs: gate.reference(deepest, inputs), self.inputs))
        self.forward_references = [reference.forward() for reference in self.references]
        self.cached = len(self.inputs) * size < settings.cache_bytes
        self.contract_bytes = {problem.pass_: gate.contract_bytes(problem, self.inputs[0]) for problem in group}

    def made(self, pool, indices):
        """Sets of inputs. They are rounded and copied to the device here, by the thread whose stream everything goes to."""
        values = pool.map(lambda index: data.make(self.problem, self.settings.seed, index), indices)
        return [InputSet(value, self.problem.dtype, self.settings.torch, self.settings.device) for value in values]

    def expected(self, problem, index):
        """The reference for one set, without gradients in the forward pass."""
        return (self.references if problem.pass_ == "gradient" else self.forward_references)[index]

    def changed(self, indices):
        return any(self.inputs[index].changed() for index in indices)

    def restore(self):
        for inputs in self.inputs:
            inputs.restore()


class Entrant:
    """A contender on one problem of a group, from the first check to the last."""

    def __init__(self, contender, problem, group):
        self.result = Result(problem, contender, contract_bytes=group.contract_bytes[problem.pass_])
        self.group, self.problem, self.contender = group, problem, contender
        gradients = [name[5:] for name in group.expected(problem, 0).outputs if name.startswith("grad_")]
        self.functions = [contender.prepare(problem, group.inputs[0], gradients)]
        self.functions[0]()  # whatever is compiled or allocated once
        start = time.perf_counter()
        self.functions[0]()
        slow = time.perf_counter() - start > SLOW
        count = min(len(group.inputs), SETS_OF_SLOW) if slow else len(group.inputs)
        self.functions += [contender.prepare(problem, inputs, gradients) for inputs in group.inputs[1:count]]
        self.result.sets, self.result.cached = count, group.cached

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

    def poisoned(self, functions):
        """Outputs of each function; what the contender writes into is overwritten before."""
        for function in functions:
            if not self.contender.peer:
                contenders.poison(function())
            yield function()

    def first_check(self):
        """Results and inputs. The inputs are looked at first, and mended: the others are not to suffer."""
        if self.group.changed([0]):
            self.group.restore()
            self.result.failure = "changes its inputs"
            return False
        return self.check(self.poisoned(self.functions))

    def record(self):
        self.recording = self.group.settings.clock.record(self.contender, self.functions)
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
    results = []
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
    if group.changed(range(len(group.inputs))):
        for result in results:
            result.failure = result.failure or "one of the contenders has changed the inputs"
    return results


def in_groups(chosen):
    """The problems by what decides their data, in order."""
    groups = {}
    for problem in chosen:
        groups.setdefault((problem.form, problem.dtype, problem.shape, problem.data), []).append(problem)
    return list(groups.values())
