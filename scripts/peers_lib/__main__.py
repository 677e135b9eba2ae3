"""Times lossbench's variants and the libraries that people use instead: same arrays, same clock, same check, one process."""

import argparse
import fnmatch
import os
import pathlib
import shlex
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "python")]

import lossbench  # noqa: E402
from durations import seconds_of  # noqa: E402

from . import arrays, clocks, contenders, measure, peers, problems, record, table  # noqa: E402
from .budget import Budget  # noqa: E402
from .ending import ASKED, Ending  # noqa: E402
from .group import MOST_SETS  # noqa: E402
from .progress import Progress  # noqa: E402


UNKNOWN_L2 = 64 << 20  # bytes, where PyTorch is too old to tell: more than any card has but the largest


class BadInput(Exception):
    pass


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise BadInput(message)


def parse(words):
    parser = Parser(prog="scripts/peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Lists are comma lists with globs. docs/peers.md says how each peer is called and timed.")
    parser.add_argument("--workload", default="default", choices=problems.WORKLOADS, help="what to compute: every loss that PyTorch has a function "
                        "or a customary expression for, or KernelBench's level-1 losses (94, 95, 96, 98, 99, 100), scaled to --elements")
    parser.add_argument("--loss", default="", metavar="LIST", help=f"of the workload; default: all of {', '.join(problems.LOSSES)}")
    parser.add_argument("--pass", dest="pass_", default="", metavar="LIST", help="forward, gradient; default: both")
    parser.add_argument("--dtype", default="f32", metavar="LIST", help="f32 (default), f64, f16, bf16 (bf16 takes PyTorch)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: cuda where PyTorch and our build have one")
    parser.add_argument("--variant", default="", metavar="LIST", help="ours to time; default: all of the device. Backend `scalar`, "
                        "the reference that the others are checked by, is timed where it is named")
    parser.add_argument("--peers", default="*", metavar="LIST", help=f"of {', '.join(peers.NAMES)}")
    parser.add_argument("--elements", type=int, metavar="N", help=f"of the largest input; default: {problems.HOST_ELEMENTS} on a CPU, "
                        f"{problems.DEVICE_ELEMENTS} on a GPU")
    parser.add_argument("--seconds", type=float, default=0.4, metavar="S", help="to time one contender on one problem, at most (default 0.4)")
    parser.add_argument("--budget", metavar="TIME", default="none", help="for everything, as 60s or 2min: contenders get less time each, and "
                        "problems that there is none left for are named (default: none)")
    parser.add_argument("--threads", type=int, metavar="N", help="of the peers on a CPU; default: as many as cores, which is what ours take")
    parser.add_argument("--sets", type=int, metavar="N", help="of inputs to rotate through; default: as many as fill the last-level cache four "
                        f"times, at most {MOST_SETS}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", metavar="FILE", help="write Google Benchmark's JSON here, as `lossbench run --out` does")
    return parser.parse_args(words)


def patterns(text):
    return [word for word in text.split(",") if word]


def matching(text, names, flag):
    """The names that a list chooses, in order; everything for an empty list."""
    for pattern in patterns(text):
        if not fnmatch.filter(names, pattern):
            raise BadInput(f"{flag} '{pattern}' matches nothing; accepted: {', '.join(names)}")
    return [name for name in names if not text or any(fnmatch.fnmatch(name, pattern) for pattern in patterns(text))]


def seconds(text):
    """Of `--budget`; infinite for none."""
    found = float("inf") if text == "none" else seconds_of(text)
    if found is None:
        raise BadInput(f"--budget '{text}'; accepted: a positive number of seconds or minutes, as 90s or 2min, or none")
    return found


def choose_device(wanted, torch, listing):
    lacking = ("PyTorch is not installed for this Python" if torch is None else "PyTorch finds no GPU" if not torch.cuda.is_available()
               else "" if listing["cuda"]["device"] else "this build of lossbench has no CUDA kernels")
    if wanted == "cuda" and lacking:
        raise BadInput(f"--device cuda: {lacking}; accepted here: cpu")
    return "cpu" if wanted == "cpu" or lacking else "cuda"


