"""Limits for each step with the accelerator, in seconds, and the number of crashes after which it is given up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timeouts:
    """Seconds, except `max_crashes_at_start`.

    Attributes:
        answer_s: How long a caller waits for an answer before it uses the CPU.
        open_s: Limit for starting the child, and for opening each model.
        first_call_s: Limit for a model's first call, which uploads its parameters.
        call_s: Limit for any other call; after that the child counts as hung.
        poll_s: Interval between looks at which devices are plugged in.
        replug_s: A device that was absent for this long was unplugged; a reset takes less.
        first_retry_s, longest_retry_s: The delay after a failure doubles from the first to the longest.
        steady_s: After working this long, a device's earlier failures no longer count.
        max_crashes_at_start: After this many, the device is not tried again until it is plugged in again.

    Source:
        libedgetpu, `usb_driver.cc`: opening sleeps a second, resets the port and loads the firmware, each retried up to
        25 times.
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
    max_crashes_at_start: int = 2


DEFAULT_TIMEOUTS = Timeouts()
