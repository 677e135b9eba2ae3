"""Medians and their spread. Pure functions of lists of numbers."""

import math
import statistics


def quantile(values, share):
    """Linear between the order statistics."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    return ordered[low] + (at - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


def uncertainty(values):
    """About a 95 % interval of the median, relative to it: 1.57·IQR/(√n·median)."""
    return 1.57 * (quantile(values, 0.75) - quantile(values, 0.25)) / math.sqrt(len(values)) / statistics.median(values)


def repetition_medians(samples, repetitions):
    """The samples dealt out in order to `repetitions` groups of equal size, or nearly; the median of each."""
    repetitions = min(repetitions, len(samples))
    return [statistics.median(samples[len(samples) * k // repetitions:len(samples) * (k + 1) // repetitions]) for k in range(repetitions)]


def ratios_within_rounds(theirs, ours):
    """Of two contenders that took their samples in turns, both lists by round from the first. Whatever slows a machine down for a while slows both
    samples of a round down, so that their ratio says more than that of two medians."""
    return [a / b for a, b in zip(theirs, ours)]
