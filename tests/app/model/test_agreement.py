"""Which pictures a new model is compared on before it goes live."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.base.errors import ExportedModelDisagrees
from app.model.agreement import COMPARED, COMPARED_PER_CLASS, Agreement, compare_answers, spread_over_classes
from app.session.pictures import encode_picture
from app.session.session import Sample, Session

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


NO_EMBEDDING = np.zeros(1, np.float32)


def compared(
    shots: Sequence[int], damaged: Sequence[int] = (), differ: Sequence[float] = ()
) -> tuple[Agreement, list[int]]:
    """Compare a head with a file whose first answers differ by so much; return the numbers of the pictures too."""
    rows = [row for row, count in enumerate(shots) for _ in range(count)]
    pictures = [encode_picture(np.full((64, 64, 3), 10 + 8 * number, np.uint8)) for number in range(len(rows))]
    samples = [
        Sample(number, row, NO_EMBEDDING, b"\x00" if number in damaged else pictures[number], 0.0)
        for number, row in enumerate(rows)
    ]
    coming, seen = iter(differ), list[int]()

    def classify(picture: Any) -> Any:
        seen.append(round((float(picture.mean()) - 10) / 8))
        by = next(coming, 0.0)
        return np.array([0.7 - by, 0.3 + by])

    session = Session(tuple(str(row) for row in range(len(shots))), tuple(samples), "x", "y")
    agreement = compare_answers(
        session,
        SimpleNamespace(embed=lambda _: NO_EMBEDDING),  # type: ignore[arg-type]
        SimpleNamespace(probabilities=lambda _: np.array([[0.7, 0.3]])),  # type: ignore[arg-type]
        SimpleNamespace(classify=classify),  # type: ignore[arg-type]
        on_progress=lambda _: None,
    )
    return agreement, seen


def test_a_file_that_answers_alike_is_compared_on_few_pictures() -> None:
    agreement, seen = compared((5, 5))
    assert (agreement.pictures, agreement.same_answer, agreement.mean_difference) == (4, 1.0, 0.0)
    assert sorted(number // 5 for number in seen) == [0, 0, 1, 1]


def test_one_picture_that_differs_makes_as_many_again_decide() -> None:
    agreement, seen = compared((5, 5), differ=[0.09])
    assert agreement.pictures == len(set(seen)) == 8
    assert agreement.mean_difference == pytest.approx(0.09 / 8)


def test_a_file_that_keeps_differing_is_refused() -> None:
    with pytest.raises(ExportedModelDisagrees) as error:
        compared((5, 5), differ=[0.03] * 8)
    assert str(error.value) == (
        "the exported model's probabilities differ from the trained one's by 0.03 in the mean. "
        "Teach a few more pictures and press TRAIN again."
    )


def test_another_picture_of_the_class_takes_the_place_of_a_damaged_one() -> None:
    _, seen = compared((4, 4), damaged=[0, 1, 3, 5, 6, 7])  # picture 2 of one class and 4 of the other remain
    assert sorted(seen) == [2, 4]
    _, seen = compared((5, 5), damaged=[1, 6])
    assert sorted(number // 5 for number in seen) == [0, 0, 1, 1]


def test_a_class_with_damaged_pictures_only_is_left_out() -> None:
    _, seen = compared((2, 2), damaged=[0, 1])
    assert sorted(seen) == [2, 3]
