"""Running a program for so long and no longer."""

import os
import signal
import subprocess
from dataclasses import dataclass

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
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                                   env={**os.environ, **variables}, start_new_session=True)
    except OSError as problem:
        return Done(127, "", f"{words[0]}: {problem.strerror}")
    try:
        output, errors = process.communicate(timeout=max(limit, 0.1))
        return Done(process.returncode, output, errors)
    except subprocess.TimeoutExpired:
        return Done(None, *end(process))
    except BaseException:
        end(process)
        raise


def end(process):
    """Asks the group to end, then ends it; what it had said."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            return process.communicate(timeout=GRACE)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
    return "", ""
