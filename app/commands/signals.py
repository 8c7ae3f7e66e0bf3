"""End a command in order when the system asks for it, so that nothing temporary is left behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGTERM, signal.SIGHUP)  # SIGHUP: the terminal was closed


class Terminated(KeyboardInterrupt):
    """The process received a signal that ends it.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Raise Terminated in the main thread for the signals of ENDING; ignored ones, as by nohup, stay ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    for number, handler in before.items():
        if handler == signal.SIG_DFL:
            signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler == signal.SIG_DFL:
                signal.signal(number, signal.SIG_DFL)


def _end(number: int, _frame: object) -> None:
    for one in ENDING:  # a second signal must not break off the cleaning up
        signal.signal(one, signal.SIG_IGN)
    raise Terminated(number)
