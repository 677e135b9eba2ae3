#!/usr/bin/env python3
"""Figures in README.md and docs/ are those of results/; and the marks that say which."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

from report_lib import quotes  # noqa: E402

SUFFIX = "/iterations:1/repeats:9/manual_time"
CASE = {"name": "l2/simd/cpu/forward/f32/4096", "change": "slower", "before": 1e-3, "after": 1.05e-3, "ratio": 1.05, "low": 1.04, "high": None,
        "p": 4.1e-5, "aa_spread": 0.01}


def entry(name, milliseconds):
    return {"name": name + SUFFIX, "run_name": name + SUFFIX, "run_type": "iteration", "real_time": milliseconds, "time_unit": "ms",
            "error": 1e-8, "bound": 1e-7, "contract_bytes": 8e6, "uncertainty": 0.004, "percent_of_ceiling": 81.4}


class Pages(unittest.TestCase):
    def test_every_page_is_as_results_has_it(self):
        done = subprocess.run([ROOT / "scripts" / "quote", "--check"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


class Marks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "results" / "chip").mkdir(parents=True)
        record = {"context": {"cpu": "Chip", "num_cpus": 2, "device": "none"}, "benchmarks": [
            entry("l2/simd/cpu/forward/f32/1000000", 2.0), entry("l2/thrust/cpu/forward/f32/1000000", 3.5),
            entry("huber/simd/cpu/forward/f32/1000000/delta=2", 1.5)]}
        (self.root / "results" / "chip" / "run.json").write_text(json.dumps(record))
        kept = {"planted": {"percent": "5", "found": 10, "trials": 10, "last": CASE}, "same": {"cases": 120, "without_difference": 119}}
        (self.root / "results" / "chip-compare.json").write_text(json.dumps(kept))

    def quoted(self, text, sources=("results/chip", "results/chip-compare.json")):
        lines = "".join(f"<!-- figures from {source} -->\n" for source in sources)
        return quotes.Page(lines + text, self.root).quoted().removeprefix(lines)

    def figure(self, what):
        return self.quoted(f"<!--= {what} -->anything\nat all<!--=-->").removeprefix(f"<!--= {what} -->").removesuffix("<!--=-->")

    def test_figures(self):
        for what, figure in [("time of l2/thrust/cpu/forward/f32/*", "3.50 ms"), ("GB/s of l2/simd/*", "4.00"), ("ceiling of l2/simd/*", "81 %"),
                             ("± of huber/simd/cpu/forward/f32/1000000/delta=2", "0.4 %"), ("error/bound of l2/simd/*", "10.0 %"),
                             ("fact cpu", "Chip"), ("comparison change", "+5.0 %"), ("comparison 95 % interval", "+4.0 % to ?"),
                             ("comparison A/A", "1.0 %"), ("check found", "10"), ("check without difference", "119")]:
            self.assertEqual(self.figure(what), figure, what)

    def test_tables_and_headlines(self):
        rows = self.figure("rows l2/thrust/* l2/simd/*")
        self.assertLess(rows.index("`thrust`"), rows.index("`simd`"))
        self.assertIn("| variant | backend |", rows)
        self.assertIn("| `l2/simd/cpu/forward/f32/4096` | 1.00 ms | 1.05 ms |", self.figure("comparison"))
        self.assertIn("results/chip/report.html", self.figure("headlines"))

    def test_what_stands_around_a_mark_stays(self):
        text = self.quoted("It took <!--= time of l2/simd/* -->9 s<!--=--> of\nthe <!--= fact cpu -->Abacus<!--=-->'s time.")
        self.assertEqual(text, "It took <!--= time of l2/simd/* -->2.00 ms<!--=--> of\nthe <!--= fact cpu -->Chip<!--=-->'s time.")
        self.assertEqual(self.quoted(text), text)

    def test_marks_that_mean_nothing_are_named(self):
        for what in ("time of l2/*", "time of l3/*", "colour of l2/simd/*", "fact sheet", "check mate", "nonsense"):
            with self.assertRaisesRegex(ValueError, what.split(" of ")[-1].replace("*", r"\*")):
                self.figure(what)
        with self.assertRaisesRegex(ValueError, "results/gone"):
            self.quoted("", ["results/gone"])
        with self.assertRaisesRegex(ValueError, "needs a record"):
            self.quoted("<!--= fact cpu --><!--=-->", [])
        with self.assertRaisesRegex(ValueError, "check_compare"):
            self.quoted("<!--= comparison --><!--=-->", [])


if __name__ == "__main__":
    unittest.main()
