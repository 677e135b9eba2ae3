"""Made-up inputs: heavy tails, a scale that changes along the array, every branch of the loss visited; or what KernelBench publishes.

All values are made in double and rounded once to the type of the problem, so that every contender and the reference start from the same numbers.
"""

import zlib

import numpy as np

SCALE_BLOCK = 512
HINGE_COLUMNS = 32768


def heavy_tailed(random, shape):
    """Three quarters normal, one quarter Cauchy cut at 100, times a power of two from 2^-4 to 2^4 for each block of the array."""
    count = int(np.prod(shape))
    values = random.standard_normal(count)
    cauchy = random.random(count, np.float32) < 0.25
    values[cauchy] = np.clip(random.standard_cauchy(int(np.count_nonzero(cauchy))), -100, 100)
    values *= np.repeat(np.exp2(random.integers(-4, 5, -(-count // SCALE_BLOCK))), SCALE_BLOCK)[:count]
    return values.reshape(shape)


def signs(random, shape):
    return random.integers(0, 2, shape) * 2.0 - 1


def soft_labels(random, shape):
    """0 and 1, four times in five, and what is between."""
    kind = random.random(shape, np.float32)
    return np.where(kind < 0.4, 0.0, np.where(kind < 0.8, 1.0, random.random(shape)))


def labels(random, shape):
    """One for each row, any of its columns."""
    return random.integers(0, shape[1], shape[0])


def log_softmax(x):
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def log_probabilities(random, shape):
    return log_softmax(0.25 * heavy_tailed(random, shape))


def pair(first, second):
    """Two arrays of heavy tails."""
    return lambda random, shape: {first: heavy_tailed(random, shape), second: heavy_tailed(random, shape)}


def with_signs(name):
    return lambda random, shape: {name: heavy_tailed(random, shape), "target": signs(random, shape)}


def beside_the_corner(name):
    """The same, and none so near ±1 that it is rounded to it: what a derivative is at the corner of a hinge is a convention, and peers have
    others than ours."""
    def make(random, shape):
        made = with_signs(name)(random, shape)
        scores = made[name]
        scores[np.abs(np.abs(scores) - 1) < 2.0 ** -6] *= 1.25
        return made
    return make


def with_labels(name, make=heavy_tailed):
    return lambda random, shape: {name: make(random, shape), "target": labels(random, shape)}


def with_soft_labels(name):
    return lambda random, shape: {name: heavy_tailed(random, shape), "target": soft_labels(random, shape)}


def decisions(random, shape):
    """Three rows in four are decided rightly."""
    scores = heavy_tailed(random, shape)
    return {"scores": scores, "target": np.where(random.random(shape[0]) < 0.75, scores.argmax(-1), labels(random, shape))}


def class_probabilities(random, shape):
    """The true class has any probability, and in one row of four 0 or 1 exactly, where the clip bounds the logarithm. None is smaller than
    2e-3 otherwise: slopes of 1/p beyond that would set what all others are allowed to be wrong by."""
    target, rows = labels(random, shape), np.arange(shape[0])
    own = np.clip(1 / (1 + np.exp(-3 * random.standard_normal(shape[0]))), 2e-3, 1 - 2e-3)
    certain = random.random(shape[0])
    own = np.where(certain < 0.125, 0.0, np.where(certain < 0.25, 1.0, own))
    probs = np.exp(log_probabilities(random, shape))
    probs[rows, target] = 0
    probs *= ((1 - own) / np.maximum(probs.sum(-1), 1e-300))[:, None]
    probs[rows, target] = own
    return {"probs": probs, "target": target}


def probabilities(random, shape):
    """Predictions from 0.018 to 0.982, for the reason above, and where they are right, in one of ten, exactly 0 or 1."""
    target = soft_labels(random, shape)
    probs = 1 / (1 + np.exp(-np.clip(heavy_tailed(random, shape), -4, 4)))
    exact = (random.random(shape, np.float32) < 0.1) & (target == np.round(target))
    return {"probs": np.where(exact, target, probs), "target": target}


def rates(random, shape):
    return {"input": np.clip(heavy_tailed(random, shape), -20, 5), "target": np.floor(np.abs(heavy_tailed(random, shape)))}


def means_and_variances(random, shape):
    """One variance in ten is below the least that counts, 1e-6. Means are near their targets there."""
    means, target, variance = heavy_tailed(random, shape), heavy_tailed(random, shape), np.exp2(random.uniform(-4, 4, shape))
    tiny = random.random(shape, np.float32) < 0.1
    return {"input": np.where(tiny, 1e-6 * random.standard_normal(shape), means), "target": np.where(tiny, 0, target),
            "var": np.where(tiny, 1e-7, variance)}


def distributions(random, shape):
    return {"input": log_probabilities(random, shape), "target": np.exp(log_probabilities(random, shape))}


def triplets(random, shape):
    """Rows with a margin and rows without one: the positive is nearer than the negative, or further away, by a factor of 2 to 4."""
    anchor, rows = heavy_tailed(random, shape), (shape[0], 1)
    return {"anchor": anchor, "positive": anchor + random.choice([0.25, 2], rows) * random.standard_normal(shape),
            "negative": anchor + random.choice([0.5, 1], rows) * random.standard_normal(shape)}


def embeddings(random, shape):
    return {"input1": heavy_tailed(random, shape), "input2": heavy_tailed(random, shape), "target": signs(random, shape[0])}


def maps(random, shape):
    """A row is the map of one class of one sample."""
    return with_soft_labels("logits")(random, (shape[0], 1, shape[1]))


HEAVY = {
    "zero_one mode=argmax": decisions,
    "logistic": with_signs("scores"),
    "log_loss eps=1e-7": class_probabilities,
    "hinge": beside_the_corner("scores"),
    "hinge variant=weston_watkins": with_labels("scores"),
    "hinge_embedding": beside_the_corner("input"),
    **dict.fromkeys(("l1", "l2", "smooth_l1", "huber"), pair("input", "target")),
    **dict.fromkeys(("norm_l1", "norm_l2"), lambda random, shape: {"input": heavy_tailed(random, shape)}),
    "bce": with_soft_labels("logits"),
    "bce input=probs": probabilities,
    "softmax_cross_entropy": with_labels("logits"),
    "nll": with_labels("log_probs", log_probabilities),
    "sigmoid_focal reduction=mean": with_soft_labels("logits"),
    "kl_div reduction=batch": distributions,
    "triplet_margin": triplets,
    "cosine_embedding": embeddings,
    "poisson_nll": rates,
    "gaussian_nll": means_and_variances,
    "dice": maps,
}


def heavy(problem, random):
    return HEAVY[problem.form](random, problem.shape)


def published(problem, random):
    """As KernelBench makes them: U(0, 1), one of the two times a random scale."""
    shape, loss = problem.shape, problem.loss
    scale = random.random()
    if loss in ("l2", "smooth_l1"):
        return {"input": random.random(shape) * scale, "target": random.random(shape)}
    if loss == "softmax_cross_entropy":
        return {"logits": random.random(shape), "target": labels(random, shape)}
    if loss == "kl_div":
        return {"input": log_softmax(random.random(shape) * scale), "target": np.exp(log_softmax(random.random(shape)))}
    if loss == "triplet_margin":
        return {"anchor": random.random(shape) * scale, "positive": random.random(shape), "negative": random.random(shape)}
    if loss == "hinge":
        return {"scores": random.random(shape), "target": np.resize(signs(random, min(HINGE_COLUMNS, shape[0])), shape)}
    raise ValueError(f"KernelBench publishes no data for {loss}")


def make(problem, seed, index):
    """Inputs by name, doubles and 64-bit labels, not yet rounded; the same for both passes and for all contenders."""
    key = zlib.crc32(f"{problem.form} {problem.dtype} {problem.shape_text} {problem.data}".encode())
    random = np.random.default_rng([seed, index, key])
    return {"heavy": heavy, "published": published}[problem.data](problem, random)
