"""How long each step with an accelerator may take, and how often it is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tpu.edgetpu.devices import Accelerator


@dataclass(frozen=True)
class Timeouts:
    """Seconds, but for the last.

    Source: opening sleeps a second, resets the port, loads the firmware and tries each of these up to 25 times
    (libedgetpu, `usb_driver.cc`); the first call uploads the parameters.

    Attributes:
        answer_s: Then the CPU answers this picture.
        open_s: For starting the child, and for opening each model.
        first_call_s: For a model's first answer.
        call_s: Then it hangs.
        poll_s: How often it is looked what is plugged in.
        replug_s: Absent for so long is unplugged; a reset takes less.
        first_retry_s, longest_retry_s: The rest after a failure doubles from the one to the other.
        steady_s: A device that served for so long has a clean sheet.
        crashes_at_start: Then it is left alone until it is plugged in anew.
    """

    answer_s: float = 0.25
    open_s: float = 40.0
    first_call_s: float = 5.0
    call_s: float = 1.0
    poll_s: float = 1.0
    replug_s: float = 2.0
    first_retry_s: float = 1.0
    longest_retry_s: float = 60.0
    steady_s: float = 30.0
    crashes_at_start: int = 2


DEFAULT_TIMEOUTS = Timeouts()


class RetryHistory:
    """What went wrong with a device in a row, and what follows from it."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._crashes_at_start = self._failures = 0
        self._absent_since_s: float | None = None

    @property
    def given_up(self) -> bool:
        """Whether only plugging it in anew helps."""
        return self._crashes_at_start >= self._timeouts.crashes_at_start

    def ended(self, *, crashed: bool, served_s: float) -> float:
        """Note how a child ended: crashed or hung, or merely refused, after so long of service.

        Returns:
            How long to rest: not at all after the first failure of a device that served.
        """
        if served_s >= self._timeouts.steady_s:
            self._failures = 0
        if served_s > 0:
            self._crashes_at_start = 0
        elif crashed:
            self._crashes_at_start += 1
        first_of_service = served_s > 0 and self._failures == 0
        rest_s = 0.0 if first_of_service else self._timeouts.first_retry_s * 2**self._failures
        self._failures += 1
        return min(rest_s, self._timeouts.longest_retry_s)

    def seen(self, devices: Sequence[Accelerator], now_s: float) -> bool:
        """Note what is plugged in now; give whether it has just been plugged in anew, which wipes the sheet."""
        if not devices:
            self._absent_since_s = now_s if self._absent_since_s is None else self._absent_since_s
            return False
        absent_since_s, self._absent_since_s = self._absent_since_s, None
        if absent_since_s is None or now_s - absent_since_s < self._timeouts.replug_s:
            return False
        self._crashes_at_start = self._failures = 0
        return True
