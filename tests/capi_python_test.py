#!/usr/bin/env python3
"""python/lossbench, and through it the C ABI, on arrays of NumPy and, where it is installed, of PyTorch."""

import gc
import json
import os
import pathlib
import subprocess
import sys
import threading
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))
sys.dont_write_bytecode = True

import lossbench  # noqa: E402

try:
    import torch
except ImportError:
    torch = None

NUMPY_TYPES = {"f64": np.float64, "f32": np.float32, "f16": np.float16, "i32": np.int32, "i64": np.int64}
INVALID_ARGUMENT, INVALID_REQUEST, NO_DEVICE, FAILED = 1, 2, 3, 4


def run(call, **arguments):
    outputs = {output.name: np.full(output.shape, -1, NUMPY_TYPES[output.dtype]) for output in call.outputs}
    call.run(outputs, **arguments)
    return outputs


class WithNumPy(unittest.TestCase):
    def setUp(self):
        random = np.random.default_rng(7)
        self.x, self.y = random.standard_normal((2, 301)).astype(np.float32)

    def test_value_and_gradients(self):
        for dtype, accuracy in ((np.float64, 1e-12), (np.float32, 1e-6), (np.float16, 2e-3)):
            x, y = self.x.astype(dtype), self.y.astype(dtype)
            difference = x.astype(np.float64) - y.astype(np.float64)
            for variant, backend in ((None, "scalar"), ("fused", None)):
                call = lossbench.prepare("l2", {"input": x, "target": y}, variant=variant, backend=backend, gradients=["input", "target"])
                self.assertEqual((call.loss, call.pass_, call.backend), ("l2", "gradient", backend or "simt"))
                self.assertEqual([(output.name, output.shape) for output in call.outputs],
                                 [("loss", ()), ("grad_input", (301,)), ("grad_target", (301,))])
                outputs = run(call)
                np.testing.assert_allclose(outputs["loss"], np.mean(difference ** 2), rtol=min(accuracy, 1e-6))
                np.testing.assert_allclose(outputs["grad_input"], 2 * difference / 301, rtol=accuracy, atol=6e-8)
                np.testing.assert_array_equal(outputs["grad_target"], -outputs["grad_input"])

    def test_forward_alone(self):
        call = lossbench.prepare("l1", {"input": self.x, "target": self.y}, options={"reduction": "sum"})
        self.assertEqual([output.name for output in call.outputs], ["loss"])
        self.assertIn(call.backend, ("cpu", "scalar"))
        self.assertEqual(call.contract_bytes, 2 * 4 * 301 + 4)
        np.testing.assert_allclose(run(call)["loss"], np.abs(self.x.astype(float) - self.y).sum(), rtol=1e-6)

    def test_options_of_every_kind(self):
        logits, labels = self.x[:30].reshape(10, 3), np.arange(10, dtype=np.int32) % 3
        call = lossbench.prepare("softmax_cross_entropy", {"logits": logits, "target": labels}, backend="scalar",
                                 options={"label_smoothing": 0.25, "ignore_index": 2, "reduction": "none", "outputs": "log_sum_exp,argmax"})
        outputs = run(call)
        wide = logits.astype(float)
        sums = np.log(np.exp(wide).sum(1))
        terms = sums - 0.75 * wide[np.arange(10), labels] - 0.25 * wide.mean(1)
        np.testing.assert_allclose(outputs["loss"], np.where(labels == 2, 0, terms), rtol=1e-6)
        np.testing.assert_allclose(outputs["log_sum_exp"], sums, rtol=1e-6)
        np.testing.assert_array_equal(outputs["argmax"], wide.argmax(1))

    def test_strides(self):
        """Padded rows, and a weight that is repeated: on every backend as on the packed copies."""
        padded, labels = np.zeros((10, 7), np.float32), np.arange(10) % 3
        padded[:, 2:5] = self.x[:30].reshape(10, 3)
        repeated = np.lib.stride_tricks.as_strided(self.x[:3].copy(), (10, 3), (0, 4))
        target = (self.y[:30] > 0).astype(np.float32).reshape(10, 3)
        for backend in ("scalar", "simt"):
            results = [run(lossbench.prepare("softmax_cross_entropy", {"logits": rows, "target": labels}, backend=backend, gradients=True))
                       for rows in (padded[:, 2:5], padded[:, 2:5].copy())]
            np.testing.assert_array_equal(results[0]["grad_logits"], results[1]["grad_logits"])
            weighted = [run(lossbench.prepare("bce", {"logits": self.x[:30].reshape(10, 3), "target": target, "weight": weight}, backend=backend))
                        for weight in (repeated, repeated.copy())]
            np.testing.assert_allclose(weighted[0]["loss"], weighted[1]["loss"], rtol=1e-6)  # vector accesses add in another order
        with self.assertRaisesRegex(lossbench.Error, "'target' must be contiguous"):
            lossbench.prepare("l2", {"input": self.x[:10], "target": self.y[:20:2]})

    def test_empty_arrays(self):
        nothing = np.empty((0, 4), np.float32)
        for variant in (None, "fused"):
            outputs = run(lossbench.prepare("l2", {"input": nothing, "target": nothing}, variant=variant, gradients=True))
            self.assertTrue(np.isnan(outputs["loss"]))
            self.assertEqual(outputs["grad_input"].shape, (0, 4))

    def test_parameters_of_any_name(self):
        outputs = run(lossbench.prepare("structural_risk", {"input": self.x, "target": self.y, "param.w": self.x, "param.v": self.y}, gradients=True,
                                        options={"empirical": "l1", "lambda": 0.5, "empirical.reduction": "sum"}, backend="scalar"))
        np.testing.assert_allclose(outputs["empirical"], np.abs(self.x.astype(float) - self.y).sum(), rtol=1e-6)
        np.testing.assert_allclose(outputs["grad_param.v"], 0.5 * self.y, rtol=1e-6)

    def test_a_workspace_of_the_caller(self):
        call = lossbench.prepare("l2", {"input": self.x, "target": self.y}, variant="single_pass")
        memory = np.zeros(call.workspace_bytes + 256, np.uint8)
        start = -memory.ctypes.data % 256
        loss = run(call)["loss"]
        for _ in range(2):
            np.testing.assert_array_equal(run(call, workspace=memory[start:start + call.workspace_bytes])["loss"], loss)
        with self.assertRaisesRegex(lossbench.Error, "this call needs"):
            run(call, workspace=memory[start:start + call.workspace_bytes - 1])

    def test_a_call_keeps_its_inputs(self):
        call = lossbench.prepare("l2", {"input": self.x.copy(), "target": self.y.copy()}, backend="scalar")
        gc.collect()
        np.full((64, 301), np.nan, np.float32)  # what would take the place of freed memory
        np.testing.assert_allclose(run(call)["loss"], np.mean((self.x.astype(float) - self.y) ** 2), rtol=1e-6)

    def test_threads(self):
        """Calls of several threads do not disturb each other, and each thread has its own last error."""
        found = {}

        def work(name):
            call = lossbench.prepare("l2", {"input": self.x, "target": self.y}, variant="single_pass")
            results = {run(call)["loss"].tobytes() for _ in range(20)}
            try:
                lossbench.prepare(name, {})
            except lossbench.Error as refusal:
                found[name] = (results, str(refusal))

        threads = [threading.Thread(target=work, args=(f"loss{index}",)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len({results.pop() for results, _ in found.values()}), 1)
        for name, (_, message) in found.items():
            self.assertIn(f"'{name}'", message)

    def test_the_reference_waits_for_nobody(self):
        """A hundred short calls are done before twenty long ones; taking turns with them, they would not be."""
        x = np.resize(self.x, 1 << 18)
        long, short = [lossbench.prepare("bce", {"logits": part, "target": np.abs(np.sign(part))}, backend="scalar") for part in (x, x[:8])]
        begun, done = threading.Event(), {long: 0, short: 0}

        def work():
            while done[long] < 20 and done[short] < 100:
                begun.set()
                run(long)
                done[long] += 1

        thread = threading.Thread(target=work)
        thread.start()
        begun.wait()
        while thread.is_alive() and done[short] < 100:
            run(short)
            done[short] += 1
        thread.join()
        self.assertLess(done[long], 20)

    def test_refusals(self):
        """The status and the culprit; the C test has every kind of them."""
        x, y = self.x, self.y
        for status, naming, arguments in [
            (INVALID_REQUEST, "unknown loss 'l7'", dict(loss="l7", inputs={})),
            (INVALID_REQUEST, "unknown option 'gamma'", dict(loss="l2", inputs={"input": x, "target": y}, options={"gamma": 2})),
            (INVALID_REQUEST, "'target' is missing", dict(loss="l2", inputs={"input": x})),
            (INVALID_REQUEST, "it must be [301]", dict(loss="l2", inputs={"input": x, "target": y[:5]})),
            (INVALID_REQUEST, "the problem's dtype is f32", dict(loss="l2", inputs={"input": x, "target": y.astype(np.float64)})),
            (INVALID_REQUEST, "complex", dict(loss="l2", inputs={"input": x, "target": y.astype(np.complex64)})),
            (INVALID_REQUEST, "is 3 at index 1", dict(loss="nll", inputs={"log_probs": x[:6].reshape(2, 3), "target": np.array([0, 3])})),
            (INVALID_REQUEST, "labels are i32 or i64", dict(loss="nll", inputs={"log_probs": x[:6].reshape(2, 3), "target": y[:2]})),
            (INVALID_ARGUMENT, "the tensor is a null pointer", dict(loss="l2", inputs={"input": x, "target": None})),
        ]:
            with self.subTest(naming=naming), self.assertRaises(lossbench.Error) as caught:
                lossbench.prepare(**arguments)
            self.assertEqual(caught.exception.status, status)
            self.assertIn(naming, str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))
        with self.assertRaisesRegex(TypeError, "input 'target' is a list"):
            lossbench.prepare("l2", {"input": x, "target": [1, 2]})

    def test_no_device(self):
        built = lossbench.listing()["cuda"]
        if built["device"]:
            self.skipTest("there is a device")
        with self.assertRaises(lossbench.Error) as caught:
            lossbench.prepare("l2", {"input": self.x, "target": self.y}, backend="cuda")
        self.assertEqual(caught.exception.status, NO_DEVICE)

    def test_what_does_not_fit_the_call(self):
        call = lossbench.prepare("l2", {"input": self.x, "target": self.y})
        for outputs in ({}, {"loss": np.empty(1, np.float32)}, {"loss": np.empty((), np.float64)}, {"loss": None}):
            with self.assertRaises(lossbench.Error) as caught:
                call.run(outputs)
            self.assertEqual(caught.exception.status, INVALID_ARGUMENT)


