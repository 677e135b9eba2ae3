"""A step has a share of the time; what it does not use goes to those after it."""

import time
from dataclasses import dataclass

from .process import Stopped

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
    """Runs them in order, whatever becomes of each. Returns [{"step": …, "status": …, "note": …, "seconds": …}, …]. Who is stopped does none of the
    steps that are left, and says so."""
    end, outcomes, stopped = time.monotonic() + budget, [], None
    for place, step in enumerate(steps):
        shares = sum(later.share for later in steps[place:])
        limit = max(1.0, (end - time.monotonic()) * step.share / shares)
        started = time.monotonic()
        if not stopped:
            say(f"{step.name}: up to {limit:.0f} s")
        try:
            result = Result(FAILED, f"not begun: {stopped}") if stopped else step.work(job, limit)
        except Stopped as reason:
            stopped = str(reason)
            result = Result(FAILED, stopped)
        except Exception as problem:  # whatever it is, the other steps are not lost for it
            result = Result(FAILED, f"{type(problem).__name__}: {problem}")
        seconds = time.monotonic() - started
        say(f"{step.name}: {result.status} in {seconds:.0f} s: {result.note}")
        outcomes.append({"step": step.name, "status": result.status, "note": result.note, "seconds": round(seconds, 1)})
    return outcomes
