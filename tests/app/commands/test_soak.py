"""The soak notices what grows: planted leaks in a run of the whole kiosk with every fault, and in made-up figures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.commands.soak import Measurement, SoakResult, is_over, soak, trends
from app.config.schema import Config
from tests.support.edge_tpu.stick import SimulatedStick

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


@pytest.mark.parametrize("visits", [15, 18])  # 10 and 12 are measured
def test_a_thread_that_is_left_by_every_fourth_visit_is_noticed(visits: int) -> None:
    leaking = [replace(one, threads=9.0 + visit // 4) for visit, one in enumerate(series(visits))]
    assert [one.name for one in trends(leaking) if one.grows] == ["threads"]


def test_ticks_that_wait_longer_and_longer_are_shown_but_not_judged() -> None:
    waiting = [replace(one, duration_ms=20.0 + 30 * visit) for visit, one in enumerate(series(12))]
    result = SoakResult(1.0, 12, 0, {"camera": 2}, "", trends(waiting))
    assert result.good
    assert "duration_ms     155.0 ->    335.0   +30.000 a visit  not judged" in result.lines()


def test_a_soak_lasts_twice_its_time_at_most_and_longer_than_its_time_only_for_six_visits() -> None:
    ends = [is_over(passed, visits) for passed, visits in ((0.9, 60), (1.0, 6), (1.9, 5), (2.0, 5))]
    assert ends == [False, True, False, True]


@pytest.mark.parametrize("visits", [6, 30, 300])
def test_noise_and_a_warm_start_are_no_leak(visits: int) -> None:
    assert not [one for one in trends(series(visits)) if one.grows]


def test_a_slow_computer_has_longer_ticks_whose_noise_is_no_leak() -> None:
    def found(first_ms: float) -> list[str]:
        slow = [replace(one, latency_ms=first_ms + 3.0 * visit) for visit, one in enumerate(series(30))]
        return [one.name for one in trends(slow) if one.grows]

    assert found(40.0) == ["latency_ms"]  # 57 ms more at the end, of 70
    assert found(200.0) == []


@pytest.mark.timeout(900)  # every step of a visitor has a limit of its own
def test_six_visits_with_every_kind_of_fault_show_the_leaks_that_are_planted_and_no_others(
    stick: SimulatedStick, extractors: Path
) -> None:
    leaked: list[object] = []

    def leak(_visit: int) -> None:
        leaked.append(np.ones(24_000_000, np.uint8))
        leaked.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(4))

    config = replace(
        Config(),
        model=replace(Config().model, extractor=str(extractors)),
        accelerator=replace(Config().accelerator, library=str(stick.library)),
    )
    stick.plug_in()
    try:
        result = soak(
            config, minutes=60.0, seed=1, most_visits=6, in_turn=True, list_devices=stick.list, after_visit=leak
        )
    finally:
        for one in leaked:
            if isinstance(one, int):
                os.close(one)
    assert (result.visits, result.given_up, result.fault) == (6, 0, "")
    assert min(result.faults.values()) >= 1, result.faults
    assert set(result.faults) == {"camera", "drive", "accelerator", "disk"}
    assert {"memory_mb", "descriptors"} == {one.name for one in result.trends if one.grows} - {"latency_ms"}
    assert not result.good
    assert result.lines()[-1] == "NOT GOOD"


def test_a_visitor_who_waits_in_vain_is_not_good() -> None:
    good = SoakResult(1.0, 20, 0, {"camera": 2}, "", trends(series(20)))
    assert good.good
    assert not replace(good, given_up=1).good
    assert not replace(good, fault="The part that learns and saves has stopped").good
