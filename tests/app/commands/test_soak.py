"""The soak notices what grows: planted leaks in a run of the whole kiosk, and in made-up figures."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from app.commands.soak import Measurement, SoakResult, soak, trends
from app.config.schema import Config

pytestmark = pytest.mark.needs_runtime

CALM = Measurement(0.0, 300.0, 40.0, 9.0, 12.0, 3.0)


def series(visits: int, **each_visit: float) -> list[Measurement]:
    """Figures that grow with each visit, with noise and a warm start."""
    rng = np.random.default_rng(0)
    found = []
    for visit in range(visits):
        grown = {name: getattr(CALM, name) + slope * visit for name, slope in each_visit.items()}
        noisy = replace(CALM, **grown)
        warm_mb = 30 * (1 - np.exp(-visit / (visits / 12)))
        found.append(replace(noisy, memory_mb=noisy.memory_mb + warm_mb + rng.normal(0, 1.0)))
    return found


@pytest.mark.parametrize(
    ("name", "slope", "visits"),
    [
        ("memory_mb", 1.0, 30),
        ("memory_mb", 0.15, 300),
        ("descriptors", 1.0, 12),
        ("threads", 0.5, 20),
        ("disk_mb", 3.0, 30),
    ],
)
def test_a_leak_is_noticed(name: str, slope: float, visits: int) -> None:
    assert [one.name for one in trends(series(visits, **{name: slope})) if one.grows] == [name]


@pytest.mark.parametrize("visits", [6, 30, 300])
def test_noise_and_a_warm_start_are_no_leak(visits: int) -> None:
    assert not [one for one in trends(series(visits)) if one.grows]


def test_leaks_in_the_running_kiosk_are_noticed_and_reported() -> None:
    leaked: list[object] = []

    def leak(_visit: int) -> None:
        leaked.append(np.ones(16_000_000, np.uint8))
        leaked.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(3))

    try:
        result = soak(Config(), minutes=10.0, seed=1, most_visits=6, quick=True, after_visit=leak)
    finally:
        for one in leaked:
            if isinstance(one, int):
                os.close(one)
    assert {"memory_mb", "descriptors"} <= {one.name for one in result.trends if one.grows}
    assert (result.visits, result.fault, result.good) == (6, "", False)
    assert result.lines()[-1] == "NOT GOOD"


def test_a_visitor_who_waits_in_vain_is_not_good() -> None:
    good = SoakResult(1.0, 20, 0, {"camera": 2}, "", trends(series(20)))
    assert good.good
    assert not replace(good, given_up=1).good
    assert not replace(good, fault="The part that learns and saves has stopped").good
