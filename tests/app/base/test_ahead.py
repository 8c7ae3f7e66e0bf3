"""Work ahead in threads: results in order, a bounded number at a time, errors where their result is due."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from app.base.ahead import work_ahead


def test_results_come_in_the_order_of_the_items_whichever_is_done_first() -> None:
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(60)
        if item == 1:
            second_is_done.set()
        return 10 * item

    assert list(work_ahead(work, range(5), threads=2, ahead=2)) == [0, 10, 20, 30, 40]


def test_no_more_items_are_taken_than_there_is_room_for() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = work_ahead(str, items(), threads=2, ahead=3)
    assert next(results) == "0"
    assert len(taken) <= 7
    results.close()
    assert len(taken) <= 7


def test_an_error_is_raised_where_its_result_is_due() -> None:
    results = work_ahead(lambda item: 1 // item, [1, 0, 1], threads=1, ahead=3)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_without_items_there_are_no_results() -> None:
    assert list(work_ahead(str, [], threads=1, ahead=1)) == []
