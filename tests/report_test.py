#!/usr/bin/env python3
"""scripts/report: reading Google Benchmark's JSON, choosing what to say, and writing one page that needs nothing else."""

import html.parser
import json
import math
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
sys.dont_write_bytecode = True

import progress  # noqa: E402
from report_lib import answer, choose, markdown, numbers, page, records  # noqa: E402

SUFFIX = "/iterations:1/repeats:9/manual_time"


def entry(name, milliseconds=1.0, **fields):
    return {"name": name + SUFFIX, "run_name": name + SUFFIX, "run_type": "iteration", "real_time": milliseconds, "time_unit": "ms", **fields}


def run_of(*entries, **context):
    return records.parse(json.dumps({"context": context, "benchmarks": list(entries)}))


CHECKED = {"error": 1e-8, "bound": 1e-7, "error_ulps_of_largest": 0.5, "contract_bytes": 8e6, "elements": 1e6}
SCALAR = entry("l2/scalar/scalar/forward/f32/1000000", 8.0, contract_bytes=8e6, elements=1e6)
THRUST = entry("l2/thrust/cpu/forward/f32/1000000", 2.0, **CHECKED)
KERNEL = entry("l2/single_pass/simt/forward/f32/1000000", 50.0, **CHECKED, counted_bytes=8e6, launches=2, atomics=3906, atomics_on_one_address=1953,
               barriers_in_one_block=3)
WASTEFUL = entry("l2/map_then_reduce/simt/gradient/f32/1000000", 50.0, **CHECKED, counted_bytes=16e6, predicted_us=4.0)  # as older records have it


class Records(unittest.TestCase):
    def test_parts_the_library_adds_are_dropped(self):
        self.assertEqual(records.split_name("l2/cub/cuda/forward/f32/8x4/reduction=sum" + SUFFIX + "_median"),
                         ["l2", "cub", "cuda", "forward", "f32", "8x4", "reduction=sum"])
        self.assertEqual(records.split_name("l2/cub/cuda/forward/f32/8/process_time/real_time/threads:4")[5:], ["8", ""])
        self.assertIsNone(records.split_name("something/else"))

    def test_repetitions_and_aggregates_make_one_case(self):
        times = [1.0, 2.0, 3.0, 4.0, 100.0]
        entries = [entry("l2/a/cpu/forward/f32/8", time) for time in times]
        entries.append({**entry("l2/a/cpu/forward/f32/8", 22.0), "run_type": "aggregate", "aggregate_name": "mean",
                        "name": "l2/a/cpu/forward/f32/8" + SUFFIX + "_mean"})
        cases = run_of(*entries).cases
        self.assertEqual(len(cases), 1)
        self.assertAlmostEqual(cases[0].time, 3e-3)  # the median, which the outlier does not move
        self.assertAlmostEqual(cases[0].aggregates["mean"], 22e-3)

    def test_aggregates_alone_are_enough(self):
        case = run_of({**entry("l2/a/cpu/forward/f32/8", 5.0, contract_bytes=5e6), "run_type": "aggregate", "aggregate_name": "median"}).cases[0]
        self.assertAlmostEqual(case.time, 5e-3)
        self.assertAlmostEqual(case.gb_per_s, 1.0)

    def test_bare_nan_of_either_sign_is_read_and_fails_its_bound(self):
        for text in ("NaN", "-NaN", "nan", "-nan"):
            run = records.parse('{"benchmarks": [{"name": "l2/a/cpu/forward/f32/8", "real_time": 1.0, "error": %s, "bound": 1e-7}]}' % text)
            self.assertTrue(math.isnan(run.cases[0].counter("error")))
            self.assertIs(run.cases[0].within_bound, False)
            self.assertTrue(run.cases[0].failed)

    def test_words_that_contain_nan_are_left_alone(self):
        run = records.parse('{"context": {"note": "a NaN, -NaN, x"}, "benchmarks": []}')
        self.assertEqual(run.context["note"], "a NaN, -NaN, x")

    def test_both_spellings_of_an_error(self):
        old = run_of(entry("l2/a/cpu/forward/f32/8", error_occurred=True, error_message="gate: off by 3")).cases[0]
        new = run_of(entry("l2/a/cpu/forward/f32/8", skipped=True, skip_message="needs a GPU")).cases[0]
        newer = run_of(entry("l2/a/cpu/forward/f32/8", skipped="ERROR", error_message="gate: off by 3")).cases[0]
        self.assertEqual((old.failure, old.failed), ("gate: off by 3", True))
        self.assertEqual((new.skipped, new.failed), ("needs a GPU", False))
        self.assertEqual((newer.failure, newer.failed), ("gate: off by 3", True))

    def test_the_worst_error_of_the_repetitions_counts(self):
        def case(*errors):
            return run_of(*[entry("l2/a/cpu/forward/f32/8", error=error, bound=1e-7) for error in errors]).cases[0]

        self.assertEqual(case(1e-9, 3e-7, 1e-8).counter("error"), 3e-7)
        self.assertTrue(case(1e-9, 3e-7, 1e-8).failed)
        self.assertTrue(case(1e-9, math.nan, 1e-8).failed)

    def test_an_emulated_kernel_has_no_throughput(self):
        self.assertTrue(math.isnan(run_of({**KERNEL, "GB/s": 5.0}).cases[0].gb_per_s))
        self.assertEqual(run_of(KERNEL).cases[0].traffic_ratio, 1.0)


    def test_an_infinite_result_is_checked_by_its_ratio_alone(self):
        case = run_of(entry("l2/a/cpu/forward/f32/8", error_over_bound=0.0)).cases[0]
        self.assertIs(case.within_bound, True)

    def test_the_guarantee_of_order(self):
        cases = run_of(entry("l2/a/cpu/forward/f32/8", order=0), entry("l2/b/cpu/forward/f32/8", order=1), entry("l2/c/cpu/forward/f32/8", order=2),
                       entry("l2/d/cpu/forward/f32/8")).cases
        self.assertEqual([case.order for case in cases], ["none", "run_to_run", "order_invariant", ""])


