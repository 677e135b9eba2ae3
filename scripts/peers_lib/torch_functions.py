"""The losses in PyTorch's own words, by their form: inputs by name -> the reduced loss. Where `torch.nn.functional` has none, as its users write it."""


def focal(torch, s):
    """As torchvision publishes it, with its alpha of 0.25 and gamma of 2."""
    x, y = s["logits"], s["target"]
    p = torch.sigmoid(x)
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits(x, y, reduction="none")
    p_t = p * y + (1 - p) * (1 - y)
    return ((0.25 * y + 0.75 * (1 - y)) * cross_entropy * (1 - p_t) ** 2).mean()


def dice(torch, s):
    p, y = torch.sigmoid(s["logits"]).flatten(2), s["target"].flatten(2)
    return (1 - (2 * (p * y).sum(-1) + 1) / (p.sum(-1) + y.sum(-1) + 1)).mean()


def log_loss(s):
    return -s["probs"].gather(1, s["target"][:, None]).clamp(1e-7, 1 - 1e-7).log().mean()


def functions(torch):
    F = torch.nn.functional
    return {
        "l1": lambda s: F.l1_loss(s["input"], s["target"]),
        "l2": lambda s: F.mse_loss(s["input"], s["target"]),
        "smooth_l1": lambda s: F.smooth_l1_loss(s["input"], s["target"]),
        "huber": lambda s: F.huber_loss(s["input"], s["target"]),
        "norm_l1": lambda s: torch.linalg.vector_norm(s["input"], ord=1),
        "norm_l2": lambda s: torch.linalg.vector_norm(s["input"], ord=2),
        "zero_one mode=argmax": lambda s: (s["scores"].argmax(1) != s["target"]).float().mean(),
        "hinge": lambda s: torch.clamp(1 - s["scores"] * s["target"], min=0).mean(),
        "hinge variant=weston_watkins": lambda s: F.multi_margin_loss(s["scores"], s["target"]),
        "hinge_embedding": lambda s: F.hinge_embedding_loss(s["input"], s["target"]),
        "logistic": lambda s: F.softplus(-s["scores"] * s["target"]).mean(),  # soft_margin_loss is infinite from a margin of -89 on
        "log_loss eps=1e-7": log_loss,
        "bce": lambda s: F.binary_cross_entropy_with_logits(s["logits"], s["target"]),
        "bce input=probs": lambda s: F.binary_cross_entropy(s["probs"], s["target"]),
        "softmax_cross_entropy": lambda s: F.cross_entropy(s["logits"], s["target"]),
        "nll": lambda s: F.nll_loss(s["log_probs"], s["target"]),
        "sigmoid_focal reduction=mean": lambda s: focal(torch, s),
        "kl_div reduction=batch": lambda s: F.kl_div(s["input"], s["target"], reduction="batchmean"),
        "poisson_nll": lambda s: F.poisson_nll_loss(s["input"], s["target"]),
        "gaussian_nll": lambda s: F.gaussian_nll_loss(s["input"], s["target"], s["var"]),
        "triplet_margin": lambda s: F.triplet_margin_loss(s["anchor"], s["positive"], s["negative"]),
        "cosine_embedding": lambda s: F.cosine_embedding_loss(s["input1"], s["input2"], s["target"]),
        "dice": lambda s: dice(torch, s),
    }