@unittest.skipUnless(torch, "PyTorch is not installed for this Python")
class WithTorch(unittest.TestCase):
    def test_cross_entropy_as_pytorch_has_it(self):
        torch.manual_seed(7)
        logits, labels = 3 * torch.randn(33, 50), torch.randint(50, (33,))
        for dtype, accuracy in ((torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 2.0 ** -7)):
            x = logits.to(dtype)
            wide = x.double().clone().requires_grad_()
            expected = torch.nn.functional.cross_entropy(wide, labels, label_smoothing=0.1)
            expected.backward()
            for backend in ("scalar", "simt"):
                call = lossbench.prepare("softmax_cross_entropy", {"logits": x, "target": labels}, backend=backend, gradients=True,
                                         options={"label_smoothing": 0.1})
                loss, gradient = torch.empty((), dtype=torch.float64 if dtype is torch.float64 else torch.float32), torch.empty_like(x)
                call.run({"loss": loss, "grad_logits": gradient})
                self.assertTrue(abs(loss.double() - expected.detach()) <= min(accuracy, 1e-5) * expected.detach())
                error = (gradient.double() - wide.grad).abs()
                self.assertTrue(bool((error <= accuracy * wide.grad.abs() + 1e-6 * wide.grad.abs().max()).all()), (dtype, backend))

    def test_a_tensor_that_records(self):
        x = torch.randn(5, requires_grad=True)
        with self.assertRaisesRegex(Exception, "requires_grad|require gradient"):
            lossbench.prepare("l2", {"input": x, "target": x.detach()})


