"""The table of all cases of a loss, as cells of text that both output formats print."""

import pathlib

from . import choose, numbers, peers

ERRORS = ["error", "bound", "error/bound", "ulp", "order", ""]
TIMED = ["variant", "backend", "type", "shape", "time", "±", "GB/s", "ceiling", "launches", *ERRORS]
COUNTED = ["variant", "backend", "type", "shape", "traffic", "launches", "atomics", "on one", "barriers", *ERRORS]  # by the emulator
NUMERIC = {*TIMED[4:], *COUNTED[4:]} - {"order", ""}
ULPS = "error_ulps_of_largest"  # older records have others, each of its own element's last place, which say nothing near zero
ORDER_WORDS = {"none": "varies", "run_to_run": "repeats", "order_invariant": "any order", "": ""}


def numeric(name):
    return name in NUMERIC or name.startswith("× ")


def main_and_other(run, loss):
    """The loss's cases in two lists: those the figures show, and the rest (other types, shapes and options)."""
    shown = [case for kind in (choose.CPU, choose.CUDA, choose.EMULATED) for case in choose.headline_of(run, loss, kind)]
    shown += [case for process in run.processes for case in peers.fields(process, loss)]
    identities = {id(case) for case in shown}
    cases = [case for case in run.cases if case.loss == loss]
    shown = [case for case in cases if id(case) in identities or case.skipped]
    return shown, [case for case in cases if id(case) not in identities and not case.skipped]


def header(case):
    """The columns of the table that the case stands in."""
    return COUNTED if case.emulated else TIMED


def row(case):
    shape = case.shape + (f" {case.options}" if case.options else "")
    start = [f"`{case.variant}`", case.backend, case.dtype, shape]
    blank = [""] * (len(header(case)) - len(start) - 1)
    if case.skipped:
        return start + blank + [f"left out: {case.skipped}"]
    if case.failure:
        return start + blank + [f"**failed**: {case.failure}"]
    if case.emulated:
        figures = [numbers.factor(case.traffic_ratio), counted(case, "launches"), counted(case, "atomics"),
                   counted(case, "atomics_on_one_address"), counted(case, "barriers_in_one_block")]
    else:
        figures = [numbers.seconds(case.time), numbers.percent(case.spread), numbers.significant(case.gb_per_s),
                   numbers.percent(case.share_of_ceiling, 0), counted(case, "launches") if case.counter("launches") > 0 else ""]
    return start + figures + [*accuracy(case), ORDER_WORDS[case.order], remark(case)]


def counted(case, name):
    """Empty where an older record has no such count."""
    return f"{case.counters[name]:.0f}" if name in case.counters else ""


def remark(case):
    if case.failed:
        return "**over its bound**"
    words = [case.label.split(":")[0]] if case.label and not case.emulated else []
    return ", ".join(["peer"] * case.peer + words + case.caveats)


def accuracy(case):
    if case.within_bound is None:
        return ["", "", "is the reference" if case.backend == "scalar" else numbers.DASH, ""]
    return [numbers.error(case.counter("error")), numbers.error(case.counter("bound")), numbers.percent(case.error_over_bound),
            numbers.significant(case.counters[ULPS], 2) if ULPS in case.counters else ""]


def by_kind(cases):
    """(columns, cases) of those that were timed and of those that were counted, where there are any."""
    for columns in (TIMED, COUNTED):
        own = [case for case in cases if header(case) is columns]
        if own:
            yield columns, own


def grouped(cases):
    """(heading, rows) for each pass that has any, of cases of one kind; those of other processes come last, each named."""
    groups = []
    for process in sorted({case.process for case in cases}):
        for pass_ in choose.PASSES:
            rows = [row(case) for case in cases if case.pass_ == pass_ and case.process == process]
            if rows:
                groups.append((pass_ + (f", in process {process + 1}" if process else ""), rows))
    return groups


def contexts(run):
    """(heading, rows) of every process: the whole of the first, of others what differs."""
    first = context_rows(run.processes[0])
    yield ("" if len(run.processes) == 1 else f"Process 1: {file_name(run.processes[0])}"), first
    for number, process in enumerate(run.processes[1:], 2):
        yield f"Process {number}: {file_name(process)}, where it differs", [row for row in context_rows(process) if row not in first]


def file_name(process):
    return pathlib.PurePath(process.name).name


def context_rows(run):
    """Machine and versions as (name, value), the clocks it ran at, ceilings last. Fields that say nothing here are left out."""
    hidden = {"caches", "load_avg", "mhz_per_cpu", "cpu_scaling_enabled", "library_build_type", "json_schema_version", "dropped",
              "revisit_spread", "emulated_bandwidth_bytes_per_second"}
    words = {"num_cpus": "cores", "host_name": "host", "executable": "program", "command_line": "command line"}
    context = {name: value for name, value in run.context.items() if name not in hidden and not isinstance(value, (dict, list)) and value != ""}
    rows = [(words.get(name, name.replace("_", " ")), str(value)) for name, value in context.items() if not name.startswith("ceiling ")]
    if run.context.get("mhz_per_cpu"):
        rows.append(("CPU clock", f"{run.context['mhz_per_cpu']} MHz"))
    spread = float(run.context.get("revisit_spread", "nan"))
    if spread > 0:
        rows.append(("A/A", f"a figure measured again later moved by up to {numbers.percent(spread, 1)}"))
    if run.context.get("cpu_scaling_enabled"):
        rows.append(("caution", "CPU frequency scaling is on: times may vary"))
    for kind, where in ((choose.CPU, "CPU"), (choose.CUDA, "GPU")):
        clocks = [case.counter("clock_MHz") for case in run.cases if choose.kind_of(case) == kind and case.counter("clock_MHz") > 0]
        if clocks:
            rows.append((f"{where} clock while measuring", f"{numbers.spread_of(clocks, lambda value: f'{value:.0f}')} MHz"))
    rows += [(name, str(value)) for name, value in context.items() if name.startswith("ceiling ")]
    dropped = str(run.context.get("dropped", "")).split()
    return rows + ([("left out for want of time", ", ".join(dropped))] if dropped else [])
