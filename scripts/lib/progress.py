"""Reads the output of ninja or ctest and adds an estimate of the time that is left.

    ninja … | progress.py ninja            with NINJA_STATUS='@%f/%t@%e@'
    ctest … | progress.py ctest COSTS JOBS

Everything else passes through untouched. On a terminal the progress of ninja is one line that is rewritten; elsewhere it is
a line now and then, so that a log stays readable.
"""

import os
import re
import sys
import time

LOG_INTERVAL = 15.0  # seconds between two progress lines of a log


def duration(seconds):
    seconds = int(round(seconds))
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60:02d} s"


class Ninja:
    STATUS = re.compile(r"^@(\d+)/(\d+)@([\d.]+)@\s*(.*)$")

    def __init__(self, terminal, clock=time.monotonic):
        self.terminal = terminal
        self.clock = clock
        self.printed_at = None
        self.dirty = False  # the terminal's current line holds a progress text

    def feed(self, line):
        """The text to print for one line of ninja's output."""
        status = self.STATUS.match(line)
        if not status:
            text = ("\n" if self.dirty else "") + line + "\n"
            self.dirty = False
            return text
        done, total, elapsed, what = int(status[1]), int(status[2]), float(status[3]), status[4]
        left = elapsed / done * (total - done) if done else None
        estimate = f", about {duration(left)} left" if left and done < total and elapsed > 2 else ""
        text = f"[{done}/{total}] {duration(elapsed)}{estimate}"
        if self.terminal:
            self.dirty = done < total
            width = os.get_terminal_size().columns if sys.stdout.isatty() else 100
            return "\r\033[K" + f"{text}  {what}"[: width - 1] + ("" if self.dirty else "\n")
        now = self.clock()
        if done == total or self.printed_at is None or now - self.printed_at >= LOG_INTERVAL:
            self.printed_at = now
            return text + "\n"
        return ""


class Ctest:
    FINISHED = re.compile(r"^\s*(\d+)/(\d+) Test\s+#\d+: (\S+) .*?([\d.]+) sec")

    def __init__(self, costs, jobs):
        self.costs = costs
        self.jobs = jobs
        self.finished = {}

    @staticmethod
    def read_costs(path):
        """Mean seconds of each test in earlier runs, as ctest keeps them: `name runs seconds`, up to a line of dashes."""
        costs = {}
        try:
            with open(path, encoding="utf-8") as file:
                for line in file:
                    if line.startswith("---"):
                        break
                    name, _, seconds = line.split()
                    costs[name] = float(seconds)
        except OSError:
            pass
        return costs

    def feed(self, line):
        test = self.FINISHED.match(line)
        if not test:
            return line + "\n"
        done, total = int(test[1]), int(test[2])
        self.finished[test[3]] = float(test[4])
        left = self.seconds_left(done, total)
        return line + (f"   about {duration(left)} left" if done < total and left >= 1 else "") + "\n"

    def seconds_left(self, done, total):
        """Tests with a known cost count with it, others with the mean of those that have finished."""
        known = {name: cost for name, cost in self.costs.items() if name not in self.finished}
        unknown = max(0, total - done - len(known))
        mean = sum(self.finished.values()) / len(self.finished)
        work = sum(sorted(known.values(), reverse=True)[: total - done]) + unknown * mean
        return work / min(self.jobs, total - done) if done < total else 0.0


def main(arguments):
    if arguments[:1] == ["ninja"]:
        reader = Ninja(sys.stdout.isatty())
    elif arguments[:1] == ["ctest"] and len(arguments) == 3:
        reader = Ctest(Ctest.read_costs(arguments[1]), int(arguments[2]))
    else:
        sys.exit(__doc__)
    for line in sys.stdin:
        sys.stdout.write(reader.feed(line.rstrip("\n")))
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
