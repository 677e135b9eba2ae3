#!/usr/bin/env python3
"""Validates, sanitizes, measures and reports on this machine, and keeps the record. scripts/record calls it; see there."""

import argparse
import fnmatch
import json
import pathlib
import shlex
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

from durations import seconds_of  # noqa: E402
from record_lib import checks, environment, measurements, process  # noqa: E402
from record_lib.log import log  # noqa: E402
from record_lib.steps import FAILED, Step, run_all  # noqa: E402

# By worth, for whatever ends a record early: what is wrong, then the figures. The sanitizer would fill any time, so it takes what is left.
WITH_GPU = [Step("validate", 20, checks.validate_small), Step("ladder", 28, measurements.ladder), Step("sizes", 8, measurements.sizes),
            Step("peers", 10, measurements.peers), Step("validate large sizes", 8, checks.validate_large), Step("KernelBench", 4, measurements.kernelbench),
            Step("counts", 4, measurements.counts), Step("CPU", 3, measurements.on_the_cpu), Step("compute-sanitizer", 14, checks.sanitize),
            Step("report", 5, measurements.report)]
WITHOUT_GPU = [Step("validate", 20, checks.validate_small), Step("validate large sizes", 0.01, checks.validate_large),
               Step("compute-sanitizer", 0.01, checks.sanitize), Step("ladder", 36, measurements.ladder), Step("counts", 0.01, measurements.counts),
               Step("CPU", 0.01, measurements.on_the_cpu), Step("sizes", 12, measurements.sizes), Step("peers", 18, measurements.peers),
               Step("KernelBench", 8, measurements.kernelbench), Step("report", 6, measurements.report)]


@dataclass
class Job:
    root: pathlib.Path
    lossbench: pathlib.Path
    peers: pathlib.Path
    folder: pathlib.Path
    gpu: str         # its name; empty where there is none
    losses: list
    selected: bool   # whether they are a choice
    command: str     # that repeats this
    left_out: dict = field(default_factory=dict)  # losses that the card was lost by, and why: measured with others, they would take those along

    @property
    def measured(self):
        return [loss for loss in self.losses if loss not in self.left_out]

    @property
    def kernels(self):
        """The backend that the kernels run on."""
        return "cuda" if self.gpu else "simt"


def refuse(message):
    print(f"scripts/record: {message}", file=sys.stderr)
    sys.exit(2)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        refuse(f"{message}; `scripts/record --help` says what is accepted")


def seconds(text):
    found = seconds_of(text)
    if found is None:
        refuse(f"--budget '{text}' is no time; accepted: a positive number of seconds or minutes, as 540s or 9min")
    return found


def ask(lossbench, wanted):
    """The names of the losses, and what else the program says of itself. Exits where it cannot be asked or the list matches nothing."""
    done = process.run([lossbench, "list", "--json"], 60)
    try:
        known = json.loads(done.output)
    except ValueError:
        refuse(f"{lossbench} does not answer `list --json`: {done.last_line()}")
    names = [loss["name"] for loss in known["losses"]]
    for pattern in wanted.split(","):
        if not fnmatch.filter(names, pattern):
            refuse(f"--loss '{pattern}' matches nothing; accepted: {', '.join(names)}")
    chosen = [name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in wanted.split(","))]
    return chosen, known


def card(cuda):
    """The GPU to record, empty where the program sees none, and a sentence about it. Its name is what the program sees, which may be a part of the
    card that the driver names, or the second of two."""
    if cuda.get("device"):
        return cuda["device"], f"recording {cuda['device']}"
    gpu = environment.gpu_name()
    kernels = "the CPU contenders are measured, and the kernels validated and counted under the emulator"
    if not gpu:
        return "", f"no GPU here: {kernels}"
    reason = cuda.get("reason") or "it was built without CUDA"
    return "", f"there is a {gpu}, but the program cannot use it ({reason}): {kernels}"


def keep(folder, target):
    """The finished record takes the place of an older one of the same name in one move."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    folder.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def from_the_root(folder, target, root):
    """Command lines in a record name files from the root of the project, where they will be: another machine has it elsewhere."""
    for path in folder.iterdir():
        if path.suffix in (".json", ".html", ".md", ".txt"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(str(folder), str(target)).replace(f"{root}/", ""), encoding="utf-8")


def main():
    parser = Parser(add_help=False)
    parser.add_argument("--lossbench", required=True)
    parser.add_argument("--peers", type=pathlib.Path, default=ROOT / "scripts" / "peers")
    parser.add_argument("--budget", default="540s")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "results")
    parser.add_argument("--loss", default="*")
    arguments = parser.parse_args()
    budget = seconds(arguments.budget)
    lossbench = pathlib.Path(arguments.lossbench).resolve()
    signal.signal(signal.SIGTERM, process.stop)
    losses, known = ask(lossbench, arguments.loss)
    gpu, words = card(known.get("cuda", {}))
    print(words, flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    target = arguments.out / environment.folder_name(gpu or environment.cpu_name())
    command = shlex.join(["scripts/record"] + [f"--{name}={value}" for name, value, default in (
        ("budget", arguments.budget, "540s"), ("loss", arguments.loss, "*")) if value != default])

    folder = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=arguments.out))
    try:
        folder.chmod(0o755)
        job = Job(ROOT, lossbench, arguments.peers.resolve(), folder, gpu, losses, arguments.loss != "*", command)
        facts = environment.describe(ROOT, lossbench, command, known.get("build"))
        (folder / "environment.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        outcomes = run_all(WITH_GPU if gpu else WITHOUT_GPU, job, budget, log.say)
        (folder / "steps.json").write_text(json.dumps(outcomes, indent=1) + "\n", encoding="utf-8")
        failed = [outcome for outcome in outcomes if outcome["status"] == FAILED]
        if (folder / "run.json").exists():
            from_the_root(folder, target, ROOT)
            keep(folder, target)
            print(f"\nrecord: {target}")
        elif outcomes:  # no figures, but what is known of the reasons
            incomplete = target.with_name(f"{target.name}.incomplete")
            from_the_root(folder, incomplete, ROOT)
            keep(folder, incomplete)
            print(f"\nno record: {target} is as it was; what there is, is in {incomplete}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for outcome in outcomes:
        if outcome["status"] != "done":
            print(f"{outcome['status']}: {outcome['step']}: {outcome['note']}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
