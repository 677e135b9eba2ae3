"""A logistic loss and its gradient, on NumPy arrays."""

import numpy
import lossbench

scores = numpy.array([2.0, -1.0, 0.5], dtype=numpy.float32)
signs = numpy.array([1, 1, -1], dtype=numpy.float32)

call = lossbench.prepare("logistic", {"scores": scores, "target": signs}, gradients=True, options={"reduction": "sum"})
outputs = {output.name: numpy.empty(output.shape, {"f32": numpy.float32}[output.dtype]) for output in call.outputs}
call.run(outputs)

print(f"{call.variant} on {call.backend}: {outputs}")
assert numpy.allclose(outputs["loss"], numpy.log1p(numpy.exp(-signs * scores)).sum())
assert numpy.allclose(outputs["grad_scores"], -signs / (1 + numpy.exp(signs * scores)))

try:
    lossbench.prepare("logistic", {"scores": scores, "target": signs[:2]})
except lossbench.Error as refusal:
    print(f"{refusal.kind}: {refusal}")
