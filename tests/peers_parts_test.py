#!/usr/bin/env python3
"""The parts of scripts/peers that need no library: the budget, the comparison, the data, the statistics, the tables."""

import json
import math
import pathlib
import statistics
import sys
import types
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "python")]
sys.dont_write_bytecode = True

from peers_lib.budget import Budget  # noqa: E402
from peers_lib import data, formulas, gate, measure, problems, record, summary, table, torch_functions  # noqa: E402
from report_lib import records  # noqa: E402
from report_lib import peers as report_peers  # noqa: E402

PROBLEM = problems.Problem("l2", "gradient", "f32", (4099,))


class SharedTime(unittest.TestCase):
    """A machine on which a contender takes `untimed` seconds beside its timing, and uses `share` of what it may."""

    def spend(self, limit, groups, untimed, share=1.0):
        now, timed, given = 0.0, 0.0, []
        plan = Budget(limit, 0.4, groups, lambda: now)
        for entrants in groups:
            seconds = plan.next(timed)
            given.append(seconds)
            if seconds is not None:
                timed += entrants * share * seconds
                now += entrants * (untimed + share * seconds)
        return given, now

    def test_without_a_limit_everybody_gets_all_they_may(self):
        self.assertEqual(self.spend(math.inf, [4, 4, 40], 5)[0], [0.4] * 3)

    def test_short_time_is_shared_and_kept_to(self):
        for limit in (20, 40, 60):
            for untimed in (0.1, 0.4, 0.7):
                for share in (0.2, 1.0):
                    given, spent = self.spend(limit, [6] * 10, untimed, share)
                    self.assertLessEqual(spent, limit)
                    if 60 * (untimed + 0.02) < 0.8 * limit:
                        self.assertNotIn(None, given, (limit, untimed))

    def test_a_small_group_still_fits_after_a_large_one_did_not(self):
        given, _ = self.spend(10, [4, 400, 4], 0.3)
        self.assertIsNone(given[1])
        self.assertIsNotNone(given[2])


class Gate(unittest.TestCase):
    def passes(self, value, dtype):
        return gate.compare({"loss": value}, gate.Reference({"loss": np.array(1.0)}, 1.0), dtype).passed

    def test_tolerance_is_that_of_the_type(self):
        for type_, dtype, step, inside in ((np.float32, "f32", 2.0 ** -23, 92),   # 92 steps are 1.097e-5, 93 are 1.109e-5; 1.1e-5 is allowed
                                           (np.float16, "f16", 2.0 ** -10, 1), (np.float64, "f64", 2.0 ** -40, 109),  # 9.9e-11 and 1.0004e-10
                                           (np.float32, "f16", 2.0 ** -23, 92), (np.float64, "f32", 2.0 ** -23, 92)):
            with self.subTest(type_=type_, dtype=dtype):
                self.assertTrue(self.passes(type_(1 + inside * step), dtype))
                self.assertFalse(self.passes(type_(1 + (inside + 1) * step), dtype))

    def test_the_worst_element_is_found_wherever_it_is(self):
        want = np.linspace(1, 2, 3 * gate.BLOCK).reshape(3, -1)
        for index, error, ratio in (((0, 0), 1e-3, 1), ((1, gate.BLOCK - 1), 1e-2, 10), ((2, gate.BLOCK - 1), np.nan, np.inf)):
            for type_ in (np.float32, np.float64):
                got = want.astype(type_)
                got[0, 7] *= 1 + 1e-4
                got[index] += error
                worst = gate.compare({"grad_x": got}, gate.Reference({"grad_x": want}, 0.0), "f32")
                self.assertIn(f"grad_x[{index[0]}, {index[1]}] is ", worst.where)
                allowed = 1e-5 * want[index] + 1e-6 * 2
                self.assertAlmostEqual(worst.bound / allowed, 1, places=6)
                self.assertTrue(worst.ratio == np.inf if np.isinf(ratio) else abs(worst.ratio / (error / allowed) - 1) < 1e-2, worst)
                self.assertFalse(worst.passed)

    def test_infinite_and_missing_results(self):
        want = gate.Reference({"loss": np.array(1.0), "grad_x": np.ones(5)}, 1.0)
        right = {"loss": np.float32(1), "grad_x": np.ones(5, np.float32)}
        self.assertTrue(gate.compare(right, want, "f32").passed)
        for spoilt in ({**right, "loss": np.float32("inf")}, {**right, "grad_x": np.array([1, 1, 1, np.nan, 1], np.float32)},
                       {"loss": np.float32(1)}, {**right, "grad_x": np.ones(4, np.float32)}):
            self.assertFalse(gate.compare(spoilt, want, "f32").passed)

    def test_shapes_and_empty_arrays(self):
        self.assertFalse(gate.compare({"loss": np.zeros(2, np.float32)}, gate.Reference({"loss": np.zeros(())}, 0.0), "f32").passed)
        self.assertTrue(gate.compare({"grad_x": np.zeros(0, np.float32)}, gate.Reference({"grad_x": np.zeros(0)}, 0.0), "f32").passed)


class Summary(unittest.TestCase):
    def test_medians(self):
        self.assertEqual(summary.repetition_medians(list(range(18)), 9), [0.5 + 2 * k for k in range(9)])
        self.assertEqual(summary.repetition_medians([3, 1], 9), [3, 1])
        self.assertAlmostEqual(summary.uncertainty([1, 2, 3, 4, 5]), 1.57 * 2 / math.sqrt(5) / 3)
        self.assertEqual(summary.quantile([4, 1, 3, 2], 0.5), 2.5)

    def test_best_of_ours_is_not_the_reference(self):
        def result(name, seconds, peer=False, backend="cpu", failure=""):
            made = measure.Result(PROBLEM, types.SimpleNamespace(name=name, peer=peer, backend=backend, label=""), gate.Error(), failure)
            made.samples = [seconds] * 3
            return made

        all_of_them = [result("scalar", 1e-6, backend="scalar"), result("wrong", 1e-5, failure="no"), result("fast", 1e-4), result("torch", 3e-4, True)]
        self.assertEqual(table.best_of(all_of_them).contender.name, "fast")
        self.assertRegex(table.ratios(all_of_them, ["torch"]), r"fast +3\.00x$")


