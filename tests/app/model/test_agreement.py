"""Which pictures a new model is compared on before it goes live."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.model.agreement import COMPARED, COMPARED_PER_CLASS, spread_over_classes

pytestmark = pytest.mark.needs_runtime


def taught(*shots: int) -> Any:
    samples = [SimpleNamespace(class_index=one, number=n) for one, count in enumerate(shots) for n in range(count)]
    return SimpleNamespace(labels=[str(one) for one in range(len(shots))], samples=samples)


@pytest.mark.parametrize("classes", [2, 3, 10, 20])
def test_the_number_of_compared_pictures_hardly_depends_on_the_number_of_classes(classes: int) -> None:
    chosen = spread_over_classes(taught(*[50] * classes), COMPARED)
    each = [sum(sample.class_index == one for sample in chosen) for one in range(classes)]
    assert min(each) == max(each) >= COMPARED_PER_CLASS
    assert len(chosen) <= max(COMPARED, COMPARED_PER_CLASS * classes)
    numbers = [sample.number for sample in chosen if sample.class_index == 0]
    assert [number * each[0] // 50 for number in numbers] == list(range(each[0]))  # one of each part of the time


def test_all_pictures_of_a_small_class_are_compared() -> None:
    chosen = spread_over_classes(taught(2, 50), COMPARED)
    assert [sample.number for sample in chosen if sample.class_index == 0] == [0, 1]
