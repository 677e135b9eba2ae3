"""Reads Google Benchmark JSON into one record per case, and joins the records of several processes.

A case is named loss/variant/backend/pass/dtype/shape[/options]; the library appends parts of its own
("/iterations:1/repeats:9/manual_time", "_median"), which are dropped here. Every repetition and every aggregate of a case ends
up in the same record.
"""

import json
import math
import pathlib
import re
import statistics
from dataclasses import dataclass, field

from . import caveats

LIBRARY_PARTS = re.compile(
    r"^(iterations:\d+|repeats:\d+|manual_time|real_time|process_time|process_cpu_time|threads:\d+|min_time:[^/]*"
    r"|min_warmup_time:[^/]*)$"
)
AGGREGATE = re.compile(r"_(mean|median|stddev|cv|min|max|BigO|RMS)$")
KERNELBENCH = re.compile(r"\bkernelbench=(\d+)")  # how scripts/peers marks it
ORDERS = ("none", "run_to_run", "order_invariant")  # what the counter "order" says
# What scripts/record keeps, the ladder first.
IN_FOLDER = ("run.json", "counts.json", "sizes.json", "row_sizes.json", "peers.json", "kernelbench.json", "cpu.json")
THROUGHPUT = "GB/s"  # counter: decimal gigabytes of contract bytes a second
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
LIBRARY_FIELDS = {
    "name", "run_name", "run_type", "family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads",
    "aggregate_name", "aggregate_unit", "iterations", "real_time", "cpu_time", "time_unit", "label", "error_occurred",
    "error_message", "skipped", "skip_message",
}


@dataclass
class Case:
    loss: str
    variant: str
    backend: str
    pass_: str
    dtype: str
    shape: str
    options: str = ""
    seconds: list = field(default_factory=list)  # one per repetition
    throughputs: list = field(default_factory=list)  # the same, in GB/s
    rounds: list = field(default_factory=list)  # seconds a call, one per round that all contenders of a problem took turns in; scripts/peers has them
    aggregates: dict = field(default_factory=dict)  # "median" -> seconds, where only aggregates were written
    counters: dict = field(default_factory=dict)
    label: str = ""
    failure: str = ""  # why it was not measured, or why its result was refused
    skipped: str = ""  # why it was left out, which is no failure
    peer: bool = False  # somebody else's library, timed beside variants of ours
    process: int = 0  # which of the joined records it is from
    marks: list = field(default_factory=list)  # in what its figure is worse than the others of the report; see caveats.py

    @property
    def identity(self):
        return (self.loss, self.variant, self.backend, self.pass_, self.dtype, self.shape, self.options)

    @property
    def kernelbench(self):
        """The number of the problem of KernelBench that it is; 0 for any other."""
        found = KERNELBENCH.search(self.options)
        return int(found[1]) if found else 0

    @property
    def emulated(self):
        return self.backend == "simt"

    @property
    def order(self):
        """Its guarantee: "none", "run_to_run" or "order_invariant"; empty where the record does not say."""
        number = self.counter("order")
        return ORDERS[int(number)] if number in (0, 1, 2) else ""

    @property
    def time(self):
        """Median seconds of a call; NaN where nothing was timed."""
        if self.seconds:
            return statistics.median(self.seconds)
        return self.aggregates.get("median", self.aggregates.get("mean", math.nan))

    @property
    def spread(self):
        """How well the median is known, relative to it: as recorded from all samples, else the notch of the repetitions' box plot,
        1.57·IQR/(√n·median). NaN where there are too few."""
        if "uncertainty" in self.counters:
            return self.counters["uncertainty"]
        if len(self.seconds) < 4 or not self.time > 0:
            return math.nan
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return 1.57 * (high - low) / math.sqrt(len(self.seconds)) / self.time

    def counter(self, name):
        return self.counters.get(name, math.nan)

    @property
    def gb_per_s(self):
        """Throughput on contract bytes. An emulated kernel has none: its time is not a GPU's."""
        if self.emulated or self.failure:
            return math.nan
        if self.throughputs:
            return statistics.median(self.throughputs)
        if THROUGHPUT in self.counters:
            return self.counters[THROUGHPUT]
        contract = self.counters.get("contract_bytes", self.counters.get("bytes", math.nan))
        return contract / self.time * 1e-9 if self.time > 0 else math.nan

    @property
    def traffic_ratio(self):
        """Counted bytes over contract bytes: 1 is the fewest that the loss can move."""
        contract = self.counter("contract_bytes")
        return self.counter("counted_bytes") / contract if contract > 0 else math.nan

    @property
    def share_of_ceiling(self):
        """Throughput over what memory did in the same run, in the same traffic shape; NaN where that was not measured."""
        return math.nan if self.emulated else self.counter("percent_of_ceiling") / 100

    @property
    def caveats(self):
        """What a reader must know before believing the figure, beside what is said of all. See docs/measuring.md."""
        return ["inexact"] * self.inexact + self.marks

    @property
    def error_over_bound(self):
        """The share of its bound that the worst output uses; NaN where no error was recorded."""
        if "error_over_bound" in self.counters:
            return self.counters["error_over_bound"]
        bound = self.counter("bound")
        return self.counter("error") / bound if bound > 0 else math.nan

    @property
    def within_bound(self):
        """True or False; None where no error was recorded, as for the reference itself. Where the right result is infinite, error and
        bound are no numbers, and the record has their ratio alone."""
        if "error" in self.counters and "bound" in self.counters:
            return self.counters["error"] <= self.counters["bound"]  # False for NaN
        return self.counters["error_over_bound"] <= 1 if "error_over_bound" in self.counters else None

    @property
    def inexact(self):
        """A peer over the bound that ours are held to. scripts/peers has decided that it computes the loss all the same."""
        return self.peer and not self.failure and self.within_bound is False

    @property
    def failed(self):
        return bool(self.failure) or (self.within_bound is False and not self.peer)


