"""A program that runs once waits for its accelerator, and says what to do if it does not work."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from tpu.edgetpu.accelerator import wait_until_usable
from tpu.edgetpu.supervisor import Phase, Status
from tpu.errors import AcceleratorUnavailable

pytestmark = pytest.mark.needs_runtime


@dataclass
class Settled:
    """A supervisor that knows already what became of its accelerator."""

    status: Status

    def wait_until_settled(self, _timeout_s: float) -> Status:
        """Return it at once."""
        return self.status


def said(status: Status, device: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.set_level(logging.INFO)
    wait_until_usable(Settled(status), device)  # type: ignore[arg-type]
    return caplog.messages


@pytest.mark.parametrize("device", ["auto", "usb:0"])
def test_an_accelerator_that_works_is_used_without_a_word(device: str, caplog: pytest.LogCaptureFixture) -> None:
    assert said(Status(Phase.READY, "usb:0"), device, caplog) == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status(Phase.ABSENT), "it is not plugged in"),
        (Status(Phase.BROKEN, "usb:0", "it does not answer."), "it does not answer"),
    ],
    ids=["absent", "broken"],
)
def test_one_that_was_named_and_does_not_work_ends_the_program(status: Status, reason: str) -> None:
    with pytest.raises(AcceleratorUnavailable) as caught:
        wait_until_usable(Settled(status), "usb:0")  # type: ignore[arg-type]
    assert str(caught.value) == f"the Edge TPU usb:0: {reason}. Use --device auto or cpu to go on."


def test_the_cpu_takes_the_place_of_one_that_was_not_named_and_the_log_says_why_if_it_is_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert said(Status(Phase.ABSENT), "auto", caplog) == []
    warning = "the Edge TPU does not answer, the CPU is used: it does not answer."
    assert said(Status(Phase.BROKEN, "usb:0", "it does not answer."), "auto", caplog) == [warning]
    wait_until_usable(None, "auto")
