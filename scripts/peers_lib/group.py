"""The data of problems that differ in their pass only, their references, and the first calls of all contenders."""

from concurrent.futures import ThreadPoolExecutor

from . import data, gate
from .arrays import InputSet

MOST_SETS = 16


def sets_for(input_bytes, cache_bytes):
    """As many sets of inputs as fill the last-level cache four times, at least two; of arrays so short that a call is mostly overhead, not
    as many."""
    return min(max(2, -(-4 * cache_bytes // max(input_bytes, 1))), MOST_SETS)


class Start:
    """A contender's function for the first set of inputs, after the first call, in which it compiles and allocates what it needs."""

    def __init__(self, contender, problem, inputs, gradients):
        self.function, self.failure, self.changes = None, None, False
        try:
            self.function = contender.prepare(problem, inputs, gradients)
            self.function()
        except Exception as failure:  # of which the Entrant has to tell
            self.failure = failure
        if inputs.changed():
            self.changes = True
            inputs.restore()


class Group:
    """The data and the references of problems that differ in their pass only. While some threads make them, this one makes the first calls."""

    def __init__(self, group, settings):
        self.settings, self.problem = settings, group[0]  # any of them: their data are the same
        self.deepest = max(group, key=lambda problem: problem.pass_ == "gradient")
        with ThreadPoolExecutor(settings.threads) as pool:  # NumPy and the library work without Python's lock
            others = [pool.submit(self.made, index) for index in range(1, min(settings.sets or 2, 2))]
            first = self.inputs_of(0)
            count = settings.sets or sets_for(first.bytes(), settings.cache_bytes)
            others += [pool.submit(self.made, index) for index in range(2, count)]
            reference = pool.submit(gate.reference, self.deepest, first.wide())  # a copy: who changes inputs is to harm nobody else
            calls = {problem.pass_: gate.prepare(problem, first.native()) for problem in group}
            self.contract_bytes = {pass_: call.contract_bytes for pass_, call in calls.items()}
            self.gradients = {pass_: [output.name[5:] for output in call.outputs if output.name.startswith("grad_")] for pass_, call in calls.items()}
            self.starts = {(contender.name, problem.pass_): Start(contender, problem, first, self.gradients[problem.pass_])
                           for problem in group for contender in settings.contenders}
            self.inputs = [first] + [other.result()[0] for other in others]
            self.references = [reference.result()] + [other.result()[1] for other in others]
        self.forward_references = [reference.forward() for reference in self.references]
        self.cached = count * first.bytes() < settings.cache_bytes

    def inputs_of(self, index):
        with self.settings.clock.here():
            return InputSet(data.make(self.problem, self.settings.seed, index), self.problem.dtype, self.settings.torch, self.settings.device)

    def made(self, index):
        inputs = self.inputs_of(index)
        with self.settings.clock.here():
            wide = inputs.wide()
        return inputs, gate.reference(self.deepest, wide)

    def expected(self, problem, index):
        """The reference for one set, without gradients in the forward pass."""
        return (self.references if problem.pass_ == "gradient" else self.forward_references)[index]

    def changed(self):
        return any(inputs.changed() for inputs in self.inputs)
