"""Which cases stand for a loss: the figures and the summary show one data type and one shape, the tables show all."""

import math
import re

CPU, CUDA, EMULATED = "cpu", "cuda", "simt"
KIND = {"scalar": CPU, "cpu": CPU, "cuda": CUDA, "simt": EMULATED}
PASSES = ("forward", "gradient")


def kind_of(case):
    return KIND.get(case.backend, CPU)


def elements_of(case):
    """The number of elements: recorded, or the product of the shape's extents."""
    recorded = case.counter("elements")
    return recorded if recorded > 0 else math.prod(int(extent) for extent in re.findall(r"\d+", case.shape) or ["1"])


def plain(cases):
    """Of cases of one loss and one backend, those that differ in nothing but the shape: f32 if there is any, default options."""
    if not cases:
        return []
    dtypes = {case.dtype for case in cases}
    cases = [case for case in cases if case.dtype == ("f32" if "f32" in dtypes else cases[0].dtype)]
    options = {case.options for case in cases}
    return [case for case in cases if case.options == ("" if "" in options else cases[0].options)]


def headline(cases):
    """Of those, the ones of the largest shape."""
    cases = plain(cases)
    largest = max((elements_of(case) for case in cases), default=0)
    return [case for case in cases if elements_of(case) == largest]


def ladder(run, loss, kind):
    """Our variants and library contenders on one kind of machine, of every size: from one process, the first that has any.
    Peers are left to the figures of their own process."""
    for process in run.processes:
        cases = [case for case in process.of(loss) if kind_of(case) == kind and not case.skipped and not case.peer]
        if cases:
            return cases
    return []


def most_sizes(run, loss, kind):
    """Our measured cases that differ in variant, pass and shape alone, from the process that has the most shapes, and of those with two or more."""
    best = []
    for process in run.processes:
        cases = plain([case for case in process.of(loss) if kind_of(case) == kind and not case.peer and not case.failed
                       and math.isfinite(case.gb_per_s)])
        lines = {}
        for case in cases:
            lines.setdefault((case.variant, case.pass_), set()).add(case.shape)
        cases = [case for case in cases if len(lines[case.variant, case.pass_]) > 1]
        if len({case.shape for case in cases}) > len({case.shape for case in best}):
            best = cases
    return best


def headline_of(run, loss, kind, pass_=None):
    """The headline of the ladder. The scalar reference may have a smaller size of its own."""
    usable = ladder(run, loss, kind)
    chosen = []
    for backend in dict.fromkeys(case.backend for case in usable):
        chosen += headline([case for case in usable if case.backend == backend])
    return [case for case in chosen if pass_ in (None, case.pass_)]


def measured_kind(run):
    """The kind of machine that the headline is about: the GPU where anything of ours was measured on one."""
    return CUDA if any(case.backend == CUDA and not case.peer and math.isfinite(case.gb_per_s) for case in run.cases) else CPU


def fastest(cases):
    """The case of highest measured throughput; None where none was measured."""
    measured = [case for case in cases if math.isfinite(case.gb_per_s)]
    return max(measured, key=lambda case: case.gb_per_s, default=None)


def best(run, loss, kind, pass_):
    """The fastest of the headline that passed its checks; the reference only where it is alone."""
    cases = [case for case in headline_of(run, loss, kind, pass_) if not case.failed]
    return fastest([case for case in cases if case.backend != "scalar"]) or fastest(cases)


def leanest(cases):
    """The emulated case of least counted traffic. Within one percent of it, where only the workspace differs, the later step of
    the ladder is taken: it moves as little and does more."""
    counted = [case for case in cases if math.isfinite(case.traffic_ratio) and not case.failed]
    least = min((case.traffic_ratio for case in counted), default=math.nan)
    return next((case for case in reversed(counted) if case.traffic_ratio <= 1.01 * least), None)
