"""C++ text taken apart as far as the rules need it: comments and strings blanked, device functions found."""

import re
from dataclasses import dataclass

LITERAL = re.compile(
    r"//[^\n]*|/\*.*?\*/|R\"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)\"|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])*'", re.S)
DEVICE_WORDS = re.compile(r"\b(__global__|__device__|SIMT_FN)\b")


def blank(text):
    """The text with comments and literals turned into spaces; lines stay where they are. Include lines keep their names."""
    def spaces(match):
        return re.sub(r"[^\n]", " ", match[0])

    lines = LITERAL.sub(spaces, text).split("\n")
    for index, line in enumerate(text.split("\n")):
        if re.match(r"\s*#\s*include\b", line):
            lines[index] = line
    return "\n".join(lines)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def closing(text, position):
    """Where the bracket that opens at `position` closes; the end of the text if it does not."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    stack = []
    for index in range(position, len(text)):
        if text[index] in pairs:
            stack.append(pairs[text[index]])
        elif stack and text[index] == stack[-1]:
            stack.pop()
            if not stack:
                return index
    return len(text)


@dataclass
class Function:
    word: str  # __global__, __device__ or SIMT_FN
    parameters: str
    parameters_at: int
    body: str  # empty for a declaration
    body_at: int


def device_functions(text):
    """Functions of blanked `text` that run on the device. A function with several qualifiers is found once."""
    functions, done = [], -1
    for match in DEVICE_WORDS.finditer(text):
        if match.start() < done or text[text.rfind("\n", 0, match.start()) + 1:match.start()].lstrip().startswith("#"):
            continue
        opening = parameter_list(text, match.end())
        if opening is None:
            continue
        end = closing(text, opening)
        brace = re.compile(r"[;{]").search(text, end)
        body_at = brace.start() if brace and brace[0] == "{" else end
        body = text[body_at:closing(text, body_at) + 1] if body_at != end else ""
        done = end
        functions.append(Function(match[1], text[opening + 1:end], opening + 1, body, body_at))
    return functions


def parameter_list(text, position):
    """The bracket that opens a function's parameters, after its qualifiers; None where this declares no function."""
    while True:
        found = re.compile(r"[(;{=]").search(text, position)
        if not found or found[0] != "(":
            return operator_list(text, found)
        before = text[position:found.start()].rstrip()
        if before.endswith("__launch_bounds__") or re.search(r"\b(decltype|alignas|noexcept|requires|explicit)$", before):
            position = closing(text, found.start()) + 1
        elif before.endswith("operator"):
            position = found.start() + 2  # operator()
        else:
            return found.start()


def operator_list(text, found):
    """`operator=(` and `operator==(` have a bracket after the sign."""
    if found and found[0] == "=" and text[:found.start()].rstrip().endswith(("operator", "operator=", "operator!", "operator<", "operator>")):
        bracket = text.find("(", found.start())
        return bracket if bracket >= 0 else None
    return None


def split_parameters(parameters):
    """(offset, text) of each parameter, split at the commas outside brackets."""
    depth, start, parts = 0, 0, []
    for index, letter in enumerate(parameters):
        depth += letter in "(<[{"
        depth -= letter in ")>]}"
        if letter == "," and depth == 0:
            parts.append((start, parameters[start:index]))
            start = index + 1
    return parts + [(start, parameters[start:])]
