"""Instruction counts of the pointwise losses, and the time that they and the memory leave: what limits a loss, before it was measured.

Counts are in instructions.json, which scripts/count_instructions writes. What they are held against is an H200: each of 132 multiprocessors
issues four warp instructions a clock, at an assumed clock under load.
"""

import json
import pathlib

from . import sass

COUNTS = pathlib.Path(__file__).parent / "instructions.json"
MULTIPROCESSORS = 132
CLOCK = 1.7e9  # Hz, assumed; a record has the measured one
BANDWIDTH = 4.8e12  # bytes a second, the datasheet
ARRAYS = {"gaussian_nll": 3}  # that a loss reads; two where it is not named
BYTES = {"f32": 4, "bf16": 2}
KERNELS = {"single_pass_kernel": "forward", "fused_kernel": "gradient"}
TYPES = {"f": "f32", "13__nv_bfloat16": "bf16"}


def read():
    return json.loads(COUNTS.read_text(encoding="utf-8"))


def key(loss, pass_, dtype):
    return f"{loss}/{pass_}/{dtype}"


def bytes_per_element(loss, pass_, dtype):
    return (ARRAYS.get(loss, 2) + (pass_ == "gradient")) * BYTES[dtype]


def count_kernel(code, loss, dtype):
    """{"elements": of a thread in a round, "pipes": {pipe: instructions}, "at_most": all of them} of the loop over vectors."""
    loop = sass.vector_loop(code)
    elements = loop.vector_loads // ARRAYS.get(loss, 2) * 16 // BYTES[dtype]
    return {"elements": elements, "pipes": dict(sorted(sass.by_pipe(loop.usual()).items())), "at_most": len(loop.body)}


def seconds_an_element(count):
    """Of each limit of the arithmetic, all multiprocessors together."""
    return {limit: clocks / (32 * count["elements"]) / (MULTIPROCESSORS * CLOCK) for limit, clocks in sass.clocks(count["pipes"]).items()}


def limit_of(name, count):
    """(what limits the case, seconds an element)."""
    loss, pass_, dtype = name.split("/")
    limits = {**seconds_an_element(count), "memory": bytes_per_element(loss, pass_, dtype) / BANDWIDTH}
    return max(limits.items(), key=lambda entry: entry[1])


def table(counts):
    """Lines of Markdown: one a case."""
    lines = ["| loss | pass | type | instructions an element | at most | float | integer, select | special | limit | predicted TB/s |",
             "|---|---|---|---:|---:|---:|---:|---:|---|---:|"]
    for name, count in counts["cases"].items():
        loss, pass_, dtype = name.split("/")
        limit, seconds = limit_of(name, count)
        pipes, elements = count["pipes"], count["elements"]
        shares = [pipes.get("fma", 0), pipes.get("alu", 0) + pipes.get("imad", 0), pipes.get("xu", 0)]
        words = {"issue": "issue slots", "xu": "special functions", "alu": "integer unit"}
        lines.append(f"| `{loss}` | {pass_} | {dtype} | {sum(pipes.values()) / elements:.1f} | {count['at_most'] / elements:.1f} | "
                     + " | ".join(f"{share / elements:.1f}" for share in shares)
                     + f" | {words.get(limit, limit)} | {bytes_per_element(loss, pass_, dtype) / seconds * 1e-12:.2f} |")
    return lines
