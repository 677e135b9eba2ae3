"""The program as users see it: `eval` on arrays, its refusals, `list`, `run`, `validate`.

Run with LOSSBENCH=<program> or --binary <program>. Expected values are worked out here with NumPy in double.
"""

import json
import math
import os
import unittest

import numpy as np

from program import WithFolder, lossbench, main

RNG = np.random.default_rng(7)


class Eval(WithFolder):
    def setUp(self):
        super().setUp()
        self.x = RNG.normal(size=(5, 7)).astype(np.float32)
        self.y = RNG.normal(size=(5, 7)).astype(np.float32)
        self.pair = {"input": self.x, "target": self.y}
        self.d = self.x.astype(np.float64) - self.y

    def test_the_object(self):
        result = self.evaluate("l2", self.pair, "--grad=input", "--out", self.out)
        self.assertEqual(list(result), ["loss_name", "variant", "backend", "dtype", "outputs"])
        self.assertEqual(result["loss_name"], "l2")
        self.assertEqual(result["dtype"], "f32")
        self.assertEqual(list(result["outputs"]), ["loss", "grad_input"])
        self.assertEqual(result["outputs"]["grad_input"], {"file": str(self.out / "grad_input.npy"), "shape": [5, 7]})
        gradient = np.load(self.out / "grad_input.npy")
        self.assertEqual(gradient.dtype, np.float32)
        np.testing.assert_allclose(gradient, 2 * self.d / 35, rtol=1e-5)
        self.assertAlmostEqual(result["outputs"]["loss"]["value"], np.mean(self.d**2), delta=1e-5)
        self.assertEqual(os.listdir(self.out), ["grad_input.npy"])

    def test_every_backend_agrees(self):
        for backend in ["scalar", "simt"]:
            result = self.evaluate("l1", self.pair, "--backend", backend, "--opt", "reduction=sum")
            self.assertEqual(result["backend"], backend)
            self.assertAlmostEqual(result["outputs"]["loss"]["value"], np.abs(self.d).sum(), delta=1e-4)

    def test_scalar_answers_in_double(self):
        text = lossbench(*self.arguments("l2", self.pair, "--backend", "scalar")).stdout
        self.assertLess(abs(json.loads(text)["outputs"]["loss"]["value"] - np.mean(self.d**2)), 1e-14)
        self.assertRegex(text, r'"value": \d\.\d{15,17}\b')

    def test_inputs_are_rounded_once_to_the_dtype(self):
        wide = {"input": self.x.astype(np.float64) + 1e-9, "target": self.y.astype(np.float64)}
        for dtype, rounded in [("f32", lambda a: a.astype(np.float32)), ("f16", lambda a: a.astype(np.float16)), ("f64", lambda a: a)]:
            value = self.evaluate("l2", wide, "--backend", "scalar", "--dtype", dtype)["outputs"]["loss"]["value"]
            d = rounded(wide["input"]).astype(np.float64) - rounded(wide["target"]).astype(np.float64)
            self.assertLess(abs(value - np.mean(d**2)), 1e-13, dtype)

    def test_bf16_is_written_as_f4(self):
        self.evaluate("l2", self.pair, "--dtype", "bf16", "--grad", "--out", self.out)
        gradient = np.load(self.out / "grad_input.npy")
        self.assertEqual(gradient.dtype, np.float32)
        self.assertTrue((gradient.view(np.uint32) & 0xFFFF == 0).all())
        np.testing.assert_allclose(gradient, 2 * self.d / 35, rtol=0.02, atol=1e-3)

    def test_f16_gradient_is_f2(self):
        self.evaluate("l2", self.pair, "--dtype", "f16", "--grad=input", "--out", self.out)
        self.assertEqual(np.load(self.out / "grad_input.npy").dtype, np.float16)

    def test_bare_grad_gives_every_gradient_and_eats_no_argument(self):
        result = lossbench("eval", "--grad", "l2", *self.arguments("", self.pair, "--out", self.out)[2:])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(list(json.loads(result.stdout)["outputs"]), ["loss", "grad_input", "grad_target"])
        np.testing.assert_allclose(np.load(self.out / "grad_target.npy"), -2 * self.d / 35, rtol=1e-5)

    def test_reduction_none_and_upstream_gradient(self):
        upstream = RNG.normal(size=(5, 7))
        self.evaluate("l2", {**self.pair, "grad_output": upstream}, "--opt", "reduction=none", "--grad=input", "--out", self.out)
        np.testing.assert_allclose(np.load(self.out / "loss.npy"), self.d**2, rtol=1e-5)
        np.testing.assert_allclose(np.load(self.out / "grad_input.npy"), 2 * self.d * upstream, rtol=1e-5)

    def test_scalar_upstream_gradient(self):
        self.evaluate("l2", {**self.pair, "grad_output": np.array(-3.0)}, "--grad=input", "--out", self.out)
        np.testing.assert_allclose(np.load(self.out / "grad_input.npy"), -6 * self.d / 35, rtol=1e-5)

    def test_sigma_is_beta(self):
        by_sigma = self.evaluate("smooth_l1", self.pair, "--opt", "sigma=2", "--backend", "scalar")["outputs"]["loss"]["value"]
        by_beta = self.evaluate("smooth_l1", self.pair, "--opt", "beta=0.25", "--backend", "scalar")["outputs"]["loss"]["value"]
        self.assertEqual(by_sigma, by_beta)

    def test_integer_signs(self):
        scores, signs = self.x.ravel(), np.where(self.y.ravel() > 0, 1, -1)
        expected = np.mean(np.log1p(np.exp(-signs * scores.astype(np.float64))))
        for kind in [np.int32, np.int64, np.float64]:
            value = self.evaluate("logistic", {"scores": scores, "target": signs.astype(kind)})["outputs"]["loss"]["value"]
            self.assertAlmostEqual(value, expected, delta=1e-5)

    def test_labels_stay_integers(self):
        logits, labels = RNG.normal(size=(6, 4)), np.array([0, 3, -100, 2, 1, 1])
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        kept = labels >= 0
        expected = -np.mean(log_p[kept, labels[kept]])
        for kind in [np.int32, np.int64]:
            value = self.evaluate("softmax_cross_entropy", {"logits": logits, "target": labels.astype(kind)})["outputs"]["loss"]["value"]
            self.assertAlmostEqual(value, expected, delta=1e-5)

    def test_nan_and_inf_are_strings(self):
        empty = np.zeros(0, np.float32)
        self.assertEqual(self.evaluate("l2", {"input": empty, "target": empty})["outputs"]["loss"]["value"], "nan")
        infinite = np.array([np.inf], np.float32)
        result = self.evaluate("l2", {"input": infinite, "target": np.zeros(1, np.float32)})
        self.assertEqual(result["outputs"]["loss"]["value"], "inf")

    def test_bce_form_is_inferred(self):
        p, y = 1 / (1 + np.exp(-self.x.astype(np.float64))), (self.y > 0).astype(np.float64)
        expected = -np.mean(y * np.log(p) + (1 - y) * np.log1p(-p))
        for inputs in [{"logits": self.x, "target": y}, {"probs": p, "target": y}]:
            self.assertAlmostEqual(self.evaluate("bce", inputs)["outputs"]["loss"]["value"], expected, delta=1e-5)

    def test_zero_one_modes_are_inferred(self):
        pred, target = np.array([1, 2, 3, 3]), np.array([1, 2, 0, 3])
        value = lambda inputs, *flags: self.evaluate("zero_one", inputs, *flags)["outputs"]["loss"]["value"]
        self.assertEqual(value({"pred": pred, "target": target}), 0.25)
        self.assertEqual(value({"pred": np.eye(4, dtype=np.int32), "target": np.eye(4, dtype=np.int32)[::-1].copy()}), 1)
        self.assertEqual(value({"scores": np.eye(4, dtype=np.float32), "target": np.array([0, 1, 2, 0])}), 0.25)
        self.assertEqual(value({"scores": np.array([0.5, 0.0, -1]), "target": np.array([1, 1, -1])}, "--opt", "reduction=sum"), 1)
        self.assertEqual(value({"pred": np.array([0.0, 1.0]), "target": np.array([0.25, 3.0])}, "--opt", "T=0.5"), 0.5)

    def test_zero_one_gives_every_decision(self):
        inputs = {"pred": np.array([1, 2, 3]), "target": np.array([1, 0, 3])}
        self.evaluate("zero_one", inputs, "--out", self.out)
        np.testing.assert_array_equal(np.load(self.out / "elementwise.npy"), [0, 1, 0])

    def test_named_variant(self):
        self.assertEqual(self.evaluate("l2", self.pair, "--variant", "warp_shuffle")["variant"], "warp_shuffle")
        self.assertEqual(self.evaluate("l2", self.pair, "--variant", "scalar")["backend"], "scalar")


