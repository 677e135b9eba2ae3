#!/usr/bin/env python3
"""scripts/report: what is said once of all figures, and what marks one. The rule is that of tests/figure_quality_test.cpp."""

import json
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

from report_lib import answer, records  # noqa: E402

SUFFIX = "/iterations:1/repeats:9/manual_time"


def entry(name, **counters):
    return {"name": name + SUFFIX, "run_name": name + SUFFIX, "run_type": "iteration", "real_time": 1.0, "time_unit": "ms", **counters}


class Quality(unittest.TestCase):
    def run_with(self, *all_counters):
        entries = [entry(f"l2/v{k}/cpu/forward/f32/8", contract_bytes=8e6, **{"uncertainty": 0.01, **counters})
                   for k, counters in enumerate(all_counters)]
        return records.parse(json.dumps({"context": {}, "benchmarks": entries}))

    def marks(self, *all_counters):
        return [case.caveats for case in self.run_with(*all_counters).cases]

    def test_what_most_share_marks_none_and_is_said(self):
        counters = [{"drift": 1, "bimodal": 1}, {"drift": 1}, {}]
        self.assertEqual(self.marks(*counters), [["bimodal"], [], []])
        text = answer.caveats(self.run_with(*counters))
        self.assertIn("2 of 3 moved by more than 2 %", text)
        self.assertIn("1 *bimodal*", text)

    def test_half_are_not_most(self):
        self.assertEqual(self.marks({"cached": 1}, {}), [["cached"], []])

    def test_that_time_was_up_marks_none(self):
        self.assertEqual(self.marks({"converged": 0, "uncertainty": 0.04}, {"uncertainty": 0.04}), [[], []])

    def test_an_interval_far_wider_than_the_rest(self):
        widths = [0.03] * 20 + [0.059, 0.061]
        self.assertEqual(self.marks(*[{"uncertainty": width} for width in widths])[-2:], [[], ["wide"]])
        self.assertEqual(self.marks(*[{"uncertainty": width} for width in [0.001] * 20 + [0.009]])[-1], [])

    def test_what_moved_until_later_counts(self):
        run = self.run_with({"revisit_ratio": 1.06}, {"revisit_ratio": 0.94}, {"revisit_ratio": 1.3}, {})
        self.assertIn("good to about 6 %", answer.caveats(run))

    def test_shares_of_the_samples_are_said(self):
        run = self.run_with({"samples": 300, "throttled_share": 0.4, "disturbed_share": 0.0}, {"samples": 100, "throttled_share": 0.04})
        self.assertIn("a neighbour had a core, or its clock had sagged, for 31 % of the time", answer.caveats(run))
        self.assertNotIn("took the core away", answer.caveats(run))

    def test_each_process_by_itself(self):
        noisy, quiet = self.run_with({"drift": 1}), self.run_with(*[{}] * 5)
        run = records.join([noisy, quiet])
        self.assertEqual([case.caveats for case in run.cases], [[]] * 6)
        self.assertIn("1 of 1 moved by more than 2 %", answer.caveats(run))


if __name__ == "__main__":
    unittest.main()
