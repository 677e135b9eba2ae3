"""Size and shape of files."""

import re

LONGEST = 300           # lines; the aim is 200
LONGEST_TEST = 420      # tests are lists of cases, read one at a time
WIDEST = 160            # columns; the aim is 130


def length(path, text):
    """Tables of recorded figures, which say in their first lines that a script wrote them, may be longer."""
    if re.search(r"(Generated|Written|written|generated) by", text[:400]):
        return
    lines, limit = text.count("\n"), LONGEST_TEST if path.startswith("tests/") else LONGEST
    if lines > limit:
        yield limit, f"{lines} lines; split it (the limit is {limit}, the aim 200)"


def width(path, text):
    """Tables of recorded figures, which say in their first lines that a script wrote them, may be wider."""
    if re.search(r"(Generated|Written|written|generated) by", text[:400]):
        return
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > WIDEST:
            yield number, f"{len(line)} columns; the limit is {WIDEST}"


def whitespace(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "space at the end of the line"
        if "\t" in line:
            yield number, "a tab"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no newline at the end of the file"


def header_guard(path, text):
    """A header named `…-inl.h` is compiled once for each instruction set, so its guard is a toggle."""
    if path.endswith("-inl.h"):
        if not re.search(r"^#if defined\((\w+)\) == defined\(HWY_TARGET_TOGGLE\)\n#ifdef \1\n#undef \1\n#else\n#define \1\n#endif$", text, re.M):
            yield 1, "a header for every instruction set starts with a guard that toggles with HWY_TARGET_TOGGLE"
    elif path.endswith(".h") and not re.search(r"^#pragma once$", text, re.M):
        yield 1, "a header starts with #pragma once"


def unfinished(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield number, "unfinished work is an issue, not a comment"
