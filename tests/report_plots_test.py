#!/usr/bin/env python3
"""scripts/report: peers and their ratios, plots and what they say, caveats, joined records, the program's files and refusals."""

import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

from report_lib import answer, choose, drawing, gallery, markdown, page, peers, records, style  # noqa: E402

ELEMENTS = 1000000
BYTES = {"forward": 8e6, "gradient": 12e6}


def entry(name, milliseconds, **counters):
    pass_ = name.split("/")[3]
    return {"name": name + "/manual_time", "run_name": name + "/manual_time", "run_type": "iteration", "real_time": milliseconds, "time_unit": "ms",
            "contract_bytes": BYTES[pass_], "elements": ELEMENTS, "error": 1e-8, "bound": 1e-7, "error_ulps_of_largest": 0.5, "uncertainty": 0.004, **counters}


def document(*entries, **context):
    return {"context": {"cpu": "A CPU", "device": "none: no card", **context}, "benchmarks": list(entries)}


def run_of(*entries, **context):
    return records.parse(json.dumps(document(*entries, **context)))


def suite(*more):
    return run_of(
        entry("l2/scalar/scalar/forward/f32/1000000", 8.0, order=1),
        entry("l2/thrust/cpu/forward/f32/1000000", 2.0, order=1, **{"ceiling_GB/s": 16.0, "percent_of_ceiling": 25.0}),
        entry("l2/simd/cpu/forward/f32/1000000", 1.0, order=2, drift=1, **{"ceiling_GB/s": 16.0, "percent_of_ceiling": 50.0}),
        entry("l2/naive_atomic/simt/forward/f32/1000000", 0, order=0, error_ulps_of_largest=800.0, counted_bytes=8e6, launches=2, atomics=1e6),
        entry("l2/single_pass/simt/forward/f32/1000000", 0, order=1, error_ulps_of_largest=0.0, counted_bytes=8e6, launches=1, atomics=0), *more)


def with_peers(simd=1.0, torch=3.0, **context):
    return run_of(
        entry("l2/simd/cpu/forward/f32/1000000", simd, order=2),
        entry("l2/torch/cpu/forward/f32/1000000", torch, peer=1, **{"ceiling_GB/s": 16.0}),
        entry("l2/numpy/cpu/forward/f32/1000000", 10.0, peer=1, error_occurred=True, error_message="misses its tolerance"),
        version_torch="9.8.7", version_numpy="1.2.3", **context)


def plots_of(run):
    return {plot.name: plot for plot in gallery.everything(run)}


class Peers(unittest.TestCase):
    def test_a_ratio_is_of_one_process(self):
        # In the suite's own process simd took 1 ms, beside torch 2 ms: 3 / 2, not 3 / 1.
        duel = peers.duels(records.join([suite(), with_peers(simd=2.0)]), "l2", "forward")["torch"]
        self.assertAlmostEqual(duel.ratio, 1.5)
        self.assertEqual(duel.ours.process, 1)

    def test_without_ours_in_its_process_a_peer_has_no_ratio(self):
        alone = run_of(entry("l2/torch/cpu/forward/f32/1000000", 3.0, peer=1))
        self.assertEqual(peers.duels(records.join([suite(), alone]), "l2", "forward"), {})

    def test_other_sizes_and_types_are_no_rivals(self):
        run = run_of(entry("l2/torch/cpu/forward/f32/1000000", 3.0, peer=1), entry("l2/simd/cpu/forward/f32/500", 0.1),
                     entry("l2/fused/cpu/forward/bf16/1000000", 0.1), entry("l2/single_pass/simt/forward/f32/1000000", 0.1))
        self.assertEqual(peers.duels(run, "l2", "forward"), {})

    def test_a_peer_that_fails_the_check_has_no_ratio_and_is_named(self):
        run = with_peers()
        self.assertTrue(math.isnan(peers.duels(run, "l2", "forward")["numpy"].ratio))
        self.assertIn("`l2/numpy` (forward)", answer.caveats(run))
        self.assertFalse(answer.verdict(run).startswith("**1 of"))  # it is not our failure

    def test_a_peer_that_is_less_exact_has_a_marked_ratio(self):
        run = run_of(entry("l2/simd/cpu/forward/f32/1000000", 1.0), entry("l2/torch/cpu/forward/f32/1000000", 3.0, peer=1, error=2e-7))
        duel = peers.duels(run, "l2", "forward")["torch"]
        self.assertEqual((duel.ratio, duel.caveats), (3.0, ["inexact"]))
        self.assertEqual(peers.cell(duel), "3.00× †")
        self.assertFalse(any(case.failed for case in run.cases))
        self.assertTrue(run_of(entry("l2/simd/cpu/forward/f32/1000000", 1.0, error=2e-7)).cases[0].failed)  # ours must not be

    def test_a_peer_that_threw_is_still_a_peer(self):
        broken = entry("l2/jax/cpu/forward/f32/1000000", 1.0, error_occurred=True, error_message="out of memory")
        run = records.parse(json.dumps(document(broken, version_jax="0.4")))
        self.assertTrue(run.cases[0].peer)

    def test_who_wins_is_said_and_a_tie_is_no_win(self):
        for torch, sentence in ((3.0, "in 1 of 1 comparisons"), (1.002, "in 0 of 1 comparisons"),
                                (0.5, "The peer is faster at `l2` forward (0.50×)")):
            text = " ".join(answer.rivals(with_peers(torch=torch)))
            self.assertIn("**Against torch** 9.8.7", text)
            self.assertIn(sentence, text)
            self.assertEqual("The peer is faster" in text, torch == 0.5)

    def test_peers_are_no_part_of_the_ladder(self):
        run = records.join([suite(), with_peers()])
        self.assertEqual(choose.best(run, "l2", choose.CPU, "forward").variant, "simd")
        self.assertEqual([case.variant for case in choose.headline_of(run, "l2", choose.CPU)], ["scalar", "thrust", "simd"])
        self.assertNotIn("torch", plots_of(run)["l2.throughput-cpu"].words)
        self.assertIn("torch", plots_of(run)["l2.peers"].words)