class Numbers(unittest.TestCase):
    def test_three_digits(self):
        for value, text in [(0, "0"), (1234.5, "1234"), (999.6, "1000"), (12.345, "12.3"), (0.012345, "0.0123"), (4e-5, "4.00e-5"),
                            (math.nan, "–"), (math.inf, "–")]:
            self.assertEqual(numbers.significant(value), text)

    def test_times(self):
        self.assertEqual([numbers.seconds(value) for value in (2.0, 2e-3, 2e-6, 2e-9, math.nan)], ["2.00 s", "2.00 ms", "2.00 µs", "2.00 ns", "–"])

    def test_ratios(self):
        self.assertEqual([numbers.factor(value) for value in (1.0, 1.5, 250.0, math.nan)], ["1.00×", "1.50×", "250×", "–"])


class Answer(unittest.TestCase):
    def test_all_right(self):
        text = answer.verdict(run_of(SCALAR, THRUST, KERNEL))
        self.assertIn("All 2 results", text)
        self.assertIn("10 %", text)  # of the bound

    def test_a_failure_comes_first_and_is_named(self):
        bad = entry("l1/vectorized/simt/forward/f32/8", error=1.0, bound=1e-7)
        self.assertTrue(answer.sentences(run_of(SCALAR, bad))[0].startswith("**1 of 2 cases failed**: `l1/vectorized`"))
        self.assertEqual(answer.summary(run_of(bad))[1][0][-1], "**failed**")

    def test_what_was_not_checked_is_not_called_checked(self):
        unchecked = entry("l1/a/cpu/forward/f32/8", contract_bytes=64)
        self.assertIn("1 of 2 results", answer.verdict(run_of(THRUST, unchecked)))
        self.assertNotIn("checked", answer.verdict(run_of(unchecked)))

    def test_cpu_gain_and_traffic(self):
        run = run_of(SCALAR, THRUST, KERNEL, WASTEFUL)
        self.assertIn("4.00×", answer.cpu(run))
        self.assertIn("in 1 of 2 cases", answer.traffic(run))
        self.assertIn("furthest from it is `l2` gradient with 2.00× (`map_then_reduce`)", answer.traffic(run))
        self.assertIn("counted, not timed", answer.traffic(run))

    def test_the_headline_is_f32_and_the_largest_shape(self):
        names = ["l2/a/cpu/forward/f64/800", "l2/a/cpu/forward/f32/8", "l2/a/cpu/forward/f32/10x10", "l2/a/cpu/forward/f32/10x10/half=true"]
        cases = choose.headline(run_of(*[entry(name) for name in names]).cases)
        self.assertEqual([(case.dtype, case.shape, case.options) for case in cases], [("f32", "10x10", "")])

    def test_the_leanest_kernel_is_the_last_of_those_that_move_as_little(self):
        def kernel(variant, bytes_):
            return entry(f"l2/{variant}/simt/forward/f32/8", contract_bytes=1000, counted_bytes=bytes_, error=0, bound=1)

        run = run_of(kernel("first", 1000), kernel("second", 1005), kernel("wasteful", 2000))
        self.assertEqual(choose.leanest(run.cases).variant, "second")
        self.assertIsNone(choose.leanest([]))


