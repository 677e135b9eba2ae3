"""f8 logits through the program: codes as uint8 arrays, real arrays rounded to codes, and what is refused.

Run with LOSSBENCH=<program> or --binary <program>. What a code stands for is worked out here from the format's definition.
"""

import numpy as np

from program import WithFolder, main

RNG = np.random.default_rng(11)


def numbers(fraction_bits, bias, infinity):
    """What the 256 codes stand for; `infinity` is its code, or None where all ones is the only NaN."""
    values = []
    for code in range(256):
        magnitude = code & 0x7F
        exponent, fraction = magnitude >> fraction_bits, magnitude & ((1 << fraction_bits) - 1)
        value = (fraction + (1 << fraction_bits if exponent else 0)) * 2.0 ** (max(exponent, 1) - bias - fraction_bits)
        if magnitude == infinity:
            value = np.inf
        elif magnitude > (infinity or 0x7E):
            value = np.nan
        values.append(-value if code & 0x80 else value)
    return np.array(values)


TABLES = {"f8_e4m3": numbers(3, 7, None), "f8_e5m2": numbers(2, 15, 0x7C)}


def losses(logits, labels):
    """Cross-entropy of each row, in double."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


class F8(WithFolder):
    def setUp(self):
        super().setUp()
        self.codes = RNG.integers(0, 0x50, size=(6, 40), dtype=np.uint8) | RNG.integers(0, 2, size=(6, 40), dtype=np.uint8) << 7
        self.labels = np.array([0, 39, 7, 7, 1, 20])
        self.inputs = {"logits": self.codes, "target": self.labels}

    def test_codes_times_scale(self):
        for dtype, table in TABLES.items():
            expected = losses(0.3 * table[self.codes], self.labels)
            for flags in [["--backend", "scalar"], [], ["--variant", "online"], ["--variant", "split_row"], ["--variant", "vectorized_online"]]:
                result = self.evaluate("softmax_cross_entropy", self.inputs, "--dtype", dtype, "--opt", "scale=0.3", *flags)
                self.assertEqual(result["dtype"], dtype)
                self.assertAlmostEqual(result["outputs"]["loss"]["value"], expected.mean(), delta=1e-5 * abs(expected.mean()))

    def test_losses_of_rows_are_f4(self):
        self.evaluate("softmax_cross_entropy", self.inputs, "--dtype", "f8_e4m3", "--opt", "reduction=none", "--out", self.out)
        written = np.load(self.out / "loss.npy")
        self.assertEqual(written.dtype, np.float32)
        np.testing.assert_allclose(written, losses(TABLES["f8_e4m3"][self.codes], self.labels), rtol=1e-5)

    def test_real_arrays_are_rounded_to_codes(self):
        for dtype, table in TABLES.items():
            exact = table[self.codes]
            nudged = exact * (1 + 0.01 * RNG.uniform(-1, 1, exact.shape))  # an eighth apart at least
            values = [self.evaluate("softmax_cross_entropy", {**self.inputs, "logits": array}, "--dtype", dtype)["outputs"]["loss"]["value"]
                      for array in (self.codes, exact, nudged.astype(np.float32))]
            self.assertEqual(len(set(values)), 1, values)

    def test_weights_stay_f4(self):
        weight = RNG.uniform(0.5, 1.5, 40).astype(np.float32)
        result = self.evaluate("softmax_cross_entropy", {**self.inputs, "weight": weight}, "--dtype", "f8_e5m2", "--backend", "scalar")
        own = weight.astype(np.float64)[self.labels]
        expected = (own * losses(TABLES["f8_e5m2"][self.codes], self.labels)).sum() / own.sum()
        self.assertAlmostEqual(result["outputs"]["loss"]["value"], expected, delta=1e-12)

    def refused_eval(self, loss, inputs, *flags, naming):
        self.refused(*self.arguments(loss, inputs, *flags, "--out", self.out), naming=naming)

    def test_refusals(self):
        f8 = ["--dtype", "f8_e4m3"]
        self.refused_eval("softmax_cross_entropy", self.inputs, *f8, "--grad", naming=["f8_e4m3", "value only", "f32, f64, f16, bf16"])
        self.refused_eval("softmax_cross_entropy", self.inputs, *f8, "--variant", "cluster", naming=["cluster", "f8_e4m3", "f32, f64, f16, bf16"])
        self.refused_eval("softmax_cross_entropy", self.inputs, naming=["logits", "u1", "f2, f4, f8"])
        self.refused_eval("softmax_cross_entropy", {**self.inputs, "target": self.labels.astype(np.uint8)}, *f8, naming=["target", "u1", "i4, i8"])
        self.refused_eval("softmax_cross_entropy", {**self.inputs, "logits": np.ones((6, 40), np.float32)}, "--opt", "scale=2",
                          naming=["scale", "f32", "f8_e4m3, f8_e5m2"])
        self.refused_eval("softmax_cross_entropy", self.inputs, *f8, "--opt", "scale=0", naming=["scale", "> 0"])
        self.refused_eval("l2", {"input": np.ones(4, np.float32), "target": np.ones(4, np.float32)}, *f8, naming=["l2", "f8_e4m3", "f32, f64, f16, bf16"])
        for command in ["run", "validate"]:
            self.refused(command, "--loss", "l2", "--dtype", "f8_*", naming=["softmax_cross_entropy", "f32, f64, f16, bf16"])
            self.refused(command, "--pass", "gradient", "--dtype", "f8_e5m2", naming=["forward", "softmax_cross_entropy"])


if __name__ == "__main__":
    main()