class Pairs(unittest.TestCase):
    """The machine becomes half as fast after three rounds. The peer, three times as slow as ours, has had enough by then."""

    ours, theirs = [1e-3] * 3 + [2e-3] * 7, [3e-3] * 3

    def result(self, name, peer, samples):
        contender = types.SimpleNamespace(name=name, peer=peer, backend="cpu")
        return measure.Result(PROBLEM, contender, gate.Error(), samples=samples, contract_bytes=1)

    def both(self):
        return [self.result("fast", False, self.ours), self.result("torch", True, self.theirs)]

    def test_a_ratio_is_formed_within_rounds(self):
        self.assertEqual(summary.ratios_within_rounds([4, 9, 1], [2, 3]), [2, 3])
        self.assertEqual(statistics.median(self.theirs) / statistics.median(self.ours), 1.5)  # which is what it must not be
        self.assertRegex(table.ratios(self.both(), ["torch"]), r"fast +3\.00x$")

    def duel(self, without=""):
        document = record.document({"version_torch": "9.8"}, self.both())
        for line in document["benchmarks"]:
            if f"/{without}/" in line["name"]:
                line.pop("round_times", None)
        return report_peers.duels(records.parse(json.dumps(document)), "l2", "gradient")["torch"]

    def test_the_report_forms_it_too(self):
        duel = self.duel()
        self.assertAlmostEqual(duel.ratio, 3)
        self.assertLess(duel.known_to, 1e-9)  # within a round nothing varies
        self.assertTrue(duel.ours_is_faster)

    def test_records_without_rounds_have_the_ratio_of_medians(self):
        for one in ("fast", "torch"):
            duel = self.duel(without=one)
            self.assertAlmostEqual(duel.ratio, 1.5)
            self.assertGreater(duel.known_to, 0.1)


class Data(unittest.TestCase):
    def made(self, loss, options={}, elements=4096, rows=False):
        shape = (elements // 1000, 1000) if rows else (elements,)
        return data.make(problems.Problem(loss, "gradient", "f32", shape, options), 1, 0)

    def test_every_loss_has_data_and_functions(self):
        torch = types.SimpleNamespace(nn=types.SimpleNamespace(functional=None))
        for entry in problems.ENTRIES:
            form = problems.Problem(entry.loss, "forward", "f32", (1,), entry.options).form
            self.assertIn(form, data.HEAVY)
            self.assertIn(form, torch_functions.functions(torch))
            self.assertIsNotNone(formulas.value(form), form)
            self.assertEqual(formulas.gradient(form) is not None, "gradient" in entry.passes, form)
        named = [problem.name("x", "cpu") for problem in problems.default_workload(4096, ["f32"], "cpu")]
        self.assertEqual(len(set(named)), len(named))
        self.assertIn("hinge/x/cpu/gradient/f32/4x1000/variant=weston_watkins", named)

    def test_shapes_are_those_of_the_program_on_a_host(self):
        shapes = {problem.shape_text for problem in problems.default_workload(problems.HOST_ELEMENTS, ["f32"], "cpu")}
        self.assertEqual(shapes, {"4194304", "4096x1000"})
        self.assertIn((16384, 1024), {problem.shape for problem in problems.default_workload(problems.DEVICE_ELEMENTS, ["f32"], "cuda")})

    def test_probabilities_are_certain_where_they_are_right(self):
        s = self.made("bce", {"input": "probs"})
        p, y = s["probs"], s["target"]
        self.assertTrue(((0 <= p) & (p <= 1) & (0 <= y) & (y <= 1)).all())
        for certain in (0.0, 1.0):
            self.assertTrue((p == certain).any())
            self.assertTrue((y[p == certain] == certain).all())

    def test_both_bounds_of_the_log_loss_are_reached(self):
        s = self.made("log_loss", {"eps": "1e-7"}, 100000, rows=True)
        own = s["probs"][np.arange(100), s["target"]]
        self.assertTrue((own == 0).any() and (own == 1).any() and ((own > 0.1) & (own < 0.9)).any())
        np.testing.assert_allclose(s["probs"].sum(-1), 1)

    def test_small_variances_come_with_small_differences(self):
        s = self.made("gaussian_nll")
        small = s["var"] < 1e-6
        self.assertTrue(0.05 < small.mean() < 0.15 and (s["var"] >= 0).all())
        self.assertLess(np.abs(s["input"] - s["target"])[small].max(), 1e-5)

    def test_no_score_is_rounded_to_the_corner_of_a_hinge(self):
        for loss, name in (("hinge", "scores"), ("hinge_embedding", "input")):
            values = self.made(loss, elements=1 << 16)[name]
            self.assertFalse((np.abs(values.astype(np.float16)) == 1).any())
            self.assertTrue((np.abs(values) < 1).any() and (np.abs(values) > 1).any())

    def test_three_decisions_in_four_are_right(self):
        s = self.made("zero_one", {"mode": "argmax"}, 400000, rows=True)
        self.assertTrue(0.65 < (s["scores"].argmax(-1) == s["target"]).mean() < 0.85)


if __name__ == "__main__":
    unittest.main()
