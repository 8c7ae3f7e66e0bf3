"""`bench` says in words whether the machine is good enough."""

from __future__ import annotations

import pytest

from app.commands.bench.machine import judgement


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (2.0, "# good enough: TRAIN takes 2.00 s"),
        (2.01, "# usable, visitors notice it: TRAIN takes 2.01 s"),
        (6.0, "# usable, visitors notice it: TRAIN takes 6.00 s"),
        (6.5, "# too slow: TRAIN takes 6.50 s. Use a faster computer, or a smaller window or picture"),
    ],
)
def test_a_measured_value_is_judged(value: float, line: str) -> None:
    assert judgement(value, good=2.0, slow=6.0, about="TRAIN takes {value} s") == line
