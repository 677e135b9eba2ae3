"""Numbers as a reader wants them: few digits, a unit, and a dash where there is none."""

import math

DASH = "–"
PREFIXES = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]


def significant(value, digits=3):
    """1.23, 12.3, 123, 1234: three digits or all of the integer; powers of ten only below 0.001 and from a million."""
    if value is None or not math.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude < -3 or magnitude >= 6:
        return f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e")
    decimals = max(0, digits - 1 - magnitude)
    if len(f"{abs(value):.{decimals}f}".replace(".", "").lstrip("0")) > digits:  # 9.996 becomes 10.00: one digit less
        decimals = max(0, decimals - 1)
    return f"{value:.{decimals}f}"


def throughput(gb_per_s):
    return f"{significant(gb_per_s)} GB/s" if math.isfinite(gb_per_s) else DASH


def seconds(value):
    if not math.isfinite(value):
        return DASH
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if abs(value) >= scale:
            return f"{significant(value / scale)} {unit}"
    return f"{significant(value / 1e-9)} ns"


def microseconds(value):
    return seconds(value * 1e-6)


def factor(value):
    if not math.isfinite(value):
        return DASH
    return f"{value:.0f}×" if value >= 100 else f"{value:.2f}×"


def error(value):
    return "NaN" if value != value else f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e") if value else "0"


def percent(value, digits=1):
    return f"{100 * value:.{digits}f} %" if math.isfinite(value) else DASH


def count(value):
    """1,048,576 as itself; a shape's numbers are left alone."""
    return f"{int(value):,}" if math.isfinite(value) else DASH


def spread_of(values, show):
    """"1.20", or "1.20 to 3.40" where they differ as printed."""
    low, high = show(min(values)), show(max(values))
    return low if low == high else f"{low} to {high}"
