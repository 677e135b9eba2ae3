"""Google Benchmark's JSON, as `lossbench run` writes it, so that scripts/report and `lossbench compare` read it."""

import datetime
import json
import math
import os
import pathlib
import platform
import statistics

from . import problems, summary

REPETITIONS = 9
SUFFIX = f"/iterations:1/repeats:{REPETITIONS}/manual_time"  # what the library appends to the names of its cases


def first_line(path, field=""):
    """The rest of the first line that starts with `field`, or the first line."""
    try:
        for line in pathlib.Path(path).read_text().splitlines():
            if line.startswith(field):
                return line.partition(":")[2].strip() if field else line.strip()
    except OSError:
        pass
    return ""


def context(listing, settings, options, missing, command_line, versions):
    build = listing["build"]
    torch = settings.torch
    device = torch.cuda.get_device_name() if settings.device == "cuda" else "none: measured on the CPU"
    facts = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "host_name": platform.node(),
        "executable": "scripts/peers",
        "num_cpus": os.cpu_count(),
        "load_avg": list(os.getloadavg()),
        "library_build_type": "release" if build["build_type"] == "Release" else "debug",
        "lossbench_version": listing["version"],
        "commit": build["commit"] or "unknown",
        "compiler": build["compiler"],
        "flags": build["flags"],
        "build_type": build["build_type"],
        "cuda_built": "yes" if listing["cuda"]["built"] else "no",
        "cuda_compiler": build["cuda_compiler"] or "none",
        "device": device,
        "cpu": first_line("/proc/cpuinfo", "model name") or platform.processor(),
        "cpu_threads": str(options["threads"]),
        "cpu_cache_bytes": str(listing["host"]["cache_bytes"]),
        "memory": first_line("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "mode": "steady",
        "clock": settings.clock.kind,
        "workload": options["workload"],
        "budget_seconds": f"{options['budget']:g}" if math.isfinite(options["budget"]) else "none",
        "seed": str(settings.seed),
        "command_line": command_line,
        "version_python": platform.python_version(),
    }
    if settings.device == "cuda":
        facts |= {"gpu": device, "cuda_runtime": str(torch.version.cuda)}
    facts |= {f"version_{name}": version for name, version in versions.items()}
    if options["dropped"]:  # of every contender
        facts["dropped"] = " ".join(problem.name("*", settings.device) for problem in options["dropped"])
    if missing:
        facts["missing_peers"] = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
    return facts


def entries(result, index):
    """The repetitions and aggregates of one case; one entry with the reason where there is no figure."""
    name = result.problem.name(result.contender.name, result.contender.backend) + SUFFIX
    common = {"name": name, "family_index": index, "per_family_instance_index": 0, "run_name": name, "repetitions": REPETITIONS, "threads": 1}
    counters = {"peer": 1} if result.contender.peer else {}
    if result.failure:
        return [{**common, "run_type": "iteration", "repetition_index": 0, "error_occurred": True, "error_message": result.failure,
                 "iterations": 1, "real_time": 0.0, "cpu_time": 0.0, "time_unit": "ns", **counters}]
    counters |= {
        "elements": problems.count(result.problem.shape), "contract_bytes": result.contract_bytes, "bytes": result.contract_bytes,
        "error": result.error.error, "bound": result.error.bound, "error_over_bound": result.error.ratio,
        "samples": len(result.samples), "uncertainty": result.uncertainty, "converged": int(result.uncertainty <= 0.005),
        "p5_us": summary.quantile(result.samples, 0.05) * 1e6, "p95_us": summary.quantile(result.samples, 0.95) * 1e6,
        "input_sets": result.sets, "calls_per_sample": result.calls,
    }
    if result.cached:
        counters["cached"] = 1
    label = "; ".join(text for text in (result.label, result.problem.note) if text)

    def entry(seconds, extra, name_end=""):
        nanoseconds = seconds * 1e9
        line = {**common, **extra, "name": name + name_end, "iterations": 1, "real_time": nanoseconds, "cpu_time": nanoseconds, "time_unit": "ns",
                "GB/s": result.contract_bytes / seconds * 1e-9, **counters}
        return {**line, "label": label} if label else line

    medians = summary.repetition_medians(result.samples, REPETITIONS)
    medians += [result.seconds] * (REPETITIONS - len(medians))  # their number is part of the name, so there are as many in every record
    lines = [entry(seconds, {"run_type": "iteration", "repetition_index": k}) for k, seconds in enumerate(medians)]
    lines[0]["round_times"] = [seconds * 1e9 for seconds in result.samples]  # in ns; of all contenders of a problem the k-th is from the same round
    for aggregate, of in (("mean", statistics.mean), ("median", statistics.median)):
        lines.append(entry(of(medians), {"run_type": "aggregate", "aggregate_name": aggregate, "aggregate_unit": "time"}, f"_{aggregate}"))
    return lines


def document(facts, results):
    return {"context": facts, "benchmarks": [line for index, result in enumerate(results) for line in entries(result, index)]}


def write(path, facts, results):
    """Beside its place and then renamed, so that nothing half-written is ever there."""
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(document(facts, results), indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
