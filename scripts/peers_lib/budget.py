"""How long each contender may be timed, so that everything together keeps to a budget."""

import time

UNTIMED = 0.3  # seconds that a contender takes on a problem beside its timing, until that is known: data, references, compilation, checks
LEAST = 0.02   # seconds of timing; where less is left a problem is dropped
MARGIN = 0.95  # of the budget is planned with


class Budget:
    """Shares what is left out among the groups to come."""

    def __init__(self, limit, most, entrants, now=time.monotonic):
        """`limit` in seconds; a contender gets `most` of them on a problem; `entrants` says how many there are in each group."""
        self.most, self.ahead, self.now = most, list(entrants), now
        self.start = now()
        self.end = self.start + MARGIN * limit
        self.done = 0

    def next(self, timed):
        """Seconds for the timing of each contender of the next group, when `timed` went into timing so far; None where no time is left for it."""
        now = self.now()
        untimed = (now - self.start - timed) / self.done if self.done else UNTIMED
        share = (self.end - now) / sum(self.ahead) - untimed
        seconds = min(self.most, max(share, LEAST))
        own = self.ahead.pop(0)
        if now + own * (untimed + seconds) > self.end:
            return None
        self.done += own
        return seconds
