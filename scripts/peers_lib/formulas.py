"""The losses of elements as one writes them with NumPy or JAX, by their form. `VALUES` take the module (numpy or jax.numpy) and the inputs by
name; gradients by hand are for NumPy alone. Losses of rows are in row_formulas.py; `value` and `gradient` look in both."""

import numpy as np

from . import row_formulas
from .row_formulas import magnitude, positive, sigmoid, softplus


def clipped(xp, s):
    """The half of a squared difference inside ±1, and the difference: smooth L1 and Huber with their parameter 1 are the same function."""
    d = s["input"] - s["target"]
    a = xp.abs(d)
    return xp.where(a < 1, d * d / 2, a - 0.5).mean()


def bce_of_probs(xp, s):
    """PyTorch's: logarithms are at least -100. At 0 and 1 they are written out, or the derivative of what is not taken there would be NaN."""
    p, y = s["probs"], s["target"]
    inside = (p > 0) & (p < 1)
    q = xp.where(inside, p, 0.5)
    return xp.where(inside, -(y * xp.log(q) + (1 - y) * xp.log1p(-q)), 100 * magnitude(xp, p - y)).mean()


def focal_parts(xp, s):
    """p, 1 - p_t, the weight of the class, and the cross-entropy."""
    x, y = s["logits"], s["target"]
    p = sigmoid(xp, x)
    return p, p + y - 2 * p * y, 0.25 * y + 0.75 * (1 - y), softplus(xp, x) - x * y


def focal(xp, s):
    _, q, weight, cross_entropy = focal_parts(xp, s)
    return (weight * q * q * cross_entropy).mean()


def gaussian(xp, s):
    v, d = xp.maximum(s["var"], 1e-6), s["input"] - s["target"]
    return 0.5 * (xp.log(v) + d * d / v).mean()


VALUES = {
    "l1": lambda xp, s: magnitude(xp, s["input"] - s["target"]).mean(),
    "l2": lambda xp, s: ((s["input"] - s["target"]) ** 2).mean(),
    "smooth_l1": clipped,
    "huber": clipped,
    "norm_l1": lambda xp, s: magnitude(xp, s["input"]).sum(),
    "norm_l2": lambda xp, s: xp.sqrt((s["input"] ** 2).sum()),
    "hinge": lambda xp, s: positive(xp, 1 - s["scores"] * s["target"]).mean(),
    "hinge_embedding": lambda xp, s: xp.where(s["target"] > 0, s["input"], positive(xp, 1 - s["input"])).mean(),
    "logistic": lambda xp, s: softplus(xp, -s["scores"] * s["target"]).mean(),
    "bce": lambda xp, s: (softplus(xp, s["logits"]) - s["logits"] * s["target"]).mean(),
    "bce input=probs": bce_of_probs,
    "sigmoid_focal reduction=mean": focal,
    "poisson_nll": lambda xp, s: (xp.exp(s["input"]) - s["target"] * s["input"]).mean(),
    "gaussian_nll": gaussian,
}


def l2_gradient(s):
    d = s["input"] - s["target"]
    return (d * d).mean(), {"grad_input": d * d.dtype.type(2 / d.size)}


def l1_gradient(s):
    d = s["input"] - s["target"]
    return np.abs(d).mean(), {"grad_input": np.sign(d) * d.dtype.type(1 / d.size)}


def clipped_gradient(s):
    d = s["input"] - s["target"]
    a = np.abs(d)
    return np.where(a < 1, d * d / 2, a - d.dtype.type(0.5)).mean(), {"grad_input": np.clip(d, -1, 1) * d.dtype.type(1 / d.size)}


def norm_l1_gradient(s):
    return np.abs(s["input"]).sum(), {"grad_input": np.sign(s["input"])}


def norm_l2_gradient(s):
    norm = VALUES["norm_l2"](np, s)
    return norm, {"grad_input": s["input"] / norm}


def hinge_gradient(s):
    margin = 1 - s["scores"] * s["target"]
    return np.maximum(margin, 0).mean(), {"grad_scores": np.where(margin > 0, s["target"] * margin.dtype.type(-1 / margin.size), 0)}


def hinge_embedding_gradient(s):
    share = s["input"].dtype.type(1 / s["input"].size)
    return VALUES["hinge_embedding"](np, s), {"grad_input": np.where(s["target"] > 0, share, np.where(s["input"] < 1, -share, 0))}


def logistic_gradient(s):
    z = -s["scores"] * s["target"]
    return softplus(np, z).mean(), {"grad_scores": s["target"] * sigmoid(np, z) * z.dtype.type(-1 / z.size)}


def bce_gradient(s):
    x = s["logits"]
    return VALUES["bce"](np, s), {"grad_logits": (sigmoid(np, x) - s["target"]) * x.dtype.type(1 / x.size)}


def bce_of_probs_gradient(s):
    p, y = s["probs"], s["target"]
    return bce_of_probs(np, s), {"grad_probs": (p - y) / np.maximum(p * (1 - p), p.dtype.type(1e-12)) * p.dtype.type(1 / p.size)}


def focal_gradient(s):
    p, q, weight, cross_entropy = focal_parts(np, s)
    y = s["target"]
    slope = 2 * p * (1 - p) * (1 - 2 * y) * cross_entropy + q * (p - y)
    return (weight * q * q * cross_entropy).mean(), {"grad_logits": weight * q * slope * p.dtype.type(1 / p.size)}


def poisson_gradient(s):
    e = np.exp(s["input"])
    return (e - s["target"] * s["input"]).mean(), {"grad_input": (e - s["target"]) * e.dtype.type(1 / e.size)}


def gaussian_gradient(s):
    v, d = np.maximum(s["var"], s["var"].dtype.type(1e-6)), s["input"] - s["target"]
    return (np.log(v) + d * d / v).mean() / 2, {"grad_input": d / v * d.dtype.type(1 / d.size)}


GRADIENTS = {
    "l1": l1_gradient, "l2": l2_gradient, "smooth_l1": clipped_gradient, "huber": clipped_gradient, "norm_l1": norm_l1_gradient,
    "norm_l2": norm_l2_gradient, "hinge": hinge_gradient, "hinge_embedding": hinge_embedding_gradient, "logistic": logistic_gradient,
    "bce": bce_gradient, "bce input=probs": bce_of_probs_gradient, "sigmoid_focal reduction=mean": focal_gradient,
    "poisson_nll": poisson_gradient, "gaussian_nll": gaussian_gradient,
}


def value(form):
    """A function of the module and the inputs, or None."""
    return VALUES.get(form) or row_formulas.VALUES.get(form)


def gradient(form):
    """A function of the inputs, which returns the loss and the gradients by name, or None."""
    return GRADIENTS.get(form) or row_formulas.GRADIENTS.get(form)
