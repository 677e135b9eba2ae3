"""Two clocks. Each turns a contender's functions, one for each set of inputs, into something that is played again and again."""

import time

HOST_SAMPLE, DEVICE_SAMPLE = 5e-3, 1e-3  # seconds that one sample lasts at least
REPEATS, WORTH_REPEATING = 3, 20e-3      # on the host the fastest of three short samples counts: what shares a core only slows it down
MOST_CALLS = 256                         # in one sample


def calls_for(seconds, sample):
    """Calls that last `sample` seconds."""
    return min(max(int(sample / max(seconds, 1e-9)) + 1, 1), MOST_CALLS)


class HostRecording:
    """Calls made one after another, between two readings of the host's clock. They rotate through the functions from sample to sample."""

    def __init__(self, functions, finish=None):
        self.functions, self.finish, self.next = functions, finish or (lambda: None), 0
        self.calls = 1
        self.calls = calls_for(self.play(), HOST_SAMPLE)
        self.repeats = REPEATS if self.play() * self.calls < WORTH_REPEATING else 1

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

    def __init__(self, torch, stream, functions):
        self.torch, self.stream = torch, stream
        with torch.cuda.stream(stream):
            for function in functions * 3:  # compilation, autotuning and allocation happen before the capture
                function()
        seconds = self.timed(lambda: [function() for function in functions]) / len(functions)
        rotations = -(-calls_for(seconds, DEVICE_SAMPLE) // len(functions))
        self.calls = rotations * len(functions)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=stream):
            for _ in range(rotations):
                self.outputs = [function() for function in functions]
        self.sample()

    def timed(self, work):
        """Seconds between an event before and one after."""
        start, stop = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        with self.torch.cuda.stream(self.stream):
            start.record()
            work()
            stop.record()
        stop.synchronize()
        return start.elapsed_time(stop) * 1e-3

    def sample(self):
        return self.timed(self.graph.replay) / self.calls

    def results(self):
        """What the last rotation of the graph has left, after it was played once more."""
        self.sample()
        return self.outputs


class HostClock:
    kind = "host clock"

    def record(self, contender, functions):
        return HostRecording(functions)



class DeviceClock:
    """CUDA graphs and events; what returns through the host in every call is timed by the host's clock."""

    kind = "CUDA graphs and events"

    def __init__(self, torch, stream):
        self.torch, self.stream = torch, stream

    def record(self, contender, functions):
        if contender.synchronous:
            return HostRecording(functions, self.torch.cuda.synchronize)
        return GraphRecording(self.torch, self.stream, functions)