@dataclass
class Run:
    """One process, or several joined: then `processes` has each, and `cases` those of all, what was measured twice twice."""
    context: dict
    cases: list
    name: str = ""
    processes: list = field(default_factory=list)

    def __post_init__(self):
        if not self.processes:
            self.processes = [self]
            self.quality = caveats.mark(self.cases)  # of each process by itself: another has another clock, and other neighbours

    def losses(self):
        return list(dict.fromkeys(case.loss for case in self.cases))

    def of(self, loss, pass_=None):
        """The cases of a loss, each once: from the first process that has it."""
        distinct = {}
        for case in self.cases:
            if case.loss == loss and pass_ in (None, case.pass_):
                distinct.setdefault(case.identity, case)
        return list(distinct.values())

    def peers(self):
        return list(dict.fromkeys(case.variant for case in self.cases if case.peer))


def join(runs):
    """Several records as one. Figures of different machines have no place in one table: ValueError where they differ. A variant has
    one guarantee of order, whichever process says it."""
    if len(runs) == 1:
        return runs[0]
    for fact in ("cpu", "device"):
        known = [(run.name, str(run.context[fact])) for run in runs if not str(run.context.get(fact) or "none").startswith("none")]
        for name, value in known[1:]:
            if value not in known[0][1] and known[0][1] not in value:  # one may say more of it
                raise ValueError(f"{fact} is '{value}' in {name} and '{known[0][1]}' in {known[0][0]}; accepted: records of one machine")
    orders = {(case.variant, case.backend): case.counters["order"] for run in runs for case in run.cases if "order" in case.counters}
    for process, run in enumerate(runs):
        for case in run.cases:
            case.process = process
            if (case.variant, case.backend) in orders:
                case.counters.setdefault("order", orders[case.variant, case.backend])
    return Run(dict(runs[0].context), [case for run in runs for case in run.cases], runs[0].name, list(runs))


def split_name(name):
    """The seven parts of a case's name, without what the library has added; None for a benchmark of another kind."""
    parts = [part for part in AGGREGATE.sub("", name).split("/") if not LIBRARY_PARTS.match(part)]
    if len(parts) < 6:
        return None
    return parts[:6] + ["/".join(parts[6:])]


def parse(text):
    """The run in `text`. Google Benchmark writes NaN bare, and also "-NaN", which no JSON parser knows."""
    def number(match):
        return match[0] if match[0].startswith('"') else "NaN"

    document = json.loads(re.sub(r'"(?:\\.|[^"\\])*"|-?\b[nN]a[nN]\b', number, text))
    cases = {}
    for entry in document.get("benchmarks", []):
        parts = split_name(entry.get("run_name") or entry.get("name", ""))
        if parts is None:
            continue
        case = cases.setdefault(tuple(parts), Case(*parts))
        add_entry(case, entry)
    context = document.get("context", {})
    for case in cases.values():  # one that failed has no counters to say so
        case.peer = case.counters.get("peer") == 1 or f"version_{case.variant}" in context
    return Run(context, list(cases.values()))


def add_entry(case, entry):
    message = entry.get("error_message") or entry.get("skip_message") or ""
    if entry.get("error_occurred") or entry.get("error_message"):
        case.failure = case.failure or message or "no reason given"
        return
    if entry.get("skipped"):
        case.skipped = case.skipped or message or "no reason given"
        return
    case.label = case.label or entry.get("label", "")
    seconds = entry.get("real_time", math.nan) * SECONDS.get(entry.get("time_unit", "ns"), 1e-9)
    counters = {name: value for name, value in entry.items() if name not in LIBRARY_FIELDS and isinstance(value, (int, float))}
    if entry.get("run_type") == "aggregate":
        aggregate = entry.get("aggregate_name", "")
        if entry.get("aggregate_unit", "time") == "time":
            case.aggregates[aggregate] = seconds
        if aggregate == "median" and not case.seconds:
            case.counters.update(counters)
        return
    case.seconds.append(seconds)
    case.rounds += [time * 1e-9 for time in entry.get("round_times", [])]
    keep_counters(case, counters)


def keep_counters(case, counters):
    """Of several repetitions the worst error counts; what is measured is kept for its median; the rest do not change."""
    if THROUGHPUT in counters:
        case.throughputs.append(counters[THROUGHPUT])
    for name, value in counters.items():
        known = case.counters.setdefault(name, value)
        if name.startswith("error") and known <= value or value != value:  # a NaN stays
            case.counters[name] = value


def read(path):
    with open(path, encoding="utf-8") as file:
        run = parse(file.read())
    run.name = str(path)
    return run


def files_of(path):
    """The file, or the records that a folder of scripts/record holds. ValueError where it holds none."""
    path = pathlib.Path(path)
    if not path.is_dir():
        return [path]
    files = [path / name for name in IN_FOLDER if (path / name).exists()]
    if not files:
        raise ValueError(f"this folder holds no record; accepted: {', '.join(IN_FOLDER)}")
    return files


def read_all(path):
    """The record of a file, or of a folder of scripts/record."""
    return join([read(file) for file in files_of(path)])
