"""What a new model is compared with before it goes live."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.model.train import VERIFIED, VERIFIED_EACH, _spread_over_classes

pytestmark = pytest.mark.needs_runtime


def taught(*shots: int) -> Any:
    samples = [SimpleNamespace(class_index=one, number=n) for one, count in enumerate(shots) for n in range(count)]
    return SimpleNamespace(labels=[str(one) for one in range(len(shots))], samples=samples)


@pytest.mark.parametrize("classes", [2, 3, 10, 20])
def test_comparing_takes_as_long_for_many_classes_as_for_few(classes: int) -> None:
    chosen = _spread_over_classes(taught(*[50] * classes))
    each = [sum(sample.class_index == one for sample in chosen) for one in range(classes)]
    assert min(each) == max(each) >= VERIFIED_EACH
    assert len(chosen) <= max(VERIFIED, VERIFIED_EACH * classes)
    assert [sample.number for sample in chosen if sample.class_index == 0][:: each[0] - 1] == [0, 49]


def test_a_class_with_few_pictures_gives_all_of_them() -> None:
    chosen = _spread_over_classes(taught(3, 50))
    assert [sample.number for sample in chosen if sample.class_index == 0] == [0, 1, 2]
