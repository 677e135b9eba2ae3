"""Groups of cases, each with a share of the time: run by `lossbench run`, read back from its records, printed beside prediction and target."""

import argparse
import json
import math
import pathlib
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from typing import Callable

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from report_lib import records  # noqa: E402

from .instructions import BANDWIDTH  # noqa: E402

LAUNCH = 1.5e-6  # seconds, assumed: a kernel in a replayed graph. The measured one is in each record


def of_bandwidth(case, run):
    """Seconds of the contract's bytes at the datasheet's bandwidth."""
    return case.counter("contract_bytes") / BANDWIDTH


def at_share_of_ceiling(case, share):
    """Seconds of the contract's bytes at a share of what memory did in the same run; NaN where that was not measured."""
    return case.counter("contract_bytes") / (share * case.counter("ceiling_GB/s") * 1e9)


def launch_seconds(run):
    """Seconds of an empty kernel in a replayed graph, as measured in the run; NaN without a GPU."""
    return float(run.context.get("gpu_launch_us", math.nan)) * 1e-6


@dataclass(frozen=True)
class Group:
    name: str
    losses: str
    passes: str
    dtypes: str
    variants: tuple
    shapes: list
    share: float                            # of the time
    target: Callable                        # of a case and its run: seconds, or NaN where there is none
    predict: Callable = of_bandwidth        # the same
    cut: Callable = lambda shape, most: shape  # a shape and the most elements: a smaller shape
    baseline: str = ""                      # the variant that others are compared with

    def file(self, folder):
        return folder / (self.name.replace(" ", "_") + ".json")


def shape_text(shape):
    return "x".join(str(extent) for extent in shape)


def refuse(message):
    print(f"{pathlib.Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    sys.exit(2)


def parse_arguments(description, folder, most_elements):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lossbench", default=str(ROOT / "build" / "release" / "lossbench"))
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build" / folder)
    parser.add_argument("--most-elements", type=int, default=most_elements, metavar="N")
    parser.add_argument("--budget", type=float, default=480, metavar="SECONDS", help="for all groups together")
    parser.add_argument("--backend", default="cuda,simt")
    parser.add_argument("--groups", default="", metavar="LIST", help="names of groups; all without it")
    parser.add_argument("--variants", default="", metavar="LIST", help="those of them that are measured; all without it")
    arguments = parser.parse_args()
    if not shutil.which(arguments.lossbench):
        refuse(f"there is no program {arguments.lossbench}; scripts/bench builds it, --lossbench names another")
    return arguments


def chosen(groups, arguments):
    """The groups that were asked for, with the variants that were asked for and that this build has (some need a GPU)."""
    done = subprocess.run([arguments.lossbench, "list", "--json"], capture_output=True, text=True, check=True)
    built = {variant["name"] for variant in json.loads(done.stdout)["variants"]}
    names, variants = ([name for name in text.split(",") if name] for text in (arguments.groups, arguments.variants))
    for flag, given, known in [("--groups", names, [group.name for group in groups]),
                               ("--variants", variants, sorted({name for group in groups for name in group.variants}))]:
        for name in given:
            if name not in known:
                refuse(f"{flag} '{name}' is unknown; accepted: {', '.join(known)}")
    picked = [replace(group, variants=tuple(name for name in group.variants if name in built and (not variants or name in variants)))
              for group in groups if not names or group.name in names]
    return [group for group in picked if group.variants]


def measure(group, arguments):
    shapes = sorted({group.cut(shape, arguments.most_elements) for shape in group.shapes})
    command = [arguments.lossbench, "run", "--loss", group.losses, "--backend", arguments.backend,
               "--variant", ",".join(group.variants), "--pass", group.passes, "--dtype", group.dtypes,
               "--shape", ",".join(map(shape_text, shapes)), "--out", str(group.file(arguments.out)),
               "--budget", f"{max(5, int(arguments.budget * group.share))}s"]
    print(f"{group.name}: {' '.join(command)}", flush=True)
    return subprocess.run(command, stdin=subprocess.DEVNULL).returncode


def microseconds(seconds):
    return f"{seconds * 1e6:.1f}" if math.isfinite(seconds) else ""


def ratio(case, run, baseline):
    """How many times as fast as the baseline; nothing where either was not timed, or for the baseline itself."""
    same = [other for other in run.cases if other.variant == baseline and other is not case and not other.emulated and
            (other.loss, other.pass_, other.dtype, other.shape) == (case.loss, case.pass_, case.dtype, case.shape)]
    return same[0].time / case.time if same and not case.emulated else math.nan


def verdict(case, target):
    if case.failure:
        return case.failure
    if case.emulated or not math.isfinite(target):
        return ""
    return "met" if case.time <= target else "missed"


def table(group, run):
    """Lines of text: one a case, times in microseconds."""
    loss_width, width = (2 + max([4] + [len(text) for text in texts]) for texts in
                         ([case.loss for case in run.cases], [case.shape for case in run.cases]))
    lines = [f"{'loss':<{loss_width}}{'variant':<18}{'pass':<9}{'dtype':<6}{'shape':<{width}}{'launches':>9}{'predicted':>11}{'measured':>11}{'target':>9}"
             f"{'% ceiling':>11}" + (f"  × {group.baseline}" if group.baseline else "")]
    for case in run.cases:
        target, launches, share = group.target(case, run), case.counter("launches"), case.share_of_ceiling
        measured = "emulated" if case.emulated else microseconds(case.time)
        faster = ratio(case, run, group.baseline)
        cells = (f"{case.loss:<{loss_width}}{case.variant:<18}{case.pass_:<9}{case.dtype:<6}{case.shape:<{width}}"
                 f"{f'{launches:.0f}' if math.isfinite(launches) else '':>9}{microseconds(group.predict(case, run)):>11}{measured:>11}"
                 f"{microseconds(target):>9}{f'{100 * share:.1f}' if math.isfinite(share) else '':>11}")
        if group.baseline:
            cells += f"{f'{faster:.1f}' if math.isfinite(faster) else '':>{4 + len(group.baseline)}}"
        lines.append((cells + "  " + verdict(case, target)).rstrip())
    return lines


def floors(run):
    """What the run measured of the machine: an empty kernel and memory."""
    return [f"{name}: {value}" for name, value in run.context.items() if name.startswith("ceiling gpu") or name in ("gpu_launch_us", "dropped")]


def run_all(groups, arguments):
    """Measures every group and prints its table. Exit status: that of the worst."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    started, status, groups = time.monotonic(), 0, chosen(groups, arguments)
    for group in groups:
        group.file(arguments.out).unlink(missing_ok=True)
        status = max(status, measure(group, arguments))
    for group in groups:
        if not group.file(arguments.out).exists():
            print(f"\n{group.name}: no record")
            continue
        run = records.read(group.file(arguments.out))
        print("\n".join(["", f"{group.name}, times in µs", *table(group, run), *floors(run)]))
    print(f"\n{time.monotonic() - started:.0f} s; records in {arguments.out}")
    return status
