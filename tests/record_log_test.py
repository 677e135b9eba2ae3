#!/usr/bin/env python3
"""scripts/record: how far a step is, in a log."""

import pathlib
import sys
import tempfile
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

from record_lib import log, process  # noqa: E402

# It says how far it is, and goes on when that was passed on.
PROGRAM = """
import os, sys, time
print("figures")
print("[ 40 %] l2, about 9 s left", file=sys.stderr, flush=True)
deadline = time.monotonic() + 60
while time.monotonic() < deadline and not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
print("done", file=sys.stderr)
"""


class Tells(unittest.TestCase):
    def test_a_line_where_nothing_was_said_for_a_while(self):
        now, lines = [0.0], []
        told = log.Log(10, lambda: now[0], lines.append)
        told.say("validate: up to 50 s")
        for now[0] in range(1, 26):
            told.tell(f"[{now[0]}/35] l2")
        self.assertEqual(lines, ["==> validate: up to 50 s", "    10 s: [10/35] l2", "    20 s: [20/35] l2"])

    def test_what_a_program_says_is_passed_on_and_kept(self):
        lines = []
        told = log.Log(0, now=lambda: 0.0)
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(process, "LOOK", 0.05), \
                unittest.mock.patch.object(process, "log", told):
            told.write = lambda line: (lines.append(line), pathlib.Path(folder, "told").touch())
            done = process.run([sys.executable, "-c", PROGRAM, pathlib.Path(folder, "told")], 100)
        self.assertEqual((done.status, done.output, done.errors), (0, "figures\n", "[ 40 %] l2, about 9 s left\ndone\n"))
        self.assertEqual(lines[0], "    0 s: [ 40 %] l2, about 9 s left")


if __name__ == "__main__":
    unittest.main()
