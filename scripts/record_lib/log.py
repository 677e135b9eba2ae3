"""What a record says while it is made: each step as it begins and ends, and in between a line now and then."""

import time

PACE = 10.0  # seconds between two lines within a step


class Log:
    def __init__(self, pace=PACE, now=time.monotonic, write=lambda line: print(line, flush=True)):
        self.pace, self.now, self.write = pace, now, write
        self.began = self.said_at = now()

    def say(self, text):
        self.began = self.said_at = self.now()
        self.write(f"==> {text}")

    def tell(self, text):
        """How far a step is; said, with how long it has gone on, where nothing else was for a while."""
        if self.now() - self.said_at >= self.pace:
            self.said_at = self.now()
            self.write(f"    {self.said_at - self.began:.0f} s: {text}")


log = Log()  # of this process
