"""The losses as one writes them with NumPy or JAX. `values` takes the module (numpy or jax.numpy); gradients by hand are for NumPy alone."""

import numpy as np


def _triplet(xp, s):
    def norm(d):
        return xp.sqrt((d * d).sum(-1))
    return xp.maximum(1 + norm(s["anchor"] - s["positive"] + 1e-6) - norm(s["anchor"] - s["negative"] + 1e-6), 0).mean()


def _softmax(xp, s):
    x, rows = s["logits"], xp.arange(s["logits"].shape[0])
    shifted = x - x.max(-1, keepdims=True)
    return (xp.log(xp.exp(shifted).sum(-1)) - shifted[rows, s["target"]]).mean()


def _softplus(xp, x):
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


def _clipped(xp, s):
    """The half of a difference inside ±1, and the difference: smooth L1 and Huber with their parameter 1 are the same function."""
    d = s["input"] - s["target"]
    a = xp.abs(d)
    return xp.where(a < 1, d * d / 2, a - 0.5).mean()


VALUES = {
    "l1": lambda xp, s: xp.abs(s["input"] - s["target"]).mean(),
    "l2": lambda xp, s: ((s["input"] - s["target"]) ** 2).mean(),
    "smooth_l1": _clipped,
    "huber": _clipped,
    "hinge": lambda xp, s: xp.maximum(1 - s["scores"] * s["target"], 0).mean(),
    "logistic": lambda xp, s: _softplus(xp, -s["scores"] * s["target"]).mean(),
    "bce": lambda xp, s: (_softplus(xp, s["logits"]) - s["logits"] * s["target"]).mean(),
    "kl_div": lambda xp, s: xp.where(s["target"] > 0, s["target"] * (xp.log(xp.where(s["target"] > 0, s["target"], 1)) - s["input"]), 0).sum()
    / s["input"].shape[0],
    "poisson_nll": lambda xp, s: (xp.exp(s["input"]) - s["target"] * s["input"]).mean(),
    "softmax_cross_entropy": _softmax,
    "triplet_margin": _triplet,
}


def _sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def _l2(s):
    d = s["input"] - s["target"]
    return (d * d).mean(), {"grad_input": d * d.dtype.type(2 / d.size)}


def _l1(s):
    d = s["input"] - s["target"]
    return np.abs(d).mean(), {"grad_input": np.sign(d) * d.dtype.type(1 / d.size)}


def _smooth(s):
    d = s["input"] - s["target"]
    a = np.abs(d)
    return np.where(a < 1, d * d / 2, a - d.dtype.type(0.5)).mean(), {"grad_input": np.clip(d, -1, 1) * d.dtype.type(1 / d.size)}


def _hinge(s):
    margin = 1 - s["scores"] * s["target"]
    return np.maximum(margin, 0).mean(), {"grad_scores": np.where(margin > 0, s["target"] * margin.dtype.type(-1 / margin.size), 0)}


def _logistic(s):
    z = -s["scores"] * s["target"]
    return _softplus(np, z).mean(), {"grad_scores": s["target"] * _sigmoid(z) * z.dtype.type(-1 / z.size)}


def _bce(s):
    x = s["logits"]
    return VALUES["bce"](np, s), {"grad_logits": (_sigmoid(x) - s["target"]) * x.dtype.type(1 / x.size)}


def _kl_div(s):
    return VALUES["kl_div"](np, s), {"grad_input": s["target"] * s["target"].dtype.type(-1 / len(s["target"]))}


def _poisson(s):
    e = np.exp(s["input"])
    return (e - s["target"] * s["input"]).mean(), {"grad_input": (e - s["target"]) * e.dtype.type(1 / e.size)}


def _softmax_gradient(s):
    x, rows = s["logits"], np.arange(len(s["logits"]))
    shifted = x - x.max(-1, keepdims=True)
    gradient = np.exp(shifted)
    sums = gradient.sum(-1, keepdims=True)
    loss = (np.log(sums[:, 0]) - shifted[rows, s["target"]]).mean()
    gradient *= 1 / (sums * x.dtype.type(len(x)))
    gradient[rows, s["target"]] -= x.dtype.type(1 / len(x))
    return loss, {"grad_logits": gradient}


def _triplet_gradient(s):
    to_positive, to_negative = s["anchor"] - s["positive"] + np.float32(1e-6), s["anchor"] - s["negative"] + np.float32(1e-6)
    near, far = (np.sqrt((d * d).sum(-1, keepdims=True)) for d in (to_positive, to_negative))
    margin = 1 + near - far
    share = (margin > 0) * near.dtype.type(1 / len(margin))
    to_positive *= share / near
    to_negative *= share / far
    return np.maximum(margin, 0).mean(), {"grad_anchor": to_positive - to_negative, "grad_positive": -to_positive, "grad_negative": to_negative}


GRADIENTS = {"l1": _l1, "l2": _l2, "smooth_l1": _smooth, "huber": _smooth, "hinge": _hinge, "logistic": _logistic, "bce": _bce, "kl_div": _kl_div,
             "poisson_nll": _poisson, "softmax_cross_entropy": _softmax_gradient, "triplet_margin": _triplet_gradient}