class Pages(unittest.TestCase):
    RUN = run_of(SCALAR, THRUST, KERNEL, WASTEFUL, entry("l2/broken/simt/forward/f32/1000000", error_occurred=True, error_message="a < b & c"),
                 cpu="A CPU <3", num_cpus=2)

    @classmethod
    def setUpClass(cls):
        cls.html = page.render(cls.RUN, "scripts/bench --loss 'l2'")

    def test_it_is_well_formed(self):
        void, stack, problems = {"meta", "br", "link", "img", "use", "path"}, [], []

        class Checker(html.parser.HTMLParser):
            def handle_starttag(self, tag, attributes):
                if tag not in void:
                    stack.append(tag)

            def handle_startendtag(self, tag, attributes):
                pass

            def handle_endtag(self, tag):
                if tag in void:
                    return
                if not stack or stack.pop() != tag:
                    problems.append((tag, self.getpos()))

        Checker().feed(self.html)
        self.assertEqual((problems, stack), ([], []))

    def test_it_needs_nothing_else(self):
        links = re.findall(r'(?:src|href)="([^"#][^"]*)"|url\((?!#)([^)]*)\)|@import', self.html)
        self.assertEqual(links, [])
        self.assertNotIn("<script", self.html)

    def test_figures_take_their_colours_from_the_page(self):
        figures = re.findall(r"<svg.*?</svg>", self.html, re.S)
        self.assertEqual(len(figures), 3)  # throughput on the CPU, traffic and error under the emulator
        for figure in figures:
            self.assertIn("var(--ink)", figure)
            self.assertEqual(set(re.findall(r"(?:fill|stroke): (#\w+)", figure)), set())

    def test_identifiers_are_unique(self):
        names = re.findall(r'\bid="([^"]+)"', self.html)
        self.assertEqual(sorted(names), sorted(set(names)))
        for name in re.findall(r'(?:href="#|url\(#)([^")]+)', self.html):
            self.assertIn(name, names)

    def test_kernels_under_the_emulator_have_counts_and_no_time(self):
        for word in ("50.0 ms", "predicted", "4.00 µs"):  # how long the emulator took, and what older records guessed
            self.assertNotIn(word, self.html)
        text = markdown.render(self.RUN, "")
        self.assertIn("| `single_pass` | simt | f32 | 1000000 | 1.00× | 2 | 3906 | 1953 | 3 |", text)
        self.assertIn("| `map_then_reduce` | simt | f32 | 1000000 | 2.00× |  |  |  |  |", text)

    def test_an_older_record_shows_its_error_over_its_bound_alone(self):
        old = run_of(entry("l2/a/cpu/forward/f32/8", error=1e-8, bound=1e-7, error_ulps=443364.0))
        self.assertNotIn("443364", markdown.render(old, ""))
        self.assertIn("| 10.0 % |  |", markdown.render(old, ""))

    def test_text_is_escaped(self):
        self.assertIn("a &lt; b &amp; c", self.html)
        self.assertIn("A CPU &lt;3", self.html)

    def test_markdown_tables_have_as_many_cells_as_heads(self):
        text = markdown.render(self.RUN, "scripts/bench")
        self.assertIn("| `thrust` | cpu | f32 | 1000000 | 2.00 ms |", text)
        width = 0
        for line in text.split("\n"):
            cells = len(re.findall(r"(?<!\\)\|", line))
            self.assertTrue(width == 0 or cells in (0, width), line)
            width = cells


class Progress(unittest.TestCase):
    def test_ninja_estimate(self):
        reader = progress.Ninja(terminal=False, clock=lambda: 0.0)
        self.assertEqual(reader.feed("@1/4@10.0@ Building x"), "[1/4] 10 s, about 30 s left\n")
        self.assertEqual(reader.feed("@2/4@20.0@ Building y"), "")  # a log gets a line now and then
        self.assertEqual(reader.feed("error: no"), "error: no\n")
        self.assertEqual(reader.feed("@4/4@90.0@ Linking"), "[4/4] 1 min 30 s\n")

    def test_ctest_estimate(self):
        reader = progress.Ctest({"slow": 60.0, "quick": 2.0}, jobs=2)
        line = "1/3 Test  #1: quick ............   Passed    2.00 sec"
        self.assertEqual(reader.feed(line), line + "   about 31 s left\n")  # 60 known, 2 guessed, two at a time
        summary = "100% tests passed, 0 tests failed out of 3"
        self.assertEqual(reader.feed(summary), summary + "\n")


if __name__ == "__main__":
    unittest.main()
