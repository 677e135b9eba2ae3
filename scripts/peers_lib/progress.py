"""Progress of long work on standard error: what is being done, how much is behind, and about how long it will go on.

A terminal has one line that is rewritten. A log gets a line now and then, also while one problem takes long, as its compilation may.
"""

import sys
import threading
import time

LOG_PACE = 10.0  # seconds between two lines of a log


def duration(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


class Progress:
    def __init__(self, total, stream=sys.stderr, pace=LOG_PACE, limit=float("inf"), now=time.monotonic):
        """`limit`: seconds that all of it may take."""
        self.total, self.stream, self.pace, self.limit, self.now = total, stream, pace, limit, now
        self.start, self.done, self.what, self.ended = now(), 0, "", threading.Event()
        self.terminal = stream.isatty()
        if not self.terminal:
            threading.Thread(target=self.keep_a_log, daemon=True).start()

    def at(self, done, what):
        """About to do `what`, with `done` of the total behind."""
        self.done, self.what = done, what
        if self.terminal:
            print(f"\r\033[K    {self.line()}"[:100], end="", file=self.stream, flush=True)

    def line(self):
        spent = self.now() - self.start
        text = f"[{self.done}/{self.total}] {duration(spent)}"
        at_most = max(self.limit - spent, 1)
        if self.done:
            text += f", about {duration(min(max(spent / self.done * (self.total - self.done), 1), at_most))} left"
        elif at_most < float("inf"):
            text += f", at most {duration(at_most)} left"
        return f"{text}: {self.what}"

    def keep_a_log(self):
        while not self.ended.wait(self.pace):
            print(f"    {self.line()}", file=self.stream, flush=True)

    def end(self):
        self.ended.set()
        if self.terminal:
            print("\r\033[K", end="", file=self.stream, flush=True)
