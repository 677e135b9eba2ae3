"""Validation and compute-sanitizer, loss after loss, as many as their time allows."""

import json
import re
import time

from . import environment, process
from .log import log as record_log
from .steps import FAILED, OK, SKIPPED, Result

SANITIZERS = ("memcheck", "racecheck", "initcheck", "synccheck")
# One loss for each family of kernels: its kernels are the family's, and a sweep of all would take hours under a sanitizer.
SWEEP = ("l2", "softmax_cross_entropy", "triplet_margin", "nll", "iou_loss", "dice", "ssd_multibox", "openpose", "regularization", "faster_rcnn")
MOST_LINES = 200  # of a tool: the first finding matters most
MOST_ELEMENTS = 1 << 25  # of a large size: the host takes seconds to make more and to look at them
SUMMARY = re.compile(r"(?:ERROR SUMMARY: |RACECHECK SUMMARY: )(\d+)")
FINDING = re.compile(r"^=+ +((?:Invalid|Misaligned|Uninitialized|Barrier error|Divergent|Error: Race|Warning: Race|.*hazard detected).*)$", re.M)
REFUSAL = re.compile(r"^=+ *(.*(?:not supported|unable to|insufficient privileges).*)$", re.I | re.M)  # of a machine that lets no tool near its card


def validate(job, limit, file, *flags):
    """`lossbench validate` of every loss into one file. None may take more than half of what is left, so that a slow one does not cost the others
    their turn."""
    end = time.monotonic() + limit
    total = {"cases": 0, "skipped": 0, "misses": 0, "lines": [], "losses": [], "not_reached": [], "faults": []}
    for place, loss in enumerate(job.losses):
        left = end - time.monotonic()
        record_log.tell(f"[{place}/{len(job.losses)}] {loss}, at most {max(left, 0):.0f} s left")
        share = left / min(2, len(job.losses) - place)
        done = process.run([job.lossbench, "validate", "--json", "--loss", loss, "--backend", job.kernels, *flags], share) if left > 0 else None
        if done is None or done.timed_out:
            total["not_reached"].append(loss)
            continue
        lost = lost_by(done)
        if lost:
            job.left_out[loss] = f"{loss} is left out of what follows: {lost}"
        try:
            found = json.loads(done.output)
        except ValueError:
            if "matches no variant" not in done.errors:  # a loss may have no kernel of this sort
                total["faults"].append(f"{loss}: {done.last_line()}")
            continue
        for name in ("cases", "skipped", "misses"):
            total[name] += found[name]
        total["lines"] += found["lines"]
        total["losses"].append(loss)
        total["faults"] += [f"{line['loss']}/{line['variant']} {line['dtype']} {line['pass']}: {line['culprits'][0]}"
                            for line in found["lines"] if line["misses"]]
    (job.folder / file).write_text(json.dumps(total, indent=1) + "\n", encoding="utf-8")
    words = f"{total['cases']} cases of {len(total['losses'])} losses, {total['misses']} missed"
    if total["not_reached"]:
        words += f"; not reached within {limit:.0f} s: {', '.join(total['not_reached'])}"
    if total["faults"]:
        return Result(FAILED, f"{words}; {total['faults'][0]}" + (f" and {len(total['faults']) - 1} more" if len(total["faults"]) > 1 else ""))
    return Result(OK, words) if total["cases"] else Result(FAILED, f"nothing was validated: {words}")


def lost_by(done):
    """Why the card, or the program, was lost; empty where it was not. Others measured in the same process would be lost with it."""
    if done.status is not None and done.status < 0:
        return f"the program was ended by signal {-done.status}"
    lost = re.search(r'"[^"\n]*: ([^":\n]*); the device is lost by that', done.output)
    return f"the card was lost by it ({lost[1]})" if lost else ""


def validate_small(job, limit):
    return validate(job, limit, "validation.json")


def validate_large(job, limit):
    if not job.gpu:
        return Result(SKIPPED, "large sizes are for a GPU: under the emulator they take too long")
    return validate(job, limit, "validation_large.json", "--device-reference", "--most-elements", MOST_ELEMENTS)


def sanitize(job, limit):
    """Each tool gets its share of the time, and goes as far down the sweep as that allows."""
    if not job.gpu:
        return Result(SKIPPED, "compute-sanitizer is for a GPU; the emulator checks every access of the validation above")
    if not environment.tool("compute-sanitizer"):
        return Result(SKIPPED, "there is no compute-sanitizer on the PATH or in /usr/local/cuda/bin")
    sweep = [loss for loss in SWEEP if loss in job.losses] or job.losses[:1]
    log, words, failed, clean = [], [], False, False
    end = time.monotonic() + limit
    for place, tool in enumerate(SANITIZERS):
        share = (end - time.monotonic()) / (len(SANITIZERS) - place)
        found = sanitize_with(job, tool, sweep, time.monotonic() + share, log)
        failed, clean = failed or found.status == FAILED, clean or found.status == OK
        words.append(f"{tool}: {found.note}")
    (job.folder / "sanitizer.txt").write_text("\n".join(log) + "\n", encoding="utf-8")
    return Result(FAILED if failed else OK if clean else SKIPPED, "; ".join(words))


def sanitize_with(job, tool, sweep, end, log):
    covered = []
    for place, loss in enumerate(sweep):
        record_log.tell(f"[{place}/{len(sweep)}] {tool} over {loss}, at most {max(end - time.monotonic(), 0):.0f} s left")
        # A call that CUDA refuses is seen by the program itself, which may know what to do then.
        calls = ["--report-api-errors", "no"] if tool == "memcheck" else []
        command = [environment.tool("compute-sanitizer"), "--tool", tool, *calls, "--error-exitcode", "99", job.lossbench, "validate",
                   "--backend", "cuda", "--loss", loss, "--dtype", "f32"]
        left = end - time.monotonic()
        if left <= 0:
            break
        done = process.run(command, left)
        said = (done.output + done.errors).split("\n")
        own = [line for line in said if line.startswith("=====")]  # the tool's, not the program's
        log.append("\n".join([f"$ {' '.join(map(str, command))}", *(own[:MOST_LINES] or said[-40:])]))
        refusal, summary = REFUSAL.search(done.output + done.errors), SUMMARY.search(done.output + done.errors)
        if refusal:
            return Result(SKIPPED, f"refused here: {refusal[1]}")
        if done.timed_out:
            early = FINDING.search(done.output + done.errors)
            if early:
                return Result(FAILED, f"{early[1]} in {loss}, before its time was up; see sanitizer.txt")
            break
        if not summary:
            return Result(SKIPPED, f"refused here: {done.last_line()}")
        if int(summary[1]) or done.status:
            return Result(FAILED, f"{summary[1]} errors in {loss} (exit status {done.status}); see sanitizer.txt")
        covered.append(loss)
    if not covered:
        return Result(SKIPPED, f"{sweep[0]} alone takes longer than the time there was")
    return Result(OK, f"clean over {', '.join(covered)}" + ("" if len(covered) == len(sweep) else f" ({len(sweep) - len(covered)} not reached)"))
