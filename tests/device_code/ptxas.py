"""What `ptxas -v` says of each kernel."""

import re

ENTRY = re.compile(r"Compiling entry function '(?P<name>[^']+)' for '(?P<architecture>[^']+)'")
SPILLS = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
REGISTERS = re.compile(r"Used (\d+) registers")


def kernels(report):
    """One dictionary a kernel: name, architecture, registers, stack bytes, spilled bytes. What is missing stays -1, so that it
    fails where zero is asked for."""
    found = []
    for line in report.split("\n"):
        entry = ENTRY.search(line)
        if entry:
            found.append({**entry.groupdict(), "registers": -1, "stack": -1, "spilled": -1})
        spills = SPILLS.search(line)
        if spills and found and found[-1]["spilled"] < 0:
            found[-1].update(stack=int(spills[1]), spilled=int(spills[2]) + int(spills[3]))
        registers = REGISTERS.search(line)
        if registers and found:
            found[-1]["registers"] = int(registers[1])
    return found