def check(options, dtypes, torch):
    if options.elements is not None and options.elements < 1:
        raise BadInput(f"--elements {options.elements}; accepted: a number from 1")
    for flag in ("threads", "sets"):
        if getattr(options, flag) is not None and getattr(options, flag) < 1:
            raise BadInput(f"--{flag} {getattr(options, flag)}; accepted: a number from 1")
    if not 0 < options.seconds < float("inf"):
        raise BadInput(f"--seconds {options.seconds}; accepted: a number > 0")
    if "bf16" in dtypes and torch is None:
        raise BadInput("--dtype bf16 takes PyTorch, which is not installed for this Python; accepted: f32, f64, f16")
    if options.out and not os.access(pathlib.Path(options.out).resolve().parent, os.W_OK):
        raise BadInput(f"--out '{options.out}' cannot be written")


def run(words):
    options = parse(words)
    torch = peers.import_or_none("torch")[0]
    listing = lossbench.listing()
    limit = seconds(options.budget)
    dtypes = matching(options.dtype, arrays.DTYPES, "--dtype")
    check(options, dtypes, torch)
    device = choose_device(options.device, torch, listing)
    elements = options.elements or (problems.DEVICE_ELEMENTS if device == "cuda" else problems.HOST_ELEMENTS)
    threads = options.threads or len(os.sched_getaffinity(0))
    try:
        chosen = problems.select(options.workload, patterns(options.loss), patterns(options.pass_), dtypes, elements, device)
    except ValueError as problem:
        raise BadInput(str(problem)) from None
    if torch is not None:
        torch.set_num_threads(threads)

    found, missing = peers.find(torch, device, matching(options.peers, peers.NAMES, "--peers"))
    if device == "cuda":
        clock, cache = clocks.DeviceClock(torch), getattr(torch.cuda.get_device_properties(0), "L2_cache_size", UNKNOWN_L2)
        own = contenders.ours("cuda", torch, clock.stream.cuda_stream)
    else:
        clock, cache, own = clocks.HostClock(), listing["host"]["cache_bytes"], contenders.ours("cpu", torch, None)
        if options.variant:
            own += contenders.ours("scalar", torch, None)
    wanted = matching(options.variant, [contender.name for contender in own], "--variant")
    own = [contender for contender in own if contender.name in wanted]
    settings = measure.Settings(torch, device, clock, own + found, options.seconds, options.seed, cache, options.sets,
                                None, len(os.sched_getaffinity(0)))
    groups = measure.in_groups(chosen)
    plan = Budget(limit, options.seconds, [len(group) * len(settings.contenders) for group in groups])

    print(f"{len(chosen)} problems, {len(own)} of ours, peers: {', '.join(f'{peer.name} {peer.version}' for peer in found) or 'none'}; "
          f"{threads} threads, {clock.kind}", flush=True)
    started, measured, declined = time.monotonic(), [], {}  # (problems, their results) of whole groups: their inputs were looked at again
    progress = Progress(len(chosen), limit=limit)
    settings.report = lambda line: progress.at(sum(len(group) for group, _ in measured), line)

    def finish(reason):
        """The record first: who ended this may have ended what shows the table, too."""
        progress.end()
        done = list(measured)
        have = [result for _, results in done for result in results]
        behind = {id(problem) for group, _ in done for problem in group}
        dropped = [problem for problem in chosen if id(problem) not in behind]
        if options.out:
            plans = {"threads": threads, "workload": options.workload, "budget": limit, "dropped": dropped}
            facts = record.context(listing, settings, plans, missing,
                                   shlex.join(["scripts/peers", *words]), {peer.name: peer.version for peer in found})
            record.write(options.out, facts, have)
        text = [table.text(have, [peer.name for peer in found], missing), f"measured in {time.monotonic() - started:.0f} s"]
        if dropped:
            text.append(f"{'asked to end before' if reason == ASKED else f'the budget of {options.budget} left no time for'} "
                        + ", ".join(map(table.title, dropped)))
        print("\n" + "\n\n".join(text) + (f"\nJSON in {options.out}" if options.out else ""), flush=True)
        return 1 if reason == ASKED or any(result.failure and not result.contender.peer for result in have) else 0

    ending = Ending(finish, limit)
    for group in groups:
        settings.seconds = plan.next(sum(result.timed for _, results in measured for result in results))
        if settings.seconds is not None:
            measured.append((group, measure.measure(group, settings, declined)))
    return ending.finished()


def main():
    try:
        return run(sys.argv[1:])
    except BadInput as problem:
        print(f"scripts/peers: {problem}", file=sys.stderr)
        return 2
    except OSError as problem:  # the library is not there, or the record cannot be written
        print(f"scripts/peers: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
