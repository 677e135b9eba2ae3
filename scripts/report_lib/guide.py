"""How to read the report, in the words that both output formats print."""

TITLE = "Loss kernels: speed, traffic and error"

GUIDE = [
    "**Throughput** counts contract bytes: the fewest that the pass can move, each input read once and each output written once. "
    "A variant that reads its data twice gets no credit for the second read, so throughputs of one loss compare directly. Bars are "
    "medians; the dark line at a bar's end is about a 95 % interval of the median, which is the column *±*. **Ceiling**, the dashed line, is "
    "what memory did in the same run, in the same traffic shape and size.",
    "**Peers** are other people's libraries. A ratio to one is formed within one process, on the same arrays and with the same clock, against "
    "the fastest of ours there: 2.00× is a peer that takes twice as long. Peers go through the same check: one that misses it is *inexact*, and one "
    "that misses it by more than a thousand times, or raises, has no ratio.",
    "**Caveats** that most figures share are said once, at the top. A figure is marked † where it is worse than the rest, and the last column "
    "says in what: *wide* (its interval is more than twice as wide as nine in ten are), *drift* (it moved by more than 2 % while it was "
    "measured), *throttled* and *disturbed* (a tenth of the samples or more at a sagged clock, or interrupted), *bimodal* (samples in two heaps), "
    "*cached* (the arrays fit the cache). *sync* is no caveat: every call returns through the host.",
    "**Kernels under the emulator** are the CUDA kernels themselves, run thread by thread on the CPU. What the emulator counts is "
    "exact; what it takes is of no interest and is not shown. *Traffic* is counted bytes over contract bytes: 1.00× is the fewest "
    "possible, and the upright mark in a figure; rows whose label says to ignore them need not be read, so it can be less. *Atomics* are "
    "those of all threads on global memory, *on one* the most on one address in a launch, which take turns; *barriers* the most "
    "`__syncthreads()` that one block passes.",
    "**Error** is the absolute error of one output against a reference in double precision on the same inputs; **bound** is what the "
    "error analysis of that variant allows there. Shown is the output that comes closest to its bound. A case whose error is over its "
    "bound, or not a number, fails and gets no figure. **ulp** is the largest error in units in the last place of the largest value of that "
    "array; records that do not have it leave it empty.",
    "**Order** is what a variant promises about its additions: *repeats*, the same bits in every run; *any order*, the same bits however the "
    "input is permuted; *varies*, neither. Points are filled, ringed and hollow for these, and half-filled where nobody says.",
    "**forward** computes the value; **gradient** computes the value and the gradient of the prediction.",
]
