"""The reference, and what a result may differ from it: the accuracy that the specification asks for, by the type of the result."""

from dataclasses import dataclass

import lossbench
import numpy as np

from .arrays import wide

# type: (relative, relative to the largest of the array for a gradient, absolute for a value)
ALLOWED = {"f64": (1e-10, 1e-12, 0.0), "f32": (1e-5, 1e-6, 1e-6), "f16": (2.0 ** -10, 2.0 ** -10, 0.0), "bf16": (2.0 ** -7, 2.0 ** -10, 0.0)}
WORDS = {"float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16"}


def prepare(problem, inputs, backend):
    return lossbench.prepare(problem.loss, inputs, backend=backend, gradients=problem.pass_ == "gradient", options=problem.options)


def contract_bytes(problem, inputs):
    return prepare(problem, inputs.native(), None).contract_bytes


def _distance(a, b):
    return np.sqrt(((a - b) ** 2).sum(-1))


# What a value is made of where its terms cancel: its rounding errors are relative to this, not to what is left.
CONDITIONS = {
    "triplet_margin": lambda s: (1 + _distance(s["anchor"], s["positive"]) + _distance(s["anchor"], s["negative"])).mean(),
    "kl_div": lambda s: (np.abs(s["target"] * np.log(np.where(s["target"] > 0, s["target"], 1))) + np.abs(s["target"] * s["input"])).sum()
    / len(s["input"]),
    "poisson_nll": lambda s: (np.exp(s["input"]) + np.abs(s["target"] * s["input"])).mean(),
}


# So many times as far off as is allowed may a peer be and still have a figure, which says so: that is how it computes, and what its users get.
# Further off it computes something else.
MOST_INEXACT = 1000


@dataclass
class Reference:
    outputs: dict     # by name, in double
    condition: float  # of the value

    def forward(self):
        return Reference({"loss": self.outputs["loss"]}, self.condition)


def reference(problem, inputs):
    """By backend `scalar`, which shares no code with any contender, on the rounded inputs in double."""
    wide_inputs = inputs.wide()
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
        got = wide(got)
        if got.shape != want.shape:
            return Error(np.nan, np.nan, np.nan, f"{name} has shape {got.shape}, not {want.shape}")
        gradient = name.startswith("grad_")
        size = np.abs(want) if gradient else np.full_like(want, expected.condition)
        allowed = relative * size + (of_largest * size.max(initial=0) if gradient else absolute) + np.finfo(np.float32).tiny
        error = np.abs(got - want)
        ratio = np.where(np.isnan(error), np.inf, error / allowed)
        index = np.unravel_index(ratio.argmax(), ratio.shape) if ratio.size else ()
        if ratio.size and not ratio[index] <= worst.ratio:
            worst = Error(float(error[index]), float(allowed[index] if np.ndim(allowed) else allowed), float(ratio[index]),
                          f"{name}{list(map(int, index)) if index else ''} is {got[index]:.9g}, not {want[index]:.9g}")
    return worst
