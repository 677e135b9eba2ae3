"""PyTorch eager, torch.compile, Liger and QuACK. Each is called as its documentation shows, gradients through autograd."""

import importlib.metadata

from .contenders import Contender, Unsupported


def functions(torch):
    """The losses in PyTorch's own words: inputs by name -> the reduced loss."""
    F = torch.nn.functional
    return {
        "l1": lambda s: F.l1_loss(s["input"], s["target"]),
        "l2": lambda s: F.mse_loss(s["input"], s["target"]),
        "smooth_l1": lambda s: F.smooth_l1_loss(s["input"], s["target"]),
        "huber": lambda s: F.huber_loss(s["input"], s["target"]),
        "hinge": lambda s: torch.clamp(1 - s["scores"] * s["target"], min=0).mean(),
        "logistic": lambda s: F.soft_margin_loss(s["scores"], s["target"]),
        "bce": lambda s: F.binary_cross_entropy_with_logits(s["logits"], s["target"]),
        "kl_div": lambda s: F.kl_div(s["input"], s["target"], reduction="batchmean"),
        "poisson_nll": lambda s: F.poisson_nll_loss(s["input"], s["target"]),
        "softmax_cross_entropy": lambda s: F.cross_entropy(s["logits"], s["target"]),
        "triplet_margin": lambda s: F.triplet_margin_loss(s["anchor"], s["positive"], s["negative"]),
        "cosine_embedding": lambda s: F.cosine_embedding_loss(s["input1"], s["input2"], s["target"]),
    }


class TorchPeer(Contender):
    """A function of PyTorch's kind: tensors in, a loss out that knows its gradient."""

    def __init__(self, torch, backend):
        self.torch, self.backend = torch, backend
        self.version = self.find_version()

    def find_version(self):
        return self.torch.__version__

    def function(self, problem):
        """The loss as a function of named tensors. Raises Unsupported."""
        found = functions(self.torch).get(problem.loss)
        if found is None:
            raise Unsupported(f"{self.name} has no {problem.loss}")
        return found

    def prepare(self, problem, inputs, gradients):
        loss_of, given = self.function(problem), inputs.native()
        if not gradients:
            def forward():
                with self.torch.no_grad():
                    return {"loss": loss_of(given)}

            return forward
        leaves = [given[name].detach().requires_grad_() for name in gradients]
        given.update(zip(gradients, leaves))
        names = ["grad_" + name for name in gradients]

        def gradient():
            loss = loss_of(given)
            return {"loss": loss.detach(), **dict(zip(names, self.torch.autograd.grad(loss, leaves)))}

        return gradient


class Eager(TorchPeer):
    name = "torch"


class Compiled(TorchPeer):
    """The eager function through torch.compile, for these shapes. Compiling happens in the first call, which is not timed."""

    name = "torch_compile"

    def __init__(self, torch, backend):
        super().__init__(torch, backend)
        self.compiled = {}  # one for all sets of inputs

    def function(self, problem):
        if problem.loss not in self.compiled:
            self.compiled[problem.loss] = self.torch.compile(super().function(problem), dynamic=False)
        return self.compiled[problem.loss]


class Liger(TorchPeer):
    name = "liger"

    def find_version(self):
        return importlib.metadata.version("liger-kernel")

    def function(self, problem):
        from liger_kernel.transformers import functional
        if problem.loss == "softmax_cross_entropy":
            if problem.pass_ == "gradient":
                # It writes the gradient over the logits. The timed inputs must stay, so it gets a copy, and pays for it.
                self.label = "overwrites its logits: a copy of them is in the time"
                return lambda s: functional.liger_cross_entropy(s["logits"].clone(), s["target"])
            return lambda s: functional.liger_cross_entropy(s["logits"], s["target"])
        if problem.loss == "kl_div":
            return lambda s: functional.liger_kl_div(s["input"], s["target"], reduction="batchmean")
        raise Unsupported(f"{self.name} has no {problem.loss}")


class Quack(TorchPeer):
    name = "quack"

    def find_version(self):
        return importlib.metadata.version("quack-kernels")

    def function(self, problem):
        import quack
        if problem.loss != "softmax_cross_entropy":
            raise Unsupported(f"{self.name} has no {problem.loss}")
        return lambda s: quack.cross_entropy(s["logits"], s["target"], reduction="mean")
