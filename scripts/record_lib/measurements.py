"""The ladder, its counts, sizes, peers, and the report of them all."""

import json
import sys

from . import process
from .steps import FAILED, OK, SKIPPED, Result

MARGIN = 20  # seconds that a program may take beyond the budget it was given: it starts, writes its files, and ends a group it began
SIZES = {"cuda": "65536,524288,4194304,33554432,134217728", "cpu": "16384,131072,1048576,4194304"}
ROW_SIZES = {"cuda": "64x32000,512x32000,4096x32000,16384x32000", "cpu": "16x1000,128x1000,1024x1000,4096x1000"}
# On a CPU of few cores, of which each size takes a second for its data alone: what shows how the fastest contender grows.
FEWER_SIZES = {"cuda": (), "cpu": ("--variant", "simd", "--dtype", "f32", "--pass", "forward")}
ROW_LOSSES = ("softmax_cross_entropy", "nll")


def run(job, limit, file, *flags, losses=None):
    """`lossbench run` into a file. It exits with 1 where a case failed, and has then written all others."""
    path = job.folder / file
    losses = ",".join(job.measured if losses is None else losses)
    if not losses:
        return Result(FAILED, f"no record: each loss was left out ({'; '.join(job.left_out.values())})")
    done = process.run([job.lossbench, "run", "--loss", losses, "--budget", budget_of(limit), "--out", path, "--progress", *flags], limit + MARGIN)
    return judged(path, done, limit + MARGIN)


def budget_of(limit):
    """What a program is given of a step's seconds."""
    return f"{max(2, int(limit - min(MARGIN, limit / 4)))}s"


def judged(path, done, limit):
    """What came of a program that writes a record. Half a record is none."""
    try:
        cases = len({entry["run_name"] for entry in json.loads(path.read_text(encoding="utf-8"), parse_constant=float)["benchmarks"]})
    except (OSError, ValueError, KeyError):
        path.unlink(missing_ok=True)
        return Result(FAILED, f"no record within {limit:.0f} s" if done.timed_out else f"no record: {done.last_line()}")
    if done.timed_out or done.status:
        failed = [line for line in (done.output + "\n" + done.errors).split("\n") if line.startswith("FAILED")]
        reason = f"exit status {done.status}" if done.status else f"not ended within {limit:.0f} s"
        return Result(FAILED, f"{cases} cases; {failed[0] if failed else reason}")
    return Result(OK, f"{cases} cases")


def ladder(job, limit):
    """With a GPU that alone: what a CPU takes for the same comes later, if there is time."""
    done = run(job, limit, "run.json", *(["--backend", "cuda"] if job.gpu else []))
    return Result(FAILED, "; ".join([done.note, *job.left_out.values()])) if job.left_out else done


def on_the_cpu(job, limit):
    if not job.gpu:
        return Result(SKIPPED, "the ladder above has the CPU's contenders")
    return run(job, limit, "cpu.json", "--backend", "cpu,scalar", losses=job.losses)


def counts(job, limit):
    if not job.gpu:
        return Result(SKIPPED, "the ladder above was counted: it ran under the emulator")
    return run(job, limit, "counts.json", "--backend", "simt", losses=job.losses)


def sizes(job, limit):
    """Pointwise losses over elements, and losses of rows over rows."""
    backend = "cuda" if job.gpu else "cpu"
    results = [run(job, 0.8 * limit, "sizes.json", "--backend", backend, "--shape", SIZES[backend], *FEWER_SIZES[backend])]
    rows = [loss for loss in ROW_LOSSES if loss in job.measured]
    if rows:
        results.append(run(job, 0.2 * limit, "row_sizes.json", "--backend", backend, "--shape", ROW_SIZES[backend], *FEWER_SIZES[backend], losses=rows))
    useful = [result for result in results if "matches no case" not in result.note]  # a backend may have no variant of these losses
    if not useful:
        return Result(SKIPPED, f"no variant on {backend} takes these losses")
    failed = [result.note for result in useful if result.status == FAILED]
    return Result(FAILED, "; ".join(failed)) if failed else Result(OK, "; ".join(result.note for result in useful))


def peers(job, limit):
    return timed_peers(job, limit, "peers.json")


def kernelbench(job, limit):
    return timed_peers(job, limit, "kernelbench.json", "--workload", "kernelbench")


def timed_peers(job, limit, file, *flags):
    if not job.peers.exists():
        return Result(SKIPPED, f"there is no {job.peers}")
    library = job.lossbench.with_name("liblossbench.so")
    if not library.exists():
        return Result(SKIPPED, f"there is no {library}, by which peers reach our variants")
    path = job.folder / file
    command = [job.peers, *flags, "--budget", budget_of(limit), "--out", path] + (["--loss", ",".join(job.measured)] if job.selected else [])
    done = process.run(command, limit + MARGIN, LOSSBENCH_LIBRARY=str(library))
    if done.status == 2 and job.selected and "matches nothing" in done.errors:
        return Result(SKIPPED, "peers have none of these losses")
    return judged(path, done, limit + MARGIN)


def report(job, limit):
    done = process.run([sys.executable, job.root / "scripts" / "report", job.folder, "--html", job.folder / "report.html", "--markdown",
                        job.folder / "report.md", "--headline", job.folder / "headline.md", "--plots", job.folder / "plots", "--plot-names", "all.*",
                        "--command", job.command], max(limit, 120))
    return Result(OK, "report.html, report.md, headline.md, plots") if done.status == 0 else Result(FAILED, done.last_line())