class Refusals(WithFolder):
    def setUp(self):
        super().setUp()
        self.x, self.y = np.ones(4, np.float32), np.zeros(4, np.float32)
        self.pair = {"input": self.x, "target": self.y}

    def eval_refused(self, loss, inputs, *flags, naming):
        return self.refused(*self.arguments(loss, inputs, *flags, "--out", self.out), naming=naming)

    def test_names(self):
        self.eval_refused("l3", self.pair, naming=["l3", "l2", "huber"])
        self.eval_refused("l2", {**self.pair, "weight": self.x}, naming=["weight", "input", "target"])
        self.eval_refused("l2", self.pair, "--opt", "beta=1", naming=["beta", "half"])
        self.eval_refused("l2", self.pair, "--opt", "half=yes", naming=["half", "true, false"])
        self.eval_refused("l2", self.pair, "--opt", "reduction=avg", naming=["reduction", "none, sum, mean, batch"])
        self.eval_refused("l2", self.pair, "--opt", "half", naming=["half", "NAME=VALUE"])
        self.eval_refused("l2", self.pair, "--grad=logits", naming=["logits", "input"])
        self.eval_refused("l2", self.pair, "--variant", "magic", naming=["magic", "single_pass"])
        self.eval_refused("l2", self.pair, "--variant", "fused", "--backend", "scalar", naming=["fused", "scalar"])
        self.eval_refused("l2", self.pair, "--backend", "gpu", naming=["gpu", "cuda"])
        self.eval_refused("l2", self.pair, "--dtype", "f8", naming=["f8", "bf16"])
        self.eval_refused("l2", self.pair, "--dtype", "i32", naming=["i32", "f32"])
        self.eval_refused("l2", self.pair, "--colour", "red", naming="--colour")

    def test_missing_and_contradicting(self):
        self.eval_refused("l2", {"input": self.x}, naming="target")
        self.eval_refused("smooth_l1", self.pair, "--opt", "beta=1", "--opt", "sigma=1", naming=["beta", "sigma"])
        self.eval_refused("bce", {"logits": self.x, "target": self.y}, "--opt", "input=probs", naming=["input", "logits"])
        self.eval_refused("bce", {"logits": self.x, "probs": self.x, "target": self.y}, naming=["logits", "probs"])
        self.eval_refused("bce", {"logits": self.x, "target": self.y}, "--opt", "normalizer=full", "--opt", "reduction=sum", naming="normalizer")
        self.eval_refused("zero_one", {"pred": np.array([1]), "target": np.array([1])}, "--grad", naming=["zero_one", "gradient"])
        self.refused("eval", "l2", "--in", "input=a.npy", "--in", "input=b.npy", naming=["input", "twice"])
        self.refused("eval", naming="LOSS")
        self.refused("eval", "l2", naming="input")

    def test_shapes_and_dtypes(self):
        self.eval_refused("l2", {"input": self.x, "target": self.y[:3]}, naming=["target", "[3]", "[4]"])
        self.eval_refused("l2", {"input": np.arange(4), "target": self.y}, naming=["input", "i64"])
        self.eval_refused("l2", {**self.pair, "grad_output": self.x[:2]}, naming=["grad_output", "[2]"])
        logits = np.ones((3, 4), np.float32)
        self.eval_refused("softmax_cross_entropy", {"logits": logits, "target": np.array([0, 1])}, naming="target")
        self.eval_refused("softmax_cross_entropy", {"logits": logits, "target": np.array([0, 1, 4])}, naming=["target", "4"])
        self.eval_refused("softmax_cross_entropy", {"logits": logits, "target": np.array([0, 1, -1])}, naming=["target", "-1"])
        self.eval_refused("softmax_cross_entropy", {"logits": logits, "target": np.array([0.0, 1.0, 2.0])}, naming="target")
        self.eval_refused("logistic", {"scores": self.x, "target": np.array([1, -1, 0, 1])}, naming=["target", "0"])

    def test_an_array_needs_a_place(self):
        self.refused(*self.arguments("l2", self.pair, "--grad"), naming=["grad_input", "--out"])
        self.refused(*self.arguments("l2", self.pair, "--opt", "reduction=none"), naming=["loss", "--out"])

    def test_files(self):
        good = self.save("good", self.x)
        data = good.read_bytes()

        def refused_file(content, *naming):
            path = self.folder / "bad.npy"
            path.write_bytes(content)
            self.refused("eval", "l2", "--in", f"input={path}", "--in", f"target={good}", "--out", self.out, naming=["bad.npy", *naming])

        refused_file(b"", "accepted: a NumPy .npy file")
        refused_file(data[:-1], "truncated")
        refused_file(data[:20], "truncated")
        refused_file(data + b"\0", "trailing")
        for array, word in [(self.x.astype(">f4"), "big-endian"), (self.x.astype(np.complex64), "c8"), (self.x > 0, "b1"),
                            (np.asfortranarray(np.ones((2, 2))), "Fortran"), (np.array([None]), "O")]:
            np.save(self.folder / "odd.npy", array)
            refused_file((self.folder / "odd.npy").read_bytes(), word)
        self.refused("eval", "l2", "--in", f"input={self.folder}/none.npy", "--in", f"target={good}", naming="none.npy")

    def test_out_that_cannot_be_made(self):
        blocker = self.folder / "file"
        blocker.write_text("x")
        self.refused(*self.arguments("l2", self.pair, "--grad", "--out", blocker), naming=str(blocker))
        self.assertEqual(blocker.read_text(), "x")

    def test_cuda_without_a_device(self):
        if json.loads(lossbench("list", "--json").stdout)["cuda"]["device"] is not None:
            self.skipTest("there is a device here")
        self.eval_refused("l2", self.pair, "--backend", "cuda", naming=["cuda", "simt"])
        self.refused("run", "--backend", "cuda", naming=["cuda", "simt"])

    def test_selections(self):
        self.refused("run", "--loss", "nothing*", naming=["nothing*", "softmax_cross_entropy"])
        self.refused("validate", "--variant", "magic", naming=["magic", "fused"])
        self.refused("validate", "--dtype", "f8", naming=["f8", "bf16"])
        self.refused("validate", "--shape", "100", naming=["--shape", "--device-reference"])
        self.refused("list", "--backend", "gpu", naming=["gpu", "cuda"])
        self.refused("run", "--shape", "4x", naming="4x")
        self.refused("run", "--loss", "zero_one", "--pass", "gradient", naming="selection")
        self.refused("run", "--colour", naming="--colour")
        self.refused("run", "--benchmark_colour", naming="--benchmark_colour")
        self.refused("run", "--benchmark_out_format=csv", naming="csv")
        self.refused("paint", naming="paint")