class Library(unittest.TestCase):
    path = os.environ.get("LOSSBENCH_LIBRARY", "")

    def output(self, *command):
        return subprocess.run([*command, self.path], check=True, capture_output=True, text=True).stdout

    def test_nothing_else_is_exported(self):
        names = [line.split()[-1].split("@")[0] for line in self.output("nm", "-D", "--defined-only").splitlines()]
        exported = sorted(name for name in names if name != "LOSSBENCH_1")
        header = (ROOT / "capi" / "lossbench.h").read_text(encoding="utf-8")
        self.assertTrue(exported)
        for name in exported:
            self.assertTrue(name.startswith("lossbench_"), name)
            self.assertRegex(header, rf"\b{name}\(")
        self.assertEqual(len(exported), header.count("\nLOSSBENCH_API "))

    def test_its_name_has_the_abi_version(self):
        self.assertIn("liblossbench.so.1]", self.output("readelf", "-d"))

    def test_it_needs_neither_the_program_s_libraries_nor_google_benchmark(self):
        needed = self.output("readelf", "-d")
        for name in ("benchmark", "CLI11", "gtest"):
            self.assertNotIn(name, needed)

    def test_the_list_is_the_program_s(self):
        printed = subprocess.run([os.environ["LOSSBENCH"], "list", "--json"], check=True, capture_output=True, text=True).stdout
        self.assertEqual(lossbench.listing(), json.loads(printed))

    def test_a_library_that_is_not_there(self):
        code = "import lossbench; lossbench.load('/nowhere/liblossbench.so')"
        done = subprocess.run([sys.executable, "-B", "-c", code], cwd=ROOT / "python", capture_output=True, text=True)
        self.assertIn("LOSSBENCH_LIBRARY", done.stderr)


class Example(unittest.TestCase):
    def test_the_example_of_the_documentation_runs(self):
        done = subprocess.run([sys.executable, "-B", str(ROOT / "docs/examples/logistic.py")], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(ROOT / "python")})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("invalid request: logistic: input 'target' has shape [2]", done.stdout)


if __name__ == "__main__":
    unittest.main()
