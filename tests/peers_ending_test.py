#!/usr/bin/env python3
"""scripts/peers ends when it is asked to, and when its time is up, whatever holds its main thread; and says in a log how far it is."""

import io
import os
import pathlib
import signal
import subprocess
import sys
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

from peers_lib import progress  # noqa: E402

# The main thread is in a library and stays there, as it may be while something is compiled.
HELD = """
import ctypes, os, signal, sys
from peers_lib.ending import Ending
def finish(reason):
    print("ended:", reason, flush=True)
    return 7
ending = Ending(finish{more})
{before}
print("ready", flush=True)
library = ctypes.CDLL(None)
while {held}:
    library.pause()
sys.exit(ending.finished())
"""
END_A_CHILD = """
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    os.write(writer, b"here")
    while True: signal.pause()
os.read(reader, 4)
os.kill(child, signal.SIGTERM)
print("child:", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Ends(unittest.TestCase):
    def run_held(self, number=None, more="", before="", held="True"):
        code = HELD.format(more=more, before=before, held=held)
        with subprocess.Popen([sys.executable, "-B", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")}) as running:
            self.addCleanup(running.kill)
            said = ""
            if number:
                said = running.stdout.readline()
                running.send_signal(number)
            output, errors = running.communicate(timeout=60)
        self.assertEqual((running.returncode, errors), (7, ""))
        return said + output

    def test_when_it_is_asked_to(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.assertEqual(self.run_held(number), "ready\nended: asked\n")

    def test_when_its_time_is_up(self):
        self.assertIn("ended: time is up\n", self.run_held(more=", 0.2"))

    def test_when_its_work_is_done(self):
        self.assertEqual(self.run_held(held="False"), "ready\nended: \n")

    def test_not_when_a_child_is_ended(self):
        self.assertEqual(self.run_held(before=END_A_CHILD, held="False"), f"child: {-signal.SIGTERM}\nready\nended: \n")


class Log(io.StringIO):
    def __init__(self):
        super().__init__()
        self.written = threading.Event()

    def write(self, text):
        super().write(text)
        if "\n" in text:
            self.written.set()


class Says(unittest.TestCase):
    def made(self, **more):
        self.now = 0.0
        made = progress.Progress(40, Log(), now=lambda: self.now, **{"pace": 3600, **more})
        self.addCleanup(made.end)
        return made

    def test_what_is_done_of_how_much_and_an_estimate(self):
        made = self.made()
        made.at(0, "l2 f32")
        self.assertEqual(made.line(), "[0/40] 0 s: l2 f32")
        self.now = 50.0
        made.at(10, "huber f32")
        self.assertEqual(made.line(), "[10/40] 50 s, about 2 min left: huber f32")

    def test_no_more_than_it_may_take(self):
        made = self.made(limit=60)
        self.assertIn("at most 60 s left", made.line())
        self.now = 50.0
        made.at(10, "huber f32")
        self.assertIn("about 10 s left", made.line())

    def test_a_log_gets_lines_while_one_thing_takes_long(self):
        made = self.made(pace=0.01)
        made.at(3, "dice f32")
        self.assertTrue(made.stream.written.wait(60))
        made.end()
        self.assertIn("[3/40] 0 s, about 1 s left: dice f32\n", made.stream.getvalue())


if __name__ == "__main__":
    unittest.main()
