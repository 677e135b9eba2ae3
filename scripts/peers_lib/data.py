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
    cauchy = random.random(count) < 0.25
    values[cauchy] = np.clip(random.standard_cauchy(int(cauchy.sum())), -100, 100)
    values *= np.repeat(np.exp2(random.integers(-4, 5, -(-count // SCALE_BLOCK))), SCALE_BLOCK)[:count]
    return values.reshape(shape)


def signs(random, shape):
    return random.integers(0, 2, shape) * 2.0 - 1


def log_softmax(x):
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def heavy(problem, random):
    shape, loss = problem.shape, problem.loss
    if loss in ("l1", "l2", "smooth_l1", "huber"):
        return {"input": heavy_tailed(random, shape), "target": heavy_tailed(random, shape)}
    if loss in ("hinge", "logistic"):
        return {"scores": heavy_tailed(random, shape), "target": signs(random, shape)}
    if loss == "bce":
        kind, soft = random.random(shape), random.random(shape)
        return {"logits": heavy_tailed(random, shape), "target": np.where(kind < 0.4, 0.0, np.where(kind < 0.8, 1.0, soft))}
    if loss == "kl_div":
        return {"input": log_softmax(0.25 * heavy_tailed(random, shape)), "target": np.exp(log_softmax(0.25 * heavy_tailed(random, shape)))}
    if loss == "poisson_nll":
        return {"input": np.clip(heavy_tailed(random, shape), -20, 5), "target": np.floor(np.abs(heavy_tailed(random, shape)))}
    if loss == "softmax_cross_entropy":
        return {"logits": heavy_tailed(random, shape), "target": random.integers(0, shape[1], shape[0])}
    if loss == "triplet_margin":
        # Rows with a margin and rows without one: the positive is nearer than the negative, or further away, by a factor of 2 to 4.
        anchor, rows = heavy_tailed(random, shape), (shape[0], 1)
        return {"anchor": anchor, "positive": anchor + random.choice([0.25, 2], rows) * random.standard_normal(shape),
                "negative": anchor + random.choice([0.5, 1], rows) * random.standard_normal(shape)}
    if loss == "cosine_embedding":
        return {"input1": heavy_tailed(random, shape), "input2": heavy_tailed(random, shape), "target": signs(random, shape[0])}
    raise ValueError(f"no data for {loss}")


def published(problem, random):
    """As KernelBench makes them: U(0, 1), one of the two times a random scale."""
    shape, loss = problem.shape, problem.loss
    scale = random.random()
    if loss in ("l2", "smooth_l1"):
        return {"input": random.random(shape) * scale, "target": random.random(shape)}
    if loss == "softmax_cross_entropy":
        return {"logits": random.random(shape), "target": random.integers(0, shape[1], shape[0])}
    if loss == "kl_div":
        return {"input": log_softmax(random.random(shape) * scale), "target": np.exp(log_softmax(random.random(shape)))}
    if loss == "triplet_margin":
        return {"anchor": random.random(shape) * scale, "positive": random.random(shape), "negative": random.random(shape)}
    if loss == "hinge":
        return {"scores": random.random(shape), "target": np.resize(signs(random, min(HINGE_COLUMNS, shape[0])), shape)}
    raise ValueError(f"KernelBench publishes no data for {loss}")


def make(problem, seed, index):
    """Inputs by name, doubles and 64-bit labels, not yet rounded; the same for both passes and for all contenders."""
    key = zlib.crc32(f"{problem.loss} {problem.dtype} {problem.shape_text} {problem.data}".encode())
    random = np.random.default_rng([seed, index, key])
    return {"heavy": heavy, "published": published}[problem.data](problem, random)
