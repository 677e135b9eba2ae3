"""Running a program for so long and no longer."""

import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

from .log import log

LOOK = 1.0  # seconds between two looks at how far a program says that it is
GRACE = 10  # seconds between asking a program to end and ending it: `lossbench run` writes what it has


class Stopped(BaseException):
    """Somebody wants this program to end: no step's failure, and caught by none."""


def stop(number, _frame):
    raise Stopped(f"stopped by {signal.Signals(number).name}")


@dataclass
class Done:
    status: int       # its exit status; None where its time was up
    output: str = ""  # standard output
    errors: str = ""  # standard error

    @property
    def timed_out(self):
        return self.status is None

    def last_line(self):
        """The last thing it said, which is mostly the reason."""
        text = self.errors.strip() or self.output.strip() or "it said nothing"
        return text.split("\n")[-1].strip()


def run(command, limit, **variables):
    """Runs it in a group of its own, so that nothing it started outlives its time, with these variables in its environment too."""
    words = [str(word) for word in command]
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, errors="replace",
                                       env={**os.environ, **variables}, start_new_session=True)
        except OSError as problem:
            return Done(127, "", f"{words[0]}: {problem.strerror}")
        try:
            output = listen(process, errors, time.monotonic() + max(limit, 0.1))
            status = None if output is None else process.returncode
            return Done(status, end(process) if output is None else output, said(errors))
        except BaseException:
            end(process)
            raise


def listen(process, errors, limit):
    """Its standard output when it ends, and None where it has not by then. Passes on how far it says that it is."""
    while True:
        try:
            return process.communicate(timeout=max(min(LOOK, limit - time.monotonic()), 0))[0]
        except subprocess.TimeoutExpired:
            if time.monotonic() >= limit:
                return None
            far = [line for line in said(errors).split("\n") if line.strip().startswith("[")]
            if far:
                log.tell(far[-1].strip())


def said(errors):
    """All of it so far. The program goes on writing where it is: reading is not to move that place."""
    return os.pread(errors.fileno(), os.fstat(errors.fileno()).st_size, 0).decode(errors="replace")


def end(process):
    """Asks the group to end, then ends it; what it had said."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            return process.communicate(timeout=GRACE)[0]
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
    return ""