class Joined(unittest.TestCase):
    def test_what_one_process_knows_of_the_order_holds_in_all(self):
        peers_process = with_peers()
        del peers_process.cases[0].counters["order"]
        joined = records.join([suite(), peers_process])
        self.assertEqual({case.order for case in joined.cases if case.variant == "simd"}, {"order_invariant"})
        self.assertEqual({case.order for case in joined.cases if case.variant == "torch"}, {""})

    def test_a_device_named_at_greater_length_is_the_same(self):
        gpu = [run_of(device="NVIDIA H200"), run_of(device="NVIDIA H200, 132 SMs"), run_of(device="none: measured on the CPU")]
        self.assertEqual(len(records.join(gpu).processes), 3)

    def test_records_of_different_machines_are_refused(self):
        with self.assertRaisesRegex(ValueError, "cpu is 'Another'"):
            records.join([suite(), with_peers(cpu="Another")])

    def test_the_summary_has_the_best_its_ceiling_its_ratios_and_its_error(self):
        header, rows = answer.summary(records.join([suite(), with_peers()]))
        row = dict(zip(header, rows[0]))
        self.assertEqual((row["best on the CPU"], row["GB/s"], row["ceiling"]), ("`simd`", "8.00 †", "50 %"))
        self.assertEqual((row["× torch"], row["× numpy"]), ("3.00×", "failed"))
        self.assertEqual((row["leanest kernel"], row["traffic"]), ("`single_pass`", "1.00×"))

    def test_different_commits_are_a_caveat(self):
        joined = records.join([run_of(commit="aaa"), run_of(commit="bbb")])
        self.assertIn("different commits (aaa, bbb)", answer.caveats(joined))


