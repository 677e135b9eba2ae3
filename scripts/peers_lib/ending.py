"""Ends the process in time, whatever it is at: when it is asked to (Ctrl-C, SIGTERM), and when its time is up.

Compilers and libraries hold the main thread for minutes, where no exception reaches it. So signals wake another thread, which waits for nothing
else; it writes what there is and leaves.
"""

import os
import select
import signal
import socket
import threading
import time

ASKED, TIME_IS_UP = "asked", "time is up"


class Ending:
    def __init__(self, finish, seconds=float("inf"), leave=os._exit):
        """`finish(reason)` writes what there is and returns the exit status. It is called once, by whoever comes first: a signal, the end of
        `seconds`, or `finished`."""
        self.finish, self.leave, self.claim = finish, leave, threading.Lock()
        self.end = time.monotonic() + seconds
        self.receiver, self.sender = socket.socketpair()
        self.sender.setblocking(False)
        signal.set_wakeup_fd(self.sender.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # the thread hears of it
        os.register_at_fork(after_in_child=self.leave_children_alone)
        threading.Thread(target=self.wait, daemon=True).start()

    @staticmethod
    def leave_children_alone():
        """A compiler's worker that is told to end is not to end this process."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)

    def wait(self):
        while True:
            left = self.end - time.monotonic()
            heard = select.select([self.receiver], [], [], min(max(left, 0), 3600))[0]
            if heard and not {signal.SIGINT, signal.SIGTERM} & set(self.receiver.recv(64)):
                continue  # another signal, which somebody else deals with
            if heard or self.end <= time.monotonic():
                break
        if self.claim.acquire(blocking=False):
            try:
                status = self.finish(ASKED if heard else TIME_IS_UP)
            except BaseException as failure:  # nobody else would say so
                print(f"scripts/peers: {failure}", flush=True)
                status = 2
            self.leave(status)

    def finished(self):
        """The work is done. Returns the exit status; where the process is ending already, it never returns."""
        if not self.claim.acquire(blocking=False):
            threading.Event().wait()
        return self.finish("")
