"""NumPy and JAX."""

import numpy as np

from . import formulas
from .contenders import Contender, Unsupported


class NumPy(Contender):
    """Whole-array expressions, as one writes them; gradients by hand."""

    name = "numpy"

    def __init__(self):
        self.version = np.__version__

    def prepare(self, problem, inputs, gradients):
        formula = formulas.gradient(problem.form) if gradients else formulas.value(problem.form)
        if formula is None:
            raise Unsupported(f"numpy: no {'gradient' if gradients else 'formula'} of {problem.form} is written down")
        try:
            given = inputs.numpy()
        except TypeError:
            raise Unsupported(f"numpy has no {problem.dtype}") from None
        if not gradients:
            return lambda: {"loss": formula(np, given)}

        def gradient():
            loss, slopes = formula(given)
            return {"loss": loss, **slopes}

        return gradient


class Jax(Contender):
    """The same expressions compiled by XLA, gradients by jax.value_and_grad. Asynchronous, so each call is waited for."""

    name = "jax"
    synchronous = True

    def __init__(self, jax, backend):
        self.jax, self.backend, self.version = jax, backend, jax.__version__
        self.label = "sync: each call is waited for" if backend == "cuda" else ""
        self.compiled = {}  # by form and pass: JAX compiles once for all sets of inputs

    def prepare(self, problem, inputs, gradients):
        if formulas.value(problem.form) is None:
            raise Unsupported(f"jax: no formula of {problem.form} is written down")
        given = {name: self.borrowed(array) for name, array in inputs.native().items()}
        varying = {name: given.pop(name) for name in gradients}
        compute = self.function(problem)
        if not gradients:
            return lambda: {"loss": compute(given).block_until_ready()}

        def gradient():
            loss, slopes = self.jax.block_until_ready(compute(varying, given))
            return {"loss": loss, **{"grad_" + name: slope for name, slope in slopes.items()}}

        return gradient

    def function(self, problem):
        """Of the inputs by name; in the gradient pass of those that vary and of the others."""
        key = problem.form, problem.pass_
        if key not in self.compiled:
            jnp, value = self.jax.numpy, formulas.value(problem.form)
            self.compiled[key] = self.jax.jit(self.jax.value_and_grad(lambda varying, given: value(jnp, {**given, **varying}))
                                              if problem.pass_ == "gradient" else lambda given: value(jnp, given))
        return self.compiled[key]

    def borrowed(self, array):
        """The same memory, where JAX takes it; it copies what is not aligned as it wants."""
        try:
            return self.jax.dlpack.from_dlpack(array)
        except Exception:  # a version of JAX that takes no NumPy array here
            return self.jax.numpy.asarray(array)
