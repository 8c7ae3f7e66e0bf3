"""What can go wrong with a simulated stick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.edge_tpu.stick import SimulatedStick

SLOW_OPENING_MS = 3000

Strike = Callable[[SimulatedStick], None]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with the stick.

    Attributes:
        name: For the table of results.
        strike: Makes it happen.
        serving: Whether the stick answers before it; otherwise it is not plugged in yet.
        comes_back: Whether the stick answers again by itself; otherwise only the CPU does.
        expected_problem: Part of the kiosk's message about a stick that does not come back.
    """

    name: str
    strike: Strike
    serving: bool
    comes_back: bool
    expected_problem: str = ""


def _open_fails(stick: SimulatedStick) -> None:
    stick.refuse_to_open()
    stick.plug_in()


def _slow_open(stick: SimulatedStick) -> None:
    stick.open_slowly(SLOW_OPENING_MS)
    stick.plug_in()


def _two_crashes(stick: SimulatedStick) -> None:
    stick.abort_when_opened(2)
    stick.plug_in()


FAULTS = (
    Fault("none", lambda _stick: None, serving=True, comes_back=True),
    Fault("open fails", _open_fails, serving=False, comes_back=False, expected_problem="does not open"),
    Fault("slow open (3 s)", _slow_open, serving=False, comes_back=True),
    Fault("hang at call 2", lambda stick: stick.hang_at(2), serving=True, comes_back=True),
    Fault("abort at call 2", lambda stick: stick.abort_at(2), serving=True, comes_back=True),
    Fault("pulled out", SimulatedStick.unplug, serving=True, comes_back=False),
    Fault("wrong result shape", lambda stick: stick.give_wrong_shape_at(2), serving=True, comes_back=True),
    Fault("two crashes at start", _two_crashes, serving=False, comes_back=False, expected_problem="plug it in again"),
)
