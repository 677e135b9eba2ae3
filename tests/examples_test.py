#!/usr/bin/env python3
"""Runs `lossbench eval` on the example arrays and compares with what scikit-learn and PyTorch give (examples/expected.json).

Usage: examples_test.py [--binary PATH] [unittest's own arguments]; without --binary the program is taken from $LOSSBENCH.
"""

import argparse
import hashlib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "examples" / "data"
BACKENDS = ("scalar", "simt")

# Accuracy asked of float32 arithmetic, for a value; a gradient has the absolute term relative to its greatest entry.
RELATIVE, ABSOLUTE = 1e-5, 1e-6


class Data(unittest.TestCase):
    def test_files_are_the_recorded_ones(self):
        rows = re.findall(r"^\| (\S+\.npy) \|.*\| ([0-9a-f]{64}) \|$", (DATA / "PROVENANCE.md").read_text("utf-8"), re.M)
        self.assertEqual(sorted(name for name, _ in rows), sorted(path.name for path in DATA.glob("*.npy")))
        for name, digest in rows:
            self.assertEqual(hashlib.sha256((DATA / name).read_bytes()).hexdigest(), digest, name)

    def test_size_is_small(self):
        self.assertLess(sum(path.stat().st_size for path in DATA.parent.rglob("*") if path.is_file()), 1_000_000)


class Eval(unittest.TestCase):
    """One test per recorded case and backend, added below."""

    binary = None

    def check(self, case, backend):
        self.assertIsNotNone(self.binary, "no program: give --binary PATH or set LOSSBENCH")
        with tempfile.TemporaryDirectory() as folder:
            command = [self.binary, "eval", *case["arguments"], "--backend", backend, "--out", folder]
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
            told = f"{' '.join(command)}\nexit {run.returncode}\n{run.stdout}{run.stderr}"
            self.assertEqual(run.returncode, 0, told)
            printed = json.loads(run.stdout)
            self.assertEqual((printed["loss_name"], printed["backend"]), (case["arguments"][0], backend))
            outputs = printed["outputs"]
            if "loss" in case:
                self.close(float(outputs["loss"]["value"]), case["loss"], ABSOLUTE, f"loss\n{told}")
            for name, expected in case.get("scalars", {}).items():
                self.close(float(outputs[name]["value"]), expected, ABSOLUTE, f"{name}\n{told}")
            for name, expected in case.get("arrays", {}).items():
                self.assertEqual(outputs[name]["shape"], expected["shape"], told)
                self.check_array(np.load(Path(folder) / f"{name}.npy"), expected, f"{name}\n{told}")

    def check_array(self, array, expected, told):
        self.assertEqual(list(array.shape), expected["shape"], told)
        flat = array.astype(np.float64).ravel()
        absolute = ABSOLUTE * expected["largest"]
        for value, wanted in zip(flat, expected["first"]):
            self.close(value, wanted, absolute, told)
        self.close(np.linalg.norm(flat), expected["norm"], absolute * math.sqrt(flat.size), told)
        self.close(np.abs(flat).max(), expected["largest"], absolute, told)
        # The errors of the entries add up to at most Σ|cos i|·(relative·|g_i| + absolute), by Cauchy-Schwarz no more than:
        bound = RELATIVE * math.sqrt(flat.size) * expected["norm"] + absolute * flat.size
        difference = abs(float(flat @ np.cos(np.arange(flat.size))) - expected["weighted_sum"])
        self.assertTrue(difference <= bound, f"weighted sum off by {difference}, bound {bound}\n{told}")

    def close(self, value, wanted, absolute, told):
        error, bound = abs(value - wanted), RELATIVE * abs(wanted) + absolute
        self.assertTrue(error <= bound, f"{value} instead of {wanted}: error {error:.3g}, bound {bound:.3g}\n{told}")


def add_cases():
    cases = json.loads((ROOT / "examples" / "expected.json").read_text("utf-8"))["cases"]
    for index, case in enumerate(cases):
        for backend in BACKENDS:
            def test(self, case=case, backend=backend):
                self.check(case, backend)

            test.__doc__ = f"{case['library']}: {case['source']}"
            setattr(Eval, f"test_{index:02}_{case['arguments'][0]}_{backend}", test)


add_cases()

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("LOSSBENCH"), metavar="PATH", help="the program lossbench")
    known, rest = parser.parse_known_args()
    Eval.binary = str(Path(known.binary).resolve()) if known.binary else None
    unittest.main(argv=[sys.argv[0], *rest])
