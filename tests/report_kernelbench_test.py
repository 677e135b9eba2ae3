#!/usr/bin/env python3
"""KernelBench's problems in a report: a table and a sentence of their own, and no part in what is said of a loss."""

import json
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

from report_lib import answer, kernelbench, markdown, page, peers, records  # noqa: E402

COUNTERS = {"contract_bytes": 8e6, "elements": 1e6, "error": 1e-8, "bound": 1e-7, "uncertainty": 0.004}


def entry(variant, loss, tag, milliseconds, pass_="forward", backend="cpu", **counters):
    name = f"{loss}/{variant}/{backend}/{pass_}/f32/1000000" + (f"/{tag}" if tag else "") + "/manual_time"
    return {"name": name, "run_name": name, "run_type": "iteration", "real_time": milliseconds, "time_unit": "ms", **COUNTERS, **counters}


def problem(number, data):
    return f"kernelbench={number},data={data}"


def run_of(*entries):
    return records.parse(json.dumps({"context": {"cpu": "A CPU", "device": "none", "version_torch": "9.8.7"}, "benchmarks": list(entries)}))


def both(loss, tag, ours, torch, **more):
    return [entry("simd", loss, tag, ours, **more), entry("torch", loss, tag, torch, peer=1, **more)]


RUN = run_of(*both("hinge", problem(100, "published"), 1.0, 4.0), *both("l2", problem(94, "heavy"), 1.0, 3.0), *both("l2", problem(94, "published"), 1.0, 2.0),
             *both("l2", problem(94, "published"), 1.0, 6.0, pass_="gradient"), *both("l2", "", 1.0, 10.0),
             entry("scalar", "l2", problem(94, "heavy"), 0.1, backend="scalar"))


class KernelBench(unittest.TestCase):
    def test_problems_come_in_the_order_of_the_publication(self):
        header, rows = kernelbench.table(RUN)
        self.assertEqual(header[-1], "× torch")
        self.assertEqual([(row[0], row[2], row[3], row[-1]) for row in rows],
                         [("94", "published", "forward", "2.00×"), ("94", "published", "gradient", "6.00×"), ("94", "heavy", "forward", "3.00×"),
                          ("100", "published", "forward", "4.00×")])
        self.assertEqual(rows[0][5:8], ["`simd`", "1.00 ms", "8.00"])

    def test_the_reference_is_no_contender(self):
        self.assertTrue(all(row[5] == "`simd`" for row in kernelbench.table(RUN)[1]))

    def test_a_problem_that_ours_do_not_compute_has_no_ratio(self):
        row, = kernelbench.table(run_of(entry("torch", "triplet_margin", problem(99, "heavy"), 4.0, peer=1)))[1]
        self.assertEqual(row[5:], ["–", "–", "–", "–"])

    def test_the_sentence_has_the_spread_of_all_problems(self):
        self.assertIn("**KernelBench**, 2 losses of level 1", kernelbench.sentence(RUN))
        self.assertIn("torch takes 2.00× to 6.00× as long, 3.50× in the median", kernelbench.sentence(RUN))
        self.assertIn(kernelbench.sentence(RUN), answer.sentences(RUN))

    def test_what_is_said_of_a_loss_is_about_the_plain_problem(self):
        self.assertEqual(peers.duels(RUN, "l2", "forward")["torch"].ratio, 10)
        self.assertEqual(peers.duels(RUN, "hinge", "forward"), {})

    def test_pages_have_the_table_only_where_there_is_one(self):
        html, text = page.render(RUN, ""), markdown.render(RUN, "")
        self.assertIn('<section id="kernelbench">', html)
        self.assertIn('<a href="#kernelbench">', html)
        self.assertIn("## KernelBench", text)
        plain = run_of(*both("l2", "", 1.0, 10.0))
        self.assertNotIn("kernelbench", page.render(plain, ""))
        self.assertNotIn("KernelBench", markdown.render(plain, ""))
        self.assertEqual(kernelbench.sentence(plain), "")


if __name__ == "__main__":
    unittest.main()
