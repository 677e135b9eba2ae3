"""PyTorch eager, torch.compile, Liger and QuACK. Each is called as its documentation shows, gradients through autograd."""

import importlib
import importlib.metadata

from .contenders import Contender, Unsupported
from .torch_functions import functions


class TorchPeer(Contender):
    """A function of PyTorch's kind: tensors in, a loss out that knows its gradient."""

    def __init__(self, torch, backend):
        self.torch, self.backend = torch, backend
        self.version = self.find_version()

    def find_version(self):
        return self.torch.__version__

    def function(self, problem):
        """The loss as a function of named tensors. Raises Unsupported."""
        found = functions(self.torch).get(problem.form)
        if found is None:
            raise Unsupported(f"{self.name} has no {problem.form}")
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
        self.kind, self.compiled = None, None

    def function(self, problem):
        """One for all sets of inputs and both passes. What was compiled for other losses, types and shapes is forgotten: a function that was compiled
        too many times would silently run uncompiled from then on."""
        kind = problem.form, problem.dtype, problem.shape
        if kind != self.kind:
            eager = super().function(problem)
            importlib.import_module("torch._dynamo").reset()
            self.kind, self.compiled = kind, self.torch.compile(eager, dynamic=False)
        return self.compiled


class GpuPeer(TorchPeer):
    """Kernels of a package beside PyTorch, which load 16-bit numbers and f32, and compute in f32."""

    package = ""

    def find_version(self):
        return importlib.metadata.version(self.package)

    def functions(self, problem):
        """By form of the loss."""
        raise NotImplementedError

    def function(self, problem):
        found = self.functions(problem).get(problem.form)
        if found is None:
            raise Unsupported(f"{self.name} has no {problem.form}")
        if problem.dtype == "f64":
            raise Unsupported(f"{self.name} does not compute in f64; accepted: f32, f16, bf16")
        return found


class Liger(GpuPeer):
    """Its cross-entropy counts the labels that are not ignored with .item(), and its gradients look whether what comes from above is 1: these
    return through the host in each call."""

    name, package = "liger", "liger-kernel"

    def overwrites(self, problem):
        return problem.loss == "softmax_cross_entropy" and problem.pass_ == "gradient"

    def label_of(self, problem):
        return "overwrites its logits: a copy of them is in the time" if self.overwrites(problem) else ""

    def functions(self, problem):
        from liger_kernel.transformers import functional

        def cross_entropy(s):
            # With gradients wanted it writes them over the logits. The timed inputs must stay, so it gets a copy, and pays for it.
            return functional.liger_cross_entropy(s["logits"].clone() if self.overwrites(problem) else s["logits"], s["target"])

        return {"softmax_cross_entropy": cross_entropy,
                "kl_div reduction=batch": lambda s: functional.liger_kl_div(s["input"], s["target"], reduction="batchmean")}


class Quack(GpuPeer):
    name, package = "quack", "quack-kernels"

    def functions(self, problem):
        import quack
        return {"softmax_cross_entropy": lambda s: quack.cross_entropy(s["logits"], s["target"], reduction="mean")}
