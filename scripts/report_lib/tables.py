"""The table of all cases of a loss, as cells of text that both output formats print."""

from . import choose, numbers

HEADER = ["variant", "backend", "type", "shape", "time", "±", "GB/s", "ceiling", "traffic", "error", "bound", "error/bound", ""]
NUMERIC = {"time", "±", "GB/s", "ceiling", "traffic", "error", "bound", "error/bound", "scalar", "predicted"}


def main_and_other(run, loss):
    """The loss's cases in two lists: those the figures show, and the rest (other types, shapes and options)."""
    shown = [case for kind in (choose.CPU, choose.CUDA, choose.EMULATED) for case in choose.headline_of(run, loss, kind)]
    identities = {id(case) for case in shown}
    shown = [case for case in run.of(loss) if id(case) in identities or case.skipped]
    return shown, [case for case in run.of(loss) if id(case) not in identities and not case.skipped]


def row(case):
    shape = case.shape + (f" {case.options}" if case.options else "")
    if case.skipped:
        return [f"`{case.variant}`", case.backend, case.dtype, shape] + [""] * 8 + [f"left out: {case.skipped}"]
    if case.failure:
        return [f"`{case.variant}`", case.backend, case.dtype, shape] + [""] * 8 + [f"**failed**: {case.failure}"]
    time = f"({numbers.microseconds(case.counter('predicted_us'))})" if case.emulated else numbers.seconds(case.time)
    words = [case.label.split(":")[0]] if case.label else []
    remark = "**over its bound**" if case.within_bound is False else "predicted" if case.emulated else ", ".join(words + case.caveats)
    return [f"`{case.variant}`", case.backend, case.dtype, shape, time, "" if case.emulated else numbers.percent(case.spread),
            "" if case.emulated else numbers.significant(case.gb_per_s), "" if case.emulated else numbers.percent(case.share_of_ceiling, 0),
            numbers.factor(case.traffic_ratio) if case.emulated else "",
            *accuracy(case), remark]


def accuracy(case):
    if case.within_bound is None:
        return ["", "", "is the reference" if case.backend == "scalar" else numbers.DASH]
    return [numbers.error(case.counter("error")), numbers.error(case.counter("bound")), numbers.percent(case.error_over_bound)]


def grouped(cases):
    """(pass, rows) for each pass that has any."""
    return [(pass_, [row(case) for case in cases if case.pass_ == pass_])
            for pass_ in choose.PASSES if any(case.pass_ == pass_ for case in cases)]


def context_rows(context):
    """Machine and versions as (name, value). Fields of the library that say nothing here are left out."""
    hidden = {"caches", "load_avg", "mhz_per_cpu", "cpu_scaling_enabled", "library_build_type", "json_schema_version"}
    words = {"num_cpus": "cores", "host_name": "host", "date": "date", "executable": "program"}
    rows = []
    for name, value in context.items():
        if name not in hidden and not isinstance(value, (dict, list)) and value != "":
            rows.append((words.get(name, name.replace("_", " ")), str(value)))
    if context.get("mhz_per_cpu"):
        rows.append(("CPU clock", f"{context['mhz_per_cpu']} MHz"))
    if context.get("cpu_scaling_enabled"):
        rows.append(("caution", "CPU frequency scaling is on: times may vary"))
    return rows
