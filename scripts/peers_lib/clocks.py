"""Two clocks. Each turns a contender's functions, one for each set of inputs, into something that is played again and again."""

import contextlib
import time

from .contenders import poison

HOST_SAMPLE, DEVICE_SAMPLE = 5e-3, 1e-3  # seconds that one sample lasts at least
REPEATS, WORTH_REPEATING = 3, 20e-3      # on the host the fastest of three short samples counts: what shares a core only slows it down
MOST_CALLS = 256                         # in one sample


def calls_for(seconds, sample):
    """Calls that last `sample` seconds."""
    return min(max(int(sample / max(seconds, 1e-9)) + 1, 1), MOST_CALLS)


class HostRecording:
    """Calls made one after another, between two readings of the host's clock. They rotate through the functions from sample to sample."""

    def __init__(self, functions, finish=None, label="", seconds=0.0):
        """`seconds` that a call takes, where that is known. Of short calls it is found here."""
        self.functions, self.finish, self.label, self.next = functions, finish or (lambda: None), label, 0
        self.calls = 1
        if seconds < HOST_SAMPLE:
            self.calls = calls_for(self.play(), HOST_SAMPLE)
            seconds = self.play() * self.calls
        self.repeats = REPEATS if seconds < WORTH_REPEATING else 1

    def play(self):
        """Seconds a call."""
        sequence = [self.functions[(self.next + k) % len(self.functions)] for k in range(self.calls)]
        self.next += self.calls
        start = time.perf_counter()
        for function in sequence:
            function()
        self.finish()
        return (time.perf_counter() - start) / self.calls

    def sample(self):
        return min(self.play() for _ in range(self.repeats))

    def results(self):
        """The outputs for every set, one after another: they may share memory only where their functions do."""
        for function in self.functions:
            yield function()


class GraphRecording:
    """Calls captured in a CUDA graph, between two events."""

    label = ""

    def __init__(self, torch, stream, functions):
        self.torch, self.stream, self.functions = torch, stream, functions
        for function in functions * 3:  # compilation, autotuning and allocation happen before the capture, on the same stream
            function()
        self.capture(1)
        self.sample()  # the first replay brings the graph to the device
        # How long calls take is known only from a graph: one by one, short ones take as long as it takes to enqueue them.
        rotations = -(-calls_for(self.sample(), DEVICE_SAMPLE) // len(functions))
        if rotations > 1:
            self.capture(rotations)
            self.sample()

    def capture(self, rotations):
        """The graph keeps a pool of memory to itself. The outputs of the last rotation are held, so nothing in it is written over them."""
        self.graph = self.outputs = None  # the pool of an earlier one is free again
        self.graph, self.calls = self.torch.cuda.CUDAGraph(), rotations * len(self.functions)
        with self.torch.cuda.graph(self.graph, stream=self.stream):
            for _ in range(rotations):
                self.outputs = [function() for function in self.functions]

    def sample(self):
        """Seconds a call."""
        start, stop = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        self.graph.replay()
        stop.record()
        stop.synchronize()
        return start.elapsed_time(stop) * 1e-3 / self.calls

    def results(self):
        """What the last rotation of the graph leaves, after it was played once more. What an earlier one has left is overwritten before: a call
        that was launched where the capture does not see it is in no graph, and leaves nothing."""
        for outputs in self.outputs:
            poison(outputs)
        self.sample()
        return self.outputs


class HostClock:
    kind = "host clock"

    def here(self):
        """In which whatever threads do for it is done."""
        return contextlib.nullcontext()

    def record(self, _contender, functions, seconds):
        return HostRecording(functions, seconds=seconds)


class DeviceClock:
    """CUDA graphs and events; what returns through the host in every call is timed by the host's clock.

    Everything goes to one stream, which is PyTorch's current one from here on: the checks then read what the calls before them have written, and
    autograd, which computes a gradient where its loss was computed, stays inside a capture."""

    kind = "CUDA graphs and events"

    def __init__(self, torch):
        self.torch, self.stream = torch, torch.cuda.Stream()
        torch.cuda.set_stream(self.stream)

    def here(self):
        """The stream is that of a thread."""
        return self.torch.cuda.stream(self.stream)

    def record(self, contender, functions, _seconds):
        if contender.synchronous or self.waits(functions[0]):
            return HostRecording(functions, self.torch.cuda.synchronize, "" if contender.synchronous else "sync: each call returns through the host")
        return GraphRecording(self.torch, self.stream, functions)

    def waits(self, function):
        """Whether a call, which has been made before, reads a number back from the device, as .item() and torch.equal do. A capture of it would
        fail half-way; PyTorch can refuse it before."""
        cuda = self.torch.cuda
        before = cuda.get_sync_debug_mode()
        cuda.set_sync_debug_mode("error")
        try:
            function()
        except RuntimeError as refusal:
            if "synchroniz" not in str(refusal):
                raise
            return True
        finally:
            cuda.set_sync_debug_mode(before)
        return False
