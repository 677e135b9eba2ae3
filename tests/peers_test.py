#!/usr/bin/env python3
"""scripts/peers at tiny sizes, with PyTorch where some Python here has it and without; and its parts on what they must catch."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "python")]
sys.dont_write_bytecode = True

from peers_lib import __main__ as program  # noqa: E402
from peers_lib import array_peers, arrays, clocks, contenders, data, gate, group, measure, peers, problems, record  # noqa: E402
from report_lib import records  # noqa: E402


def has(python, module):
    return python and subprocess.run([python, "-c", f"import {module}, numpy"], capture_output=True).returncode == 0


TORCH_PYTHON = next((python for python in (sys.executable, "/usr/bin/python3", shutil.which("python3")) if has(python, "torch")), None)


class Script(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name) / "peers.json"

    def peers(self, *words, python=sys.executable):
        return subprocess.run([ROOT / "scripts" / "peers", "--python", python, "--threads", "1", *words], capture_output=True, text=True,
                              timeout=120, cwd=self.out.parent)

    def measured(self, *words, python=sys.executable):
        done = self.peers("--seconds", "0.001", "--sets", "2", "--out", self.out.name, *words, python=python)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual([path.name for path in self.out.parent.iterdir()], [self.out.name])
        return done.stdout, records.read(self.out)

    def check_run(self, run):
        self.assertTrue(run.cases)
        for case in run.cases:
            self.assertEqual(case.failure, "", case)
            self.assertEqual(len(case.seconds), record.REPETITIONS)
            self.assertTrue(case.time > 0 and case.gb_per_s > 0)
            self.assertTrue(case.within_bound, case)
            self.assertEqual(case.counters.get("peer", 0), int(case.variant in peers.NAMES), case)

    def check_every_loss(self, run, *variants):
        timed = {(case.loss, case.options, case.variant, case.pass_) for case in run.cases}
        for entry in problems.ENTRIES:
            options = ",".join(f"{name}={value}" for name, value in entry.options.items())
            for variant in variants:
                for pass_ in problems.PASSES:
                    self.assertEqual((entry.loss, options, variant, pass_) in timed, pass_ in entry.passes, (entry, variant, pass_))

    def test_every_loss_without_pytorch(self):
        text, run = self.measured("--elements", "1024", "--peers", "numpy,jax,quack,liger", "--variant", "*")
        self.check_run(run)
        self.check_every_loss(run, "scalar", "numpy")
        self.assertEqual(run.context["version_numpy"], np.__version__)
        self.assertEqual(run.context["executable"], "scripts/peers")
        self.assertIn("skipped: quack: not installed" if not has(sys.executable, "quack") else "quack", text)
        self.assertRegex(text, r"(?m)^l2 forward f32 1024 +\S+( +[\d.]+x\*?)+$")
        self.assertRegex(text, r"(?m)^bce gradient f32 1024 input=probs +\S+( +[\d.]+x\*?)+$")

    @unittest.skipUnless(TORCH_PYTHON, "no Python here has PyTorch")
    def test_every_loss_with_pytorch(self):
        text, run = self.measured("--elements", "1024", "--peers", "torch", python=TORCH_PYTHON)
        self.check_run(run)
        self.check_every_loss(run, "torch")
        self.assertFalse(any(case.backend == "scalar" for case in run.cases))  # it is timed where it is asked for
        self.assertIn("version_torch", run.context)
        self.assertRegex(text, r"our best +torch")

    @unittest.skipUnless(TORCH_PYTHON, "no Python here has PyTorch")
    def test_bf16_with_pytorch(self):
        losses = ("l1", "huber", "bce", "softmax_cross_entropy")
        _, run = self.measured("--loss", ",".join(losses), "--elements", "1024", "--dtype", "bf16", "--peers", "torch,numpy", "--variant", "scalar",
                               python=TORCH_PYTHON)
        self.check_run(records.Run(run.context, [case for case in run.cases if case.variant == "scalar"]))
        timed = {(case.loss, case.variant, case.pass_) for case in run.cases}
        for loss in losses:
            for pass_ in problems.PASSES:
                self.assertIn((loss, "torch", pass_), timed)  # right or wrong: that is the version's affair
                self.assertIn((loss, "scalar", pass_), timed)
        self.assertFalse(any(case.variant == "numpy" for case in run.cases))

    def test_kernelbench(self):
        text, run = self.measured("--workload", "kernelbench", "--elements", "3000", "--peers", "numpy")
        self.check_run(run)
        numbers = {option for case in run.cases for option in case.options.split(",") if option.startswith("kernelbench")}
        self.assertEqual(numbers, {f"kernelbench={number}" for number in (94, 95, 96, 98, 99, 100)})
        self.assertEqual({option for case in run.cases for option in case.options.split(",") if option.startswith("data")},
                         {"data=published", "data=heavy"})
        self.assertIn("scaled from 32768x32768", text)

    def test_the_program_compares_its_records(self):
        _, run = self.measured("--loss", "l2", "--elements", "1024", "--peers", "numpy", "--variant", "*")
        done = subprocess.run([os.environ["LOSSBENCH"], "compare", self.out, self.out], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        for variant in ("numpy", "scalar"):
            self.assertIn(f"l2/{variant}/", done.stdout)

    def test_what_the_budget_has_no_time_for_is_named(self):
        text, run = self.measured("--loss", "l2,huber", "--elements", "1024", "--peers", "numpy", "--budget", "0.1s")
        self.assertEqual(run.cases, [])
        self.assertIn("the budget of 0.1s left no time for l2 forward f32 1024, ", text)
        self.assertIn("huber/*/cpu/gradient/f32/1024", run.context["dropped"].split())

    def test_bad_input(self):
        for words, naming in [
            (["--loss", "l3"], "--loss 'l3' matches nothing; accepted: l1, l2"),
            (["--pass", "backward"], "forward, gradient"),
            (["--dtype", "f8"], "f32, f64, f16, bf16"),
            (["--peers", "tensorflow"], "torch, torch_compile, liger, quack, jax, numpy"),
            (["--variant", "fastest"], "--variant 'fastest'"),
            (["--workload", "mlperf"], "mlperf"),
            (["--elements", "0"], "--elements 0"),
            (["--elements", "many"], "--elements"),
            (["--seconds", "nan"], "--seconds"),
            (["--budget", "soon"], "--budget 'soon'"),
            (["--budget", "0s"], "--budget '0s'"),
            (["--threads", "0"], "--threads"),
            (["--sets", "0"], "--sets 0"),
            (["--out", "/nowhere/x.json"], "/nowhere/x.json"),
            (["--frobnicate"], "--frobnicate"),
        ] + ([] if has(sys.executable, "torch") else [(["--dtype", "bf16"], "PyTorch"),
                                                      (["--device", "cuda"], "--device cuda: PyTorch is not installed")]):
            with self.subTest(words=words), self.assertRaises(program.BadInput) as caught:
                program.run(words)
            self.assertIn(naming, str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))
        done = self.peers("--loss", "l3")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
        done = self.peers("--python", "/nowhere/python", python=sys.executable)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/python", done.stderr)

    def test_help(self):
        done = self.peers("--help")
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("--install", "--workload", "--elements", "kernelbench"):
            self.assertIn(word, done.stdout)


class Wrong(array_peers.NumPy):
    """NumPy, spoilt in one way."""

    def __init__(self, name, spoil):
        super().__init__()
        self.name, self.spoil = name, spoil

    def prepare(self, problem, inputs, gradients):
        compute = super().prepare(problem, inputs, gradients)
        return lambda: self.spoil(compute(), inputs)


def one_gradient_off(outputs, _):
    gradient = outputs["grad_input"]
    gradient[np.abs(gradient).argmax()] *= 1.1
    return outputs


def one_gradient_rough(outputs, _):
    gradient = outputs["grad_input"]
    gradient[np.abs(gradient).argmax()] *= 1.001
    return outputs


def not_a_number(outputs, _):
    return {**outputs, "loss": np.float32("nan")}


def spoil_inputs(outputs, inputs):
    inputs.numpy()["target"][3] += 1
    return outputs


def fail(outputs, _):
    raise RuntimeError("out of luck\nand more")


class Measuring(unittest.TestCase):
    problem = problems.Problem("l2", "gradient", "f32", (4099,), {})

    def results(self, *entrants, problem=None):
        settings = measure.Settings(None, "cpu", clocks.HostClock(), list(entrants), 0.005, 1, 1 << 10, None, lambda line: None)
        return {result.contender.name: result for result in measure.measure([problem or self.problem], settings, {})}

    def test_who_is_wrong_is_named_and_not_timed(self):
        for spoil, naming in ((one_gradient_off, "misses its tolerance: grad_input["), (not_a_number, "misses its tolerance: loss is nan"),
                              (lambda outputs, _: {"loss": outputs["loss"]}, "grad_input is missing"),
                              (spoil_inputs, "changes its inputs"), (fail, "RuntimeError: out of luck")):
            with self.subTest(naming=naming):
                result = self.results(Wrong("wrong", spoil))["wrong"]
                self.assertIn(naming, result.failure)
                self.assertEqual(result.samples, [])
                entry, = record.entries(result, 0)
                self.assertTrue(entry["error_occurred"])
                self.assertEqual((entry["peer"], entry["error_message"]), (1, result.failure))

    def test_a_peer_that_is_less_exact_is_timed_and_marked(self):
        result = self.results(Wrong("rough", one_gradient_rough))["rough"]
        self.assertEqual((result.failure, result.inexact), ("", True))
        self.assertTrue(50 < result.error.ratio < 150, result.error)  # 1e-3 of the largest gradient, where 1.1e-5 of it are allowed
        read = records.parse(json.dumps(record.document({}, [result]))).cases[0]
        self.assertEqual((read.failed, read.caveats[0]), (False, "inexact"))
        ours = Wrong("ours", one_gradient_rough)
        ours.peer = False
        self.assertIn("misses its tolerance", self.results(ours)["ours"].failure)

    def test_what_a_reader_must_know_is_recorded(self):
        class Labelled(array_peers.NumPy):
            def label_of(self, problem):
                return f"a copy for the {problem.pass_}"

        for pass_ in problems.PASSES:
            problem = problems.Problem("l2", pass_, "f32", (4099,), note="scaled")
            entry, *_ = record.entries(self.results(Labelled(), problem=problem)["numpy"], 0)
            self.assertEqual(entry["label"], f"a copy for the {pass_}; scaled")

    def test_who_changes_inputs_harms_nobody_else(self):
        results = self.results(Wrong("wrong", spoil_inputs), array_peers.NumPy())
        self.assertEqual((results["wrong"].failure, results["numpy"].failure), ("changes its inputs", ""))

    def test_who_becomes_wrong_later_has_no_figure(self):
        calls = []

        def later(outputs, inputs):
            calls.append(1)
            return one_gradient_off(outputs, inputs) if len(calls) > 10 else outputs

        result = self.results(Wrong("wrong", later))["wrong"]
        self.assertTrue(result.samples)
        self.assertIn("misses its tolerance", result.failure)
        self.assertEqual(len(record.entries(result, 0)), 1)

    def test_ours_must_write_every_output(self):
        class Lazy(contenders.Contender):
            name, peer = "lazy", False

            def prepare(self, problem, inputs, gradients):
                outputs = {}

                def compute():
                    if not outputs:
                        outputs.update({name: np.array(value, np.float32) for name, value in gate.reference(problem, inputs.wide()).outputs.items()})
                    return outputs

                return compute

        self.assertIn("misses its tolerance", self.results(Lazy())["lazy"].failure)

    def test_a_change_of_any_bit_is_seen_and_mended(self):
        inputs = arrays.InputSet({"input": np.array([0.0, 1.0, np.nan]), "target": np.array([3, 4])}, "f16", None, "cpu")
        self.assertFalse(inputs.changed())
        for name, value in (("input", -0.0), ("target", 5)):
            inputs.numpy()[name][0] = value
            self.assertTrue(inputs.changed())
            inputs.restore()
            self.assertFalse(inputs.changed())

    def test_the_right_ones_are_timed_on_all_sets(self):
        result = self.results(array_peers.NumPy())["numpy"]
        self.assertEqual(result.failure, "")
        self.assertGreaterEqual(len(result.samples), measure.FEWEST)
        self.assertEqual(result.sets, 2)
        self.assertTrue(0 < result.error.ratio <= 1)
        self.assertEqual(result.contract_bytes, 3 * 4 * 4099 + 4)

    def test_sets_fill_the_cache(self):
        self.assertEqual(group.sets_for(16 << 20, 32 << 20), 8)
        self.assertEqual(group.sets_for(1 << 10, 32 << 20), group.MOST_SETS)
        self.assertEqual(group.sets_for(1 << 30, 32 << 20), 2)

    def test_data_are_the_same_for_both_passes_and_differ_between_sets(self):
        forward = problems.Problem("l2", "forward", "f32", (4099,), {})
        make = data.make
        np.testing.assert_array_equal(make(forward, 1, 0)["input"], make(self.problem, 1, 0)["input"])
        self.assertFalse((make(forward, 1, 0)["input"] == make(forward, 1, 1)["input"]).any())


if __name__ == "__main__":
    unittest.main()
