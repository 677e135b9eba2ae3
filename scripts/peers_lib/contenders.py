"""Who is timed. A contender makes, for each set of inputs, a function that computes everything and returns its outputs by name."""

import lossbench
import numpy as np

from . import arrays


class Unsupported(Exception):
    """This contender does not compute this problem; the text says why."""


class Contender:
    name = ""          # the variant of the record: "torch", "fused", …
    backend = "cpu"    # of the record
    peer = True        # a library that people use instead; else one of ours
    version = ""
    synchronous = False  # every call returns through the host, so no CUDA graph can hold it
    label = ""         # what a reader must know beside its figure

    def label_of(self, _problem):
        """The same, where it depends on the problem."""
        return self.label

    def prepare(self, problem, inputs, gradients):
        """A function for one InputSet. `gradients` are the inputs whose gradients are wanted, none in the forward pass. Raises
        Unsupported."""
        raise NotImplementedError


class Ours(Contender):
    """A variant of the registry, through the C ABI. Outputs and workspace are made here, once."""

    peer = False

    def __init__(self, name, backend, torch, stream, synchronous):
        self.name, self.backend, self.torch, self.stream, self.synchronous = name, backend, torch, stream, synchronous
        self.label = "sync: each call returns through the host" if synchronous else ""

    def prepare(self, problem, inputs, gradients):
        try:
            call = lossbench.prepare(problem.loss, inputs.native(), variant=self.name, backend=self.backend, gradients=gradients,
                                     options=problem.options)
        except lossbench.Error as refusal:
            raise Unsupported(str(refusal)) from None
        outputs = {output.name: self.empty(output, inputs) for output in call.outputs}
        workspace = None
        if self.backend == "cuda":
            workspace = self.torch.zeros(call.workspace_bytes, dtype=self.torch.uint8, device=inputs.device)
        run = call.bind(outputs, workspace, self.stream)

        def compute():
            if run():
                call.run(outputs, workspace, self.stream)  # again, for the message
            return outputs

        return compute

    def empty(self, output, inputs):
        """Memory that says NaN until it is written."""
        if self.torch is None:
            return np.full(output.shape, np.nan, arrays.TYPES[output.dtype])
        types = {"f32": self.torch.float32, "f64": self.torch.float64, "f16": self.torch.float16, "bf16": self.torch.bfloat16}
        return self.torch.full(output.shape, float("nan"), dtype=types[output.dtype], device=inputs.device)


def ours(backend, torch, stream):
    """Every variant that the library has on a backend, in ladder order."""
    found = [Ours(variant["name"], variant["backend"], torch, stream, variant["synchronous"] and backend == "cuda")
             for variant in lossbench.listing()["variants"] if variant["backend"] == backend]
    return found


def poison(outputs):
    """Overwrites what an earlier call has left."""
    for array in outputs.values():
        if hasattr(array, "fill_"):
            array.fill_(float("nan"))
        else:
            array.fill(np.nan)
