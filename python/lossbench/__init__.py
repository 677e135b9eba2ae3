"""lossbench from Python: every loss by every variant, on any arrays that speak DLPack (NumPy, PyTorch, JAX, CuPy).

    call = lossbench.prepare("l2", {"input": x, "target": y}, gradients=True)
    call.run({"loss": loss, "grad_input": gradient})

It is capi/lossbench.h by ctypes and needs nothing but liblossbench.so, which is looked for in $LOSSBENCH_LIBRARY, in build/release of
the repository, and where the system keeps its libraries. docs/c-api.md has the details.
"""

from ._call import Call, Output, listing, prepare
from ._library import Error, load, version

__all__ = ["Call", "Error", "Output", "listing", "load", "prepare", "version"]
