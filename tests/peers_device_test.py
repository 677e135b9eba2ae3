#!/usr/bin/env python3
"""How scripts/peers times and calls things on a GPU, with stand-ins for PyTorch, Liger and QuACK: no machine of the tests has a GPU."""

import os
import pathlib
import sys
import types
import unittest
from unittest import mock

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "python")]
sys.dont_write_bytecode = True

from peers_lib import clocks, contenders, peers, problems, torch_peers  # noqa: E402


class Scope:
    def __init__(self, enter, leave):
        self.enter, self.leave = enter, leave

    def __enter__(self):
        self.enter()

    def __exit__(self, *_):
        self.leave()


class FakeTorch:
    """As much of it as the clock of devices uses. What is launched on the stream of a capture is kept, and made again on a replay; a call takes
    0.3 ms on the device, and half a millisecond to enqueue it from Python."""

    def __init__(self):
        self.device_time, self.host_time, self.log, self.debug_modes = 0.0, 0.0, [], []
        self.capturing, self.captures, self.current, self.graphs = None, 0, "default", []
        fake = self

        class Event:
            def __init__(self, enable_timing):
                assert enable_timing

            def record(self):
                assert fake.capturing is None
                self.at = fake.device_time

            def synchronize(self):
                pass

            def elapsed_time(self, other):
                return (other.at - self.at) * 1e3

        class CUDAGraph:
            def __init__(self):
                self.launches = []

            def replay(self):
                for launch in self.launches:
                    launch()

        self.cuda = types.SimpleNamespace(
            Event=Event, CUDAGraph=CUDAGraph, Stream=lambda: "own", set_stream=self.set_stream, stream=self.scope, graph=self.graph, synchronize=lambda: None,
            get_sync_debug_mode=lambda: self.debug_modes[-1] if self.debug_modes else 0, set_sync_debug_mode=self.debug_modes.append)

    def set_stream(self, stream):
        self.current = stream

    def scope(self, stream):
        before = self.current
        return Scope(lambda: self.set_stream(stream), lambda: self.set_stream(before))

    def graph(self, graph, stream):
        assert stream == self.current

        def enter():
            self.capturing, self.captures = graph.launches, self.captures + 1

        def leave():
            self.capturing = None
        return Scope(enter, leave)

    def function(self, name, stream=None, waits=False):
        """Writes 1 into its output, on a stream (default: the current one)."""
        output = np.zeros(3)

        def launch():
            self.log.append(name)
            self.device_time += 0.3e-3
            output.fill(1)

        def call():
            if waits and self.cuda.get_sync_debug_mode() == "error":
                raise RuntimeError("called a synchronizing CUDA operation")
            if waits and self.capturing is not None:
                raise RuntimeError("operation not permitted when stream is capturing")
            self.device_time += 0 if self.capturing is not None else 0.5e-3
            if self.capturing is not None and (stream or self.current) == self.current:
                self.capturing.append(launch)
            else:
                launch()
            return {"loss": output}
        return call


class Graphs(unittest.TestCase):
    def setUp(self):
        self.torch = FakeTorch()
        self.clock = clocks.DeviceClock(self.torch)
        self.contender = contenders.Contender()

    def test_everything_goes_to_the_stream_of_the_clock(self):
        self.assertEqual((self.torch.current, self.clock.stream), ("own", "own"))
        self.torch.current = "default"  # as in another thread
        with self.clock.here():
            self.assertEqual(self.torch.current, "own")
        self.assertEqual(self.torch.current, "default")

    def test_a_graph_rotates_through_all_sets_until_it_lasts_a_millisecond(self):
        recording = self.clock.record(self.contender, [self.torch.function(name) for name in "abc"], 0)
        self.assertEqual(recording.calls, 6)  # 1 ms takes four calls of 0.3 ms, in whole rotations, however long they take to enqueue
        self.assertEqual(len(recording.graph.launches), 6)
        self.assertEqual(recording.label, "")
        self.assertAlmostEqual(recording.sample(), 0.3e-3)
        self.torch.log.clear()
        self.assertEqual([outputs["loss"].tolist() for outputs in recording.results()], [[1] * 3] * 3)
        self.assertEqual(self.torch.log, list("abcabc"))

    def test_a_graph_of_long_calls_has_one_rotation(self):
        recording = self.clock.record(self.contender, [self.torch.function(name) for name in "abcde"], 0)
        self.assertEqual((recording.calls, self.torch.captures), (5, 1))

    def test_everything_is_called_before_the_capture(self):
        called_first = []
        functions = [self.torch.function(name) for name in "ab"]

        def watched():
            called_first.append(self.torch.capturing is None)
            return functions[0]()

        self.clock.record(self.contender, [watched, functions[1]], 0)
        self.assertEqual(called_first[:3], [True] * 3)
        self.assertIn(False, called_first)

    def test_what_was_launched_beside_the_capture_leaves_nothing(self):
        recording = self.clock.record(self.contender, [self.torch.function("a", stream="another")], 0)
        self.assertTrue(np.isnan(recording.results()[0]["loss"]).all())

    def test_what_returns_through_the_host_is_timed_by_its_clock(self):
        for waits, synchronous, label in ((True, False, "sync: each call returns through the host"), (False, True, "")):
            self.contender.synchronous = synchronous  # then it says so itself
            recording = self.clock.record(self.contender, [self.torch.function("a", waits=waits)], 0)
            self.assertIsInstance(recording, clocks.HostRecording)
            self.assertIs(recording.finish, self.torch.cuda.synchronize)
            self.assertEqual((recording.label, self.torch.captures), (label, 0))
            self.assertEqual(self.torch.cuda.get_sync_debug_mode(), 0)

    def test_another_failure_is_no_wait(self):
        failures = [RuntimeError("out of memory")]

        def broken_once():
            if failures:
                raise failures.pop()
            return {"loss": np.zeros(())}

        with self.assertRaisesRegex(RuntimeError, "out of memory"):
            self.clock.record(self.contender, [broken_once], 0)
        self.assertEqual(self.torch.cuda.get_sync_debug_mode(), 0)


