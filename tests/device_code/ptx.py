"""Global loads in PTX text."""

import re

LOAD = re.compile(r"^\s*(?:@!?%p\d+\s+)?ld(?:\.\w+)*?\.global(?P<modifiers>(?:\.[\w:]+)*)\s")
ENTRY = re.compile(r"^\s*(?:\.visible\s+)?\.entry\s+(\S+?)\(", re.M)


def loads(text):
    """Bytes of each global load, in order."""
    widths = []
    for line in text.split("\n"):
        load = LOAD.match(line)
        if not load:
            continue
        modifiers = load["modifiers"]
        count = re.search(r"\.v(\d)\b", modifiers)
        element = re.search(r"\.[bsuf](\d+)$", modifiers)
        if element:
            widths.append((int(count[1]) if count else 1) * int(element[1]) // 8)
    return widths


def entries(text):
    """Global loads of each kernel, by its mangled name."""
    starts = [(match[1], match.start()) for match in ENTRY.finditer(text)] + [("", len(text))]
    return {name: loads(text[start:starts[index + 1][1]]) for index, (name, start) in enumerate(starts[:-1])}