class Numpy(WithFolder):
    def test_version_two_headers_are_read(self):
        path = self.folder / "two.npy"
        with open(path, "wb") as file:
            np.lib.format.write_array(file, np.array([1.0, 2.0]), version=(2, 0))
        done = lossbench("eval", "l2", "--in", f"input={path}", "--in", f"target={path}")
        self.assertEqual(json.loads(done.stdout)["outputs"]["loss"]["value"], 0)


class List(unittest.TestCase):
    def test_json(self):
        listing = json.loads(lossbench("list", "--json").stdout)
        losses = {loss["name"]: loss for loss in listing["losses"]}
        for name in ["zero_one", "logistic", "hinge", "l1", "l2", "smooth_l1", "huber", "smooth_l1_weighted", "bce", "softmax_cross_entropy"]:
            self.assertIn(name, losses)
            self.assertTrue(losses[name]["summary"] and losses[name]["source"] and losses[name]["variants"])
        self.assertIn({"name": "reduction", "default": "mean", "accepted": "none, sum, mean, batch"},
                      [{key: option[key] for key in ["name", "default", "accepted"]} for option in losses["l2"]["options"]])
        self.assertEqual(losses["l2"]["outputs"], ["loss", "grad_input", "grad_target"])
        variants = {(variant["name"], variant["backend"]): variant for variant in listing["variants"]}
        for name in ["naive_atomic", "shared_tree", "warp_shuffle", "vectorized", "single_pass", "compensated", "fused", "online"]:
            self.assertIn((name, "simt"), variants)
        self.assertEqual(variants["naive_atomic", "simt"]["order"], "none")
        dtypes = {row["dtype"] for row in variants["single_pass", "simt"]["implementations"] if row["loss"] == "l2"}
        self.assertEqual(dtypes, {"f32", "f64", "f16", "bf16"})

    def test_selection(self):
        listing = json.loads(lossbench("list", "--json", "--loss", "smooth_*", "--variant", "fused", "--backend", "simt").stdout)
        self.assertEqual([loss["name"] for loss in listing["losses"]], ["smooth_l1", "smooth_l1_weighted"])
        self.assertEqual([variant["name"] for variant in listing["variants"]], ["fused"])

    def test_for_people(self):
        text = lossbench("list").stdout
        for word in ["softmax_cross_entropy", "none, sum, mean, batch", "warp_shuffle", "run_to_run"]:
            self.assertIn(word, text)

    def test_help(self):
        for command in [[], ["list"], ["run"], ["validate"], ["eval"], ["compare"]]:
            done = lossbench(*command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("--", done.stdout)


class Validate(unittest.TestCase):
    def test_lines(self):
        done = lossbench("validate", "--loss", "l2", "--variant", "single_pass,naive_atomic", "--backend", "simt", "--dtype", "f32", "--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        report = json.loads(done.stdout)
        self.assertEqual(report["misses"], 0)
        self.assertEqual([line["variant"] for line in report["lines"]], ["naive_atomic", "single_pass"])
        for line in report["lines"]:
            self.assertGreater(line["cases"], 40)
            self.assertTrue(0 < line["worst"]["error_over_bound"] <= 1, line)
            self.assertTrue(math.isfinite(line["worst"]["ulps"]))

    def test_table(self):
        done = lossbench("validate", "--loss", "logistic", "--variant", "fused", "--dtype", "bf16")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"logistic +fused +simt +bf16 +gradient +\d+ +\d+ +ok")
        self.assertRegex(done.stdout, r"\d+ cases in .*, 0 missed")


if __name__ == "__main__":
    main()
