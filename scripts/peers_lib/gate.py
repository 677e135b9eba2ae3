"""The reference, and what a result may differ from it: the accuracy that the specification asks for, by the type of the result."""

from dataclasses import dataclass, field

import lossbench
import numpy as np

from .arrays import on_host

# type: (relative, relative to the largest of the array for a gradient, absolute for a value)
ALLOWED = {"f64": (1e-10, 1e-12, 0.0), "f32": (1e-5, 1e-6, 1e-6), "f16": (2.0 ** -10, 2.0 ** -10, 0.0), "bf16": (2.0 ** -7, 2.0 ** -10, 0.0)}
WORDS = {"float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16"}


def prepare(problem, inputs, backend=None):
    return lossbench.prepare(problem.loss, inputs, backend=backend, gradients=problem.pass_ == "gradient", options=problem.options)


def _distance(a, b):
    return np.sqrt(((a - b) ** 2).sum(-1))


# What a value is made of where its terms cancel: its rounding errors are relative to this, not to what is left.
CONDITIONS = {
    "triplet_margin": lambda s: (1 + _distance(s["anchor"], s["positive"]) + _distance(s["anchor"], s["negative"])).mean(),
    "kl_div": lambda s: (np.abs(s["target"] * np.log(np.where(s["target"] > 0, s["target"], 1))) + np.abs(s["target"] * s["input"])).sum()
    / len(s["input"]),
    "poisson_nll": lambda s: (np.exp(s["input"]) + np.abs(s["target"] * s["input"])).mean(),
    "gaussian_nll": lambda s: (np.abs(np.log(np.maximum(s["var"], 1e-6))) + (s["input"] - s["target"]) ** 2 / np.maximum(s["var"], 1e-6)).mean() / 2,
}


# So many times as far off as is allowed may a peer be and still have a figure, which says so: that is how it computes, and what its users get.
# Further off it computes something else.
MOST_INEXACT = 1000


@dataclass
class Reference:
    outputs: dict     # by name, in double
    condition: float  # of the value
    largest: dict = field(default_factory=dict)  # of each gradient: every contender is held to it

    def __post_init__(self):
        for name, array in self.outputs.items():
            if name.startswith("grad_") and name not in self.largest:
                self.largest[name] = max(array.max(initial=0), -array.min(initial=0))  # NaN stays NaN

    def forward(self):
        return Reference({"loss": self.outputs["loss"]}, self.condition)


def reference(problem, wide_inputs):
    """By backend `scalar`, which shares no code with any contender, on the rounded inputs in double."""
    call = prepare(problem, wide_inputs, "scalar")
    outputs = {output.name: np.empty(output.shape) for output in call.outputs}
    call.run(outputs)
    condition = CONDITIONS[problem.loss](wide_inputs) if problem.loss in CONDITIONS else abs(float(outputs["loss"]))
    return Reference(outputs, float(condition))


@dataclass
class Error:
    """The worst element of a result: how far off it is, what is allowed there, and the share of it."""

    error: float = 0.0
    bound: float = 0.0
    ratio: float = 0.0
    where: str = ""

    @property
    def passed(self):
        return self.ratio <= 1  # False for NaN

    def accepted(self, peer):
        return self.ratio <= MOST_INEXACT if peer else self.passed


def accuracy_of(array, dtype):
    """What is allowed for a result of this type, made from inputs of type `dtype`: float inputs make no double of a result that comes as one."""
    own = WORDS[str(array.dtype).split(".")[-1]]
    return ALLOWED["f32" if own == "f64" and dtype != "f64" else own]


def compare(result, expected, dtype):
    """The worst Error over all outputs, of one contender on one set of inputs of type `dtype`."""
    worst = Error()
    for name, want in expected.outputs.items():
        got = result.get(name)
        if got is None:
            return Error(np.nan, np.nan, np.nan, f"{name} is missing")
        relative, of_largest, absolute = accuracy_of(got, dtype)
        got = on_host(got)
        if got.shape != want.shape:
            return Error(np.nan, np.nan, np.nan, f"{name} has shape {got.shape}, not {want.shape}")
        if name.startswith("grad_"):
            size, rest = None, of_largest * expected.largest[name]
        else:
            size, rest = expected.condition, absolute
        error, allowed, ratio, at = worst_of(got.reshape(-1), want.reshape(-1), relative, size, rest + np.finfo(np.float32).tiny)
        if at is not None and not ratio <= worst.ratio:
            index = np.unravel_index(at, want.shape)
            worst = Error(error, allowed, ratio, f"{name}{list(map(int, index)) if index else ''} is {got[index]:.9g}, not {want[index]:.9g}")
    return worst


BLOCK = 1 << 14  # elements that are compared at a time: what lies between stays in the cache


def worst_of(got, want, relative, size, rest):
    """(error, allowed, error/allowed, index) of the worst element of flat arrays; the ratio is infinite for NaN, the index None where there are
    no elements. `relative` is of `size`, or of each element for None; `rest` is allowed beside that."""
    worst = (0.0, 0.0, -1.0, None)
    with np.errstate(invalid="ignore", over="ignore"):
        for start in range(0, len(want), BLOCK):
            part = want[start:start + BLOCK]
            error = np.abs(np.subtract(got[start:start + BLOCK], part, dtype=np.float64))
            allowed = relative * (np.abs(part) if size is None else np.full(len(part), size)) + rest
            ratio = error / allowed
            at = int(ratio.argmax())  # the first NaN, where there is one
            if not ratio[at] <= worst[2]:
                worst = float(error[at]), float(allowed[at]), float(ratio[at]), start + at
            if np.isnan(worst[2]):
                return worst[0], worst[1], np.inf, worst[3]
    return worst
