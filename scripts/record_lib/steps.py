"""A step has a share of the time; what it does not use goes to those after it."""

import time
from dataclasses import dataclass

OK, FAILED, SKIPPED = "done", "failed", "skipped"


@dataclass
class Result:
    status: str
    note: str


@dataclass
class Step:
    name: str
    share: float
    work: object  # (job, limit in seconds) -> Result


def run_all(steps, job, budget, say):
    """Runs them in order, whatever becomes of each. Returns [{"step": …, "status": …, "note": …, "seconds": …}, …]."""
    end, outcomes = time.monotonic() + budget, []
    for place, step in enumerate(steps):
        shares = sum(later.share for later in steps[place:])
        limit = max(1.0, (end - time.monotonic()) * step.share / shares)
        started = time.monotonic()
        say(f"{step.name}: up to {limit:.0f} s")
        try:
            result = step.work(job, limit)
        except Exception as problem:  # whatever it is, the other steps are not lost for it
            result = Result(FAILED, f"{type(problem).__name__}: {problem}")
        seconds = time.monotonic() - started
        say(f"{step.name}: {result.status} in {seconds:.0f} s: {result.note}")
        outcomes.append({"step": step.name, "status": result.status, "note": result.note, "seconds": round(seconds, 1)})
    return outcomes
