"""RetryHistory: counts the failures of a device and decides when to try it again."""

from __future__ import annotations

from collections.abc import Sequence

from tpu.edgetpu.devices import Accelerator
from tpu.edgetpu.timeouts import Timeouts


class RetryHistory:
    """Consecutive failures of one device. Plugging the device in again resets them."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._crashes_at_start = self._failures = 0
        self._absent_since_s: float | None = None

    @property
    def given_up(self) -> bool:
        """Whether the device is not tried again until it is plugged in again."""
        return self._crashes_at_start >= self._timeouts.max_crashes_at_start

    def record_end(self, *, crashed: bool, ready_s: float) -> float:
        """Record the end of a child process.

        Args:
            crashed: It crashed or hung; otherwise it reported an error.
            ready_s: How long it answered calls; 0 if it never did.

        Returns:
            Seconds until the next try; 0 after the first failure of a device that had worked.
        """
        if ready_s >= self._timeouts.steady_s:
            self._failures = 0
        if ready_s > 0:
            self._crashes_at_start = 0
        elif crashed:
            self._crashes_at_start += 1
        first_after_working = ready_s > 0 and self._failures == 0
        delay_s = 0.0 if first_after_working else self._timeouts.first_retry_s * 2**self._failures
        self._failures += 1
        return min(delay_s, self._timeouts.longest_retry_s)

    def record_devices(self, devices: Sequence[Accelerator], now_s: float) -> bool:
        """Record which devices are plugged in; return whether one was just plugged in again, and reset if so."""
        if not devices:
            self._absent_since_s = now_s if self._absent_since_s is None else self._absent_since_s
            return False
        absent_since_s, self._absent_since_s = self._absent_since_s, None
        if absent_since_s is None or now_s - absent_since_s < self._timeouts.replug_s:
            return False
        self._crashes_at_start = self._failures = 0
        return True