class Logits:
    """A tensor that can be copied."""

    def clone(self):
        return "a copy"


def liger_cross_entropy(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean", label_smoothing=0.0,
                        lse_square_scale=0.0, softcap=None, return_z_loss=False, return_token_accuracy=False, return_predicted_tokens=False):
    return input, target, reduction, ignore_index


def liger_kl_div(input, target, size_average=True, reduce=True, reduction="mean", log_target=False, eps=1e-10):
    return input, target, reduction, log_target


def quack_cross_entropy(x, target, lse_partial=None, weight=None, ignore_index=-100, reduction="mean", inplace_backward=False):
    return x, target, reduction, inplace_backward


PACKAGES = {"liger_kernel": types.ModuleType("liger_kernel"),
            "liger_kernel.transformers": types.SimpleNamespace(
                functional=types.SimpleNamespace(liger_cross_entropy=liger_cross_entropy, liger_kl_div=liger_kl_div)),
            "quack": types.SimpleNamespace(cross_entropy=quack_cross_entropy)}


def problem(loss, pass_="forward", dtype="bf16", options={}):
    return problems.Problem(loss, pass_, dtype, (4, 8), options)


class Packages(unittest.TestCase):
    """Signatures as in liger-kernel 0.8.5 and quack-kernels 0.6.5."""

    def setUp(self):
        for patch in (mock.patch.dict(sys.modules, PACKAGES), mock.patch("importlib.metadata.version", lambda name: f"1 of {name}")):
            patch.start()
            self.addCleanup(patch.stop)
        self.liger, self.quack = torch_peers.Liger(None, "cuda"), torch_peers.Quack(None, "cuda")

    def test_versions_are_those_of_the_packages(self):
        self.assertEqual((self.liger.version, self.quack.version), ("1 of liger-kernel", "1 of quack-kernels"))

    def test_liger_gets_a_copy_where_it_writes_and_says_so_there_alone(self):
        s = {"logits": Logits(), "target": "labels"}
        for pass_, given, label in (("gradient", "a copy", "overwrites its logits"), ("forward", s["logits"], "")):
            asked = problem("softmax_cross_entropy", pass_)
            self.assertEqual(self.liger.function(asked)(s), (given, "labels", "mean", -100))
            self.assertTrue(self.liger.label_of(asked).startswith(label) and bool(label) == bool(self.liger.label_of(asked)))
        self.assertEqual(self.liger.label_of(problem("kl_div", "gradient", options={"reduction": "batch"})), "")

    def test_the_mean_of_a_kl_divergence_is_over_the_batch(self):
        s = {"input": "x", "target": "t"}
        self.assertEqual(self.liger.function(problem("kl_div", options={"reduction": "batch"}))(s), ("x", "t", "batchmean", False))
        with self.assertRaises(contenders.Unsupported):
            self.liger.function(problem("kl_div"))  # the mean over all elements is another loss

    def test_quack_leaves_its_inputs(self):
        for pass_ in problems.PASSES:
            self.assertEqual(self.quack.function(problem("softmax_cross_entropy", pass_))({"logits": "x", "target": "t"}), ("x", "t", "mean", False))

    def test_what_they_do_not_compute_is_declined(self):
        for peer in (self.liger, self.quack):
            for asked, naming in ((problem("l2"), "has no l2"), (problem("softmax_cross_entropy", dtype="f64"), "does not compute in f64; accepted: f32")):
                with self.assertRaisesRegex(contenders.Unsupported, f"{peer.name} {naming}"):
                    peer.function(asked)


class Jax(unittest.TestCase):
    def test_it_takes_no_memory_before_it_is_needed_unless_told_to(self):
        def found(name):
            settings.append(os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"])
            return None, "not installed"

        for given, expected in (({}, "false"), ({"XLA_PYTHON_CLIENT_PREALLOCATE": "true"}, "true")):
            settings = []
            with mock.patch.dict(os.environ, given), mock.patch("peers_lib.peers.import_or_none", found), self.assertRaises(peers.Missing):
                if not given:
                    os.environ.pop("XLA_PYTHON_CLIENT_PREALLOCATE", None)
                peers.jax_peer("cuda")
            self.assertEqual(settings, [expected])


class Compiled(unittest.TestCase):
    def test_it_is_compiled_once_for_all_sets_and_passes_and_anew_for_others(self):
        events = []
        torch = types.SimpleNamespace(__version__="2", nn=types.SimpleNamespace(functional=None),
                                      compile=lambda function, dynamic: events.append("compile") or (lambda s: "compiled"))
        with mock.patch.dict(sys.modules, {"torch._dynamo": types.SimpleNamespace(reset=lambda: events.append("reset"))}):
            peer = torch_peers.Compiled(torch, "cpu")
            one = [peer.function(problem("l2")) for _ in range(3)]
            self.assertTrue(one[0] is one[1] is one[2] is peer.function(problem("l2", "gradient")))
            self.assertIsNot(peer.function(problem("l2", dtype="f16")), one[0])
            self.assertIsNot(peer.function(problem("l1", dtype="f16")), one[0])
        self.assertEqual(events, ["reset", "compile"] * 3)  # what was compiled for others would count against the limit of this one


if __name__ == "__main__":
    unittest.main()