class Plots(unittest.TestCase):
    RUN = records.join([suite(entry("l2/thrust/cpu/forward/f32/2000", 0.01, elements=2000, contract_bytes=16000),
                              entry("l1/simd/cpu/forward/f32/1000000", 1.0)), with_peers()])

    def test_which_there_are(self):
        self.assertEqual(list(plots_of(self.RUN)), [
            "all.ceiling", "all.peers", "all.traffic", "l2.throughput-cpu", "l2.peers", "l2.traffic", "l2.size-cpu", "l2.accuracy-cpu", "l2.error",
            "l1.throughput-cpu"])

    def drawn(self, name):
        return plots_of(self.RUN)[name].draw()

    def texts(self, name):
        return [text.get_text() for axes in self.drawn(name).axes for text in axes.texts]

    def test_the_ceiling_is_drawn_at_its_value(self):
        lines = [line for line in self.drawn("l2.throughput-cpu").axes[0].lines if line.get_gid() == "ceiling"]
        self.assertEqual([list(line.get_xdata()) for line in lines], [[16.0, 16.0]] * 2)
        self.assertGreater(self.drawn("l2.throughput-cpu").axes[0].get_xlim()[1], 16.0)
        self.assertIn("ceiling 16.0", self.texts("l2.throughput-cpu"))

    def test_bars_are_as_long_as_the_throughput(self):
        widths = [bar.get_width() for bar in self.drawn("l2.throughput-cpu").axes[0].patches]
        self.assertEqual([round(width, 9) for width in widths], [1.0, 4.0, 8.0])

    def test_a_caveat_is_marked_and_named(self):
        self.assertIn("8.00 · 50 % †", self.texts("l2.throughput-cpu"))
        self.assertIn("4.00 · 25 %", self.texts("l2.throughput-cpu"))
        self.assertIn("† simd (forward) drift", plots_of(self.RUN)["l2.throughput-cpu"].note)
        self.assertIn("1 *drift*", answer.caveats(self.RUN))

    def test_counted_bytes_and_launches_stand_beside_the_bars(self):
        texts = self.texts("l2.traffic")
        self.assertEqual((texts.count("1.00×"), texts.count("2"), texts.count("1")), (2, 1, 1))

    def test_a_kernel_under_the_emulator_is_in_no_plot_of_throughput(self):
        for name, plot in plots_of(self.RUN).items():
            if not re.search("traffic|error", name):
                self.assertNotRegex(plot.words, "single_pass|naive_atomic", name)

    def test_accuracy_is_at_its_throughput_and_its_error(self):
        figure = self.drawn("l2.accuracy-cpu")
        points = {(round(line.get_xdata()[0], 9), line.get_ydata()[0]) for line in figure.axes[0].lines}
        self.assertEqual(points, {(8.0, 0.5), (round(8 / 3, 9), 0.5)})

    def test_without_ulps_accuracy_is_the_share_of_the_bound(self):
        run = with_peers()
        for case in run.cases:
            case.counters.pop("error_ulps_of_largest", None)
        figure = plots_of(run)["l2.accuracy-cpu"].draw()
        self.assertEqual(figure.axes[0].get_ylabel(), "error / bound")
        self.assertEqual({round(line.get_ydata()[0], 9) for line in figure.axes[0].lines}, {0.1})

    def test_sizes_come_from_the_process_that_has_the_most(self):
        more = run_of(*[entry(f"l2/simd/cpu/forward/f32/{n}", n * 1e-6, elements=n, contract_bytes=8 * n) for n in (1000, 2000, 4000)])
        plot = plots_of(records.join([self.RUN, more]))["l2.size-cpu"]
        self.assertIn("simd 4000 8.00 GB/s", plot.words)
        (line,) = plot.draw().axes[0].lines
        self.assertEqual([round(x, 9) for x in line.get_xdata()], [0.008, 0.016, 0.032])

    def test_the_guarantee_of_order_shows(self):
        marks = gallery.marks_of(self.RUN)
        hollow, full = (marks.point("simd", order) for order in ("none", "run_to_run"))
        self.assertNotEqual(hollow.get("markerfacecolor", hollow["color"]), hollow["color"])
        self.assertEqual(full.get("markerfacecolor", full["color"]), full["color"])
        self.assertEqual(marks.point("torch", "")["fillstyle"], "left")
        self.assertNotEqual(marks.point("simd", "order_invariant")["markeredgecolor"], full["markeredgecolor"])

    def test_no_two_variants_look_alike(self):
        marks = style.Marks(f"variant {i}" for i in range(64))
        looks = {(marks.colour(name), marks.marker(name)) for name in marks.places}
        self.assertEqual(len(looks), 64)

    def test_an_error_of_nothing_is_called_exact(self):
        figure = self.drawn("l2.error")
        figure.draw_without_rendering()
        self.assertIn("exact", [tick.get_text() for tick in figure.axes[0].get_xticklabels()])

    def test_placeholders_differ_and_none_is_left_in_the_page(self):
        self.assertEqual(len({entry[0] for entry in style.COLOURS.values()}), len(style.COLOURS))
        html = page.render(self.RUN, "")
        for placeholder, light, dark in style.COLOURS.values():
            self.assertNotIn(placeholder, html)
            self.assertIn(light, html)
            self.assertIn(dark, html)
        self.assertIn("prefers-color-scheme: dark", html)

    def test_many_losses_are_folded_and_a_link_opens_them(self):
        names = [f"loss{i}" for i in range(page.UNFOLDED + 1)]
        run = run_of(*[entry(f"{name}/simd/cpu/forward/f32/1000000", 1.0) for name in names],
                     entry("bad/simd/cpu/forward/f32/1000000", 1.0, error=1.0))
        html = page.render(run, "")
        self.assertEqual(len(re.findall('<details class="loss">', html)), len(names))
        self.assertEqual(len(re.findall('<details class="loss" open>', html)), 1)  # the one that failed
        for name in names:  # a browser unfolds what holds the target of a link
            self.assertRegex(html, rf'</summary>\n<div id="{name}">')
            self.assertIn(f'href="#{name}"', html)


