"""The floors of the house: nothing includes upwards."""

import re

from .source import blank

# Longest prefix first. What is not listed (tests, examples) stands on top and may include anything.
FLOORS = {
    "kernels/primitives/": 1, "kernels/losses/": 1, "kernels/": 2,
    "core/": 0, "simt/": 0, "reference/": 1, "contenders/": 2, "registry/": 3, "bench/": 4, "capi/": 4,
}

# (who, whom, why): pairs that the floors alone would allow.
STRANGERS = [
    ("kernels/", "reference/", "a reference that shares code with a kernel proves nothing"),
    ("reference/", "", "the reference includes nothing of ours"),
    ("kernels/primitives/", "kernels/losses/", "primitives know no loss"),
    ("kernels/losses/", "kernels/primitives/", "a loss functor is mathematics only"),
    ("core/", "simt/", "core knows no execution model"),
    ("registry/", "bench/", "the registry serves front ends; it uses none"),
    ("capi/", "bench/", "the C ABI and the program are two front ends"),
    ("bench/", "capi/", "the C ABI and the program are two front ends"),
]
MATHEMATICS = "kernels/losses/math.h"  # functions of numbers, of no loss: open to primitives too
# The generated translation units that instantiate variants belong to the registry. A contender's is written by hand, beside it.
INSTANTIATION = {"registry/contenders.h", "registry/instantiate_pointwise.h", "registry/instantiate_rows.h"}
SIMT_FRONT = {"simt/simt.h", "simt/float8.h", "simt/qualifiers.h"}


def floor_of(path):
    return next((floor for prefix, floor in FLOORS.items() if path.startswith(prefix)), 99)


def includes(text):
    """(line, name) of each quoted include. Names of generated files with @…@ in them count as they stand."""
    for number, line in enumerate(blank(text).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if match:
            yield number, match[1]


def upward_includes(path, text):
    for line, name in includes(text):
        instantiates = path.startswith("contenders/") and path.endswith((".cu", ".cpp")) and name in INSTANTIATION
        if floor_of(name) != 99 and floor_of(name) > floor_of(path) and not instantiates:
            yield line, f'"{name}" is a floor above {path.rsplit("/", 1)[0]}/'
        for who, whom, why in STRANGERS:
            if path.startswith(who) and name.startswith(whom) and not name.startswith(who) and name != MATHEMATICS:
                yield line, f'"{name}": {why}'
        if path.startswith("kernels/") and name.startswith("simt/") and name not in SIMT_FRONT:
            yield line, f'"{name}": a kernel includes "simt/simt.h" or "simt/float8.h", which exist in both builds'


def rooted_includes(path, text):
    """Includes are written from the root of the repository. tests/ may name a neighbour."""
    for line, name in includes(text):
        if not path.startswith("tests/") and "/" not in name:
            yield line, f'"{name}": write the path from the root of the repository'
        if ".." in name.split("/"):
            yield line, f'"{name}": write the path from the root of the repository'
