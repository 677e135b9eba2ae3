"""What the terminal shows at the end: every figure, and for each problem how our best stands to each peer."""

import statistics

from . import summary


def duration(seconds):
    for unit, factor in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def aligned(rows):
    """Rows of cells as lines; the first column to the left, the others to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) if k == 0 else cell.rjust(width) for k, (cell, width) in enumerate(zip(row, widths))).rstrip()
                     for row in rows)


def title(problem):
    return " ".join([problem.loss, problem.pass_, problem.dtype, problem.shape_text, *problem.modifiers])


def by_problem(results):
    found = {}
    for result in results:
        found.setdefault(title(result.problem), []).append(result)
    return found


def best_of(results):
    """Our fastest variant that is right, or None. The scalar reference is no contender."""
    ours = [result for result in results if not result.contender.peer and not result.failure and result.contender.backend != "scalar"]
    return min(ours, key=lambda result: result.seconds, default=None)


def figures(results):
    rows = [["", "time", "±", "GB/s", "error/allowed"]]
    for name, group in by_problem(results).items():
        rows.append([name, "", "", "", ""])
        for result in sorted(group, key=lambda entry: entry.seconds if not entry.failure else float("inf")):
            who = f"  {result.contender.name} ({'peer' if result.contender.peer else result.contender.backend})"
            if result.failure:
                rows.append([who, "-", "", "", ""])
                continue
            rows.append([who, duration(result.seconds), f"{100 * result.uncertainty:.1f} %", f"{result.contract_bytes / result.seconds * 1e-9:.3g}",
                         f"{result.error.ratio:.2g}"])
    return aligned(rows)


def ratio(theirs, ours):
    return statistics.median(summary.ratios_within_rounds(theirs.samples, ours.samples))


def ratios(results, peers):
    """Time of each peer over that of our best, the median over the rounds that both have samples of: 2.0 is twice as long."""
    rows = [["", "our best", *peers]]
    for name, group in by_problem(results).items():
        ours = best_of(group)
        cells = [ours.contender.name if ours else "-"]
        for peer in peers:
            theirs = next((result for result in group if result.contender.peer and result.contender.name == peer), None)
            if theirs is None or ours is None:
                cells.append("-")
            else:
                cells.append("wrong" if theirs.failure else f"{ratio(theirs, ours):.2f}x" + "*" * theirs.inexact)
        rows.append([name, *cells])
    return aligned(rows)


def failures(results):
    return [f"{title(result.problem)}: {result.contender.name}: {result.failure}" for result in results if result.failure]


def text(results, peers, missing):
    parts = [figures(results), "time of each peer over that of our best:\n" + ratios(results, peers)]
    if any(result.inexact for result in results):
        parts.append("* less exact than ours are held to: its error is the multiple of what is allowed that the table above shows")
    if missing:
        parts.append("\n".join(f"skipped: {name}: {reason}" for name, reason in missing.items()))
    if wrong := failures(results):
        parts.append("no figure:\n" + "\n".join("  " + line for line in wrong))
    notes = list(dict.fromkeys(f"{r.problem.loss} {' '.join(r.problem.tags[:1])}: {r.problem.note}" for r in results if r.problem.note))
    if notes:
        parts.append("notes:\n" + "\n".join("  " + note for note in notes))
    return "\n\n".join(parts)