class Program(unittest.TestCase):
    def run_report(self, folder, *arguments):
        return subprocess.run([sys.executable, str(ROOT / "scripts" / "report"), *arguments], cwd=folder, capture_output=True, text=True)

    def test_every_file_it_was_asked_for(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "a.json").write_text(json.dumps(document(entry("l2/simd/cpu/forward/f32/1000000", 1.0, **{"ceiling_GB/s": 9.0}))))
            (folder / "b.json").write_text(json.dumps(document(entry("l2/simd/cpu/forward/f32/1000000", 1.0),
                                                               entry("l2/torch/cpu/forward/f32/1000000", 2.0, peer=1))))
            done = self.run_report(folder, "a.json", "b.json", "--html", "r.html", "--markdown", "r.md", "--headline", "h.md", "--plots", "plots",
                                   "--plot-formats", "svg,png", "--plot-names", "*", "--command", "scripts/bench --loss l2")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            expected = plots_of(records.join([records.read(folder / file) for file in ("a.json", "b.json")]))
            self.assertEqual({path.name for path in (folder / "plots").iterdir()}, {f"{name}.{kind}" for name in expected for kind in ("svg", "png")})
            self.assertTrue((folder / "plots" / "l2.peers.png").read_bytes().startswith(b"\x89PNG"))
            svg = (folder / "plots" / "l2.throughput-cpu.svg").read_text()
            self.assertIn(style.COLOURS["cpu"][1], svg)
            self.assertNotIn("var(--", svg)
            html = (folder / "r.html").read_text()
            self.assertIn("scripts/bench --loss l2", html)
            self.assertNotRegex(html, r'(?:src|href)="[^#]|url\((?!#)|@import|<script|<link')
            self.assertIn("| 2.00× |", (folder / "h.md").read_text())
            self.assertTrue((folder / "r.md").read_text().startswith("# "))

    def test_a_record_that_was_ended_before_it_had_a_case_costs_the_others_nothing(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "ok.json").write_text(json.dumps(document(entry("l2/simd/cpu/forward/f32/1000000", 1.0))))
            (folder / "ended.json").write_text(json.dumps(document(dropped="huber/*/cpu/forward/f32/1000000")))
            done = self.run_report(folder, "ok.json", "ended.json", "--headline", "h.md")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("1 cases were left out for want of time, the first `huber/*", (folder / "h.md").read_text())

    def test_bad_input_is_one_line_and_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "ok.json").write_text(json.dumps(document(entry("l2/simd/cpu/forward/f32/1000000", 1.0))))
            (folder / "other.json").write_text(json.dumps(document(entry("l2/simd/cpu/forward/f32/1000000", 1.0), cpu="B")))
            (folder / "empty.json").write_text("{}")
            (folder / "broken.json").write_text("{")
            for arguments, culprit in ((["none.json"], "none.json"), (["broken.json"], "broken.json"), (["empty.json"], "empty.json holds no case"),
                                       (["ok.json", "other.json"], "cpu is 'B' in other.json"),
                                       (["ok.json", "--plot-formats", "gif"], "'gif' is not accepted; accepted: svg, png"),
                                       (["ok.json", "--html", "no/such/folder.html"], "no/such")):
                done = self.run_report(folder, *arguments)
                self.assertEqual(done.returncode, 2, arguments)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertIn(culprit, done.stderr)
            self.assertEqual(sorted(path.name for path in folder.iterdir()), ["broken.json", "empty.json", "ok.json", "other.json"])


class Headline(unittest.TestCase):
    def test_what_a_readme_says_of_a_record(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name) / "results" / "a-cpu"
            (folder / "plots").mkdir(parents=True)
            with self.assertRaisesRegex(ValueError, "holds no record; accepted: run.json"):
                markdown.of_record(folder, pathlib.Path(name))
            simd = entry("l2/simd/cpu/forward/f32/1000000", 1.0)
            (folder / "run.json").write_text(json.dumps(document(simd, commit="abc", date="2026-01-02T03:04")))
            (folder / "peers.json").write_text(json.dumps(document(simd, entry("l2/torch/cpu/forward/f32/1000000", 2.5, peer=1))))
            (folder / "plots" / "all.peers.svg").touch()
            text = markdown.of_record(folder, pathlib.Path(name))
        self.assertIn("no GPU · A CPU · 2026-01-02 · commit `abc`** ([report](results/a-cpu/report.html)", text)
        self.assertIn("| `l2` | forward | `simd` | 8.00 | – | 2.50× |", text)
        self.assertIn("(results/a-cpu/plots/all.peers.svg)", text)
        self.assertNotIn("all.ceiling", text)

    def test_it_is_the_answer_without_the_tables_of_each_loss(self):
        run = records.join([suite(), with_peers()])
        text = markdown.headline(run)
        self.assertIn("| `l2` | forward | `simd` |", text)
        self.assertIn("**Against torch**", text)
        self.assertNotIn("## ", text)


if __name__ == "__main__":
    unittest.main()
