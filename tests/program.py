"""What tests of the program share: running it, arrays in a folder of their own, refusals."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

BINARY = os.environ.get("LOSSBENCH", "")


def lossbench(*arguments, **options):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options)


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out"

    def save(self, name, array):
        path = self.folder / f"{name}.npy"
        np.save(path, array)
        return path

    def arguments(self, loss, inputs, *flags):
        command = ["eval", loss]
        for name, array in inputs.items():
            command += ["--in", f"{name}={self.save(name, array)}"]
        return command + list(flags)

    def evaluate(self, loss, inputs, *flags):
        done = lossbench(*self.arguments(loss, inputs, *flags))
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, *command, naming):
        """Exit status 2, one line on stderr that names the culprit, nothing on stdout, nothing written."""
        done = lossbench(*command)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in [naming] if isinstance(naming, str) else naming:
            self.assertIn(word, done.stderr)
        self.assertFalse(self.out.exists())
        return done.stderr


def main():
    """Runs the tests of the calling script: LOSSBENCH=<program> or --binary <program> says which program."""
    global BINARY
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--binary", default=BINARY)
    chosen, rest = parser.parse_known_args()
    BINARY = chosen.binary
    if not BINARY:
        sys.exit("say which program: LOSSBENCH=<program> or --binary <program>")
    unittest.main(module="__main__", argv=[sys.argv[0], *rest])
