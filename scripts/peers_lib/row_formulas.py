"""The losses of rows as one writes them with NumPy or JAX, by their form: see formulas.py. And what both files need."""

import numpy as np


def softplus(xp, x):
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


def sigmoid(xp, x):
    return 0.5 * (1 + xp.tanh(0.5 * x))


def magnitude(xp, x):
    """|x|. Its derivative at 0 is a convention; JAX's is 1 there, and this one's 0, as PyTorch's and ours."""
    return np.abs(x) if xp is np else xp.sign(x) * x


def positive(xp, x):
    """max(x, 0). Its derivative at 0 is a half for JAX's maximum, and 0 here."""
    return np.maximum(x, 0) if xp is np else xp.where(x > 0, x, 0)


def own(xp, x, labels):
    """The entry of each row that its label names."""
    return x[xp.arange(x.shape[0]), labels]


def softmax(xp, s):
    x = s["logits"]
    shifted = x - x.max(-1, keepdims=True)
    return (xp.log(xp.exp(shifted).sum(-1)) - own(xp, shifted, s["target"])).mean()


def log_loss(xp, s):
    return -xp.log(xp.clip(own(xp, s["probs"], s["target"]), 1e-7, 1 - 1e-7)).mean()


def hinge_of_classes(xp, s):
    """The margin to every class, less that of the true class to itself, which is 1."""
    x = s["scores"]
    return (positive(xp, 1 - own(xp, x, s["target"])[:, None] + x).sum(-1) - 1).mean() / x.shape[1]


def kl_div(xp, s):
    t = s["target"]
    return xp.where(t > 0, t * (xp.log(xp.where(t > 0, t, 1)) - s["input"]), 0).sum() / t.shape[0]


def triplet(xp, s):
    def norm(d):
        return xp.sqrt((d * d).sum(-1))
    return positive(xp, 1 + norm(s["anchor"] - s["positive"] + 1e-6) - norm(s["anchor"] - s["negative"] + 1e-6)).mean()


def cosine_parts(xp, s):
    """Rows as columns of one: cos, and the squared norms, each raised a little so that zero vectors have a cosine."""
    a, b = s["input1"], s["input2"]
    of_a, of_b = ((x * x).sum(-1, keepdims=True) + 1e-12 for x in (a, b))
    return (a * b).sum(-1, keepdims=True) / xp.sqrt(of_a * of_b), of_a, of_b


def cosine_loss(xp, cos, target):
    return xp.where(target > 0, 1 - cos, positive(xp, cos)).mean()


def cosine(xp, s):
    return cosine_loss(xp, cosine_parts(xp, s)[0], s["target"][:, None])


def dice(xp, s):
    p, y = sigmoid(xp, s["logits"]), s["target"]
    return (1 - (2 * (p * y).sum(-1) + 1) / (p.sum(-1) + y.sum(-1) + 1)).mean()


VALUES = {
    "zero_one mode=argmax": lambda xp, s: (s["scores"].argmax(-1) != s["target"]).mean(),
    "log_loss eps=1e-7": log_loss,
    "hinge variant=weston_watkins": hinge_of_classes,
    "softmax_cross_entropy": softmax,
    "nll": lambda xp, s: -own(xp, s["log_probs"], s["target"]).mean(),
    "kl_div reduction=batch": kl_div,
    "triplet_margin": triplet,
    "cosine_embedding": cosine,
    "dice": dice,
}


def only_own(x, labels, values):
    """Zeros but for one entry a row."""
    gradient = np.zeros_like(x)
    gradient[np.arange(len(x)), labels] = values
    return gradient


def log_loss_gradient(s):
    p = own(np, s["probs"], s["target"])
    clipped = np.clip(p, 1e-7, 1 - 1e-7)
    return -np.log(clipped).mean(), {"grad_probs": only_own(s["probs"], s["target"], np.where(p == clipped, -1 / (clipped * len(p)), 0))}


def hinge_of_classes_gradient(s):
    x, rows = s["scores"], np.arange(len(s["scores"]))
    margin = 1 - own(np, x, s["target"])[:, None] + x
    active = (margin > 0).astype(x.dtype)
    active[rows, s["target"]] = 0
    active[rows, s["target"]] = -active.sum(-1)
    return (np.maximum(margin, 0).sum(-1) - 1).mean() / x.shape[1], {"grad_scores": active * x.dtype.type(1 / x.size)}


def softmax_gradient(s):
    x, rows = s["logits"], np.arange(len(s["logits"]))
    shifted = x - x.max(-1, keepdims=True)
    gradient = np.exp(shifted)
    sums = gradient.sum(-1, keepdims=True)
    loss = (np.log(sums[:, 0]) - shifted[rows, s["target"]]).mean()
    gradient *= 1 / (sums * x.dtype.type(len(x)))
    gradient[rows, s["target"]] -= x.dtype.type(1 / len(x))
    return loss, {"grad_logits": gradient}


def nll_gradient(s):
    x = s["log_probs"]
    return VALUES["nll"](np, s), {"grad_log_probs": only_own(x, s["target"], x.dtype.type(-1 / len(x)))}


def kl_div_gradient(s):
    return kl_div(np, s), {"grad_input": s["target"] * s["target"].dtype.type(-1 / len(s["target"]))}


def triplet_gradient(s):
    to_positive, to_negative = s["anchor"] - s["positive"] + np.float32(1e-6), s["anchor"] - s["negative"] + np.float32(1e-6)
    near, far = (np.sqrt((d * d).sum(-1, keepdims=True)) for d in (to_positive, to_negative))
    margin = 1 + near - far
    share = (margin > 0) * near.dtype.type(1 / len(margin))
    to_positive *= share / near
    to_negative *= share / far
    return np.maximum(margin, 0).mean(), {"grad_anchor": to_positive - to_negative, "grad_positive": -to_positive, "grad_negative": to_negative}


def cosine_gradient(s):
    a, b, target = s["input1"], s["input2"], s["target"][:, None]
    cos, of_a, of_b = cosine_parts(np, s)
    share = np.where(target > 0, -1, cos > 0) * cos.dtype.type(1 / len(cos))
    across = share / np.sqrt(of_a * of_b)
    return cosine_loss(np, cos, target), {"grad_input1": across * b - share * cos / of_a * a, "grad_input2": across * a - share * cos / of_b * b}


def dice_gradient(s):
    p, y = sigmoid(np, s["logits"]), s["target"]
    common, whole = 2 * (p * y).sum(-1, keepdims=True) + 1, p.sum(-1, keepdims=True) + y.sum(-1, keepdims=True) + 1
    overlap = common / whole
    share = 1 / (whole * p.dtype.type(whole.size))
    return (1 - overlap).mean(), {"grad_logits": (overlap - 2 * y) * p * (1 - p) * share}


GRADIENTS = {
    "log_loss eps=1e-7": log_loss_gradient, "hinge variant=weston_watkins": hinge_of_classes_gradient, "softmax_cross_entropy": softmax_gradient,
    "nll": nll_gradient, "kl_div reduction=batch": kl_div_gradient, "triplet_margin": triplet_gradient, "cosine_embedding": cosine_gradient,
    "dice": dice_gradient,
}
