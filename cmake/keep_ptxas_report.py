#!/usr/bin/env python3
"""Runs a CUDA compilation and keeps what ptxas says of each kernel (registers, stack, spills) beside the object, as OBJECT.ptxas.

    keep_ptxas_report.py OBJECT COMMAND…

Everything else that the command prints is passed on. The report costs nothing: ptxas has it at hand, and the tests read it instead of
compiling everything again.
"""

import pathlib
import subprocess
import sys


def is_report(line):
    return line.startswith("ptxas info") or line.startswith("    ") and "bytes stack frame" in line


def main():
    report = pathlib.Path(sys.argv[1] + ".ptxas")
    done = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = done.stdout.splitlines(keepends=True)
    sys.stdout.write("".join(line for line in lines if not is_report(line)))
    if done.returncode == 0:
        report.write_text("".join(line for line in lines if is_report(line)), encoding="utf-8")
    else:
        report.unlink(missing_ok=True)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
