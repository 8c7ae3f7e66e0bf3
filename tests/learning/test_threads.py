"""Parts of a fit that are computed side by side: in order, on the cores that there are, with the same result."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from learning import fit_head, threads
from learning.threads import MOST_ROWS, results_of

pytestmark = pytest.mark.needs_runtime


def test_two_parts_run_at_a_time_and_their_results_keep_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_cores", lambda: 4)
    both_run = threading.Barrier(2)

    def work(item: int) -> int:
        both_run.wait(60)
        return 10 * item

    assert results_of(work, range(4), rows=100) == [0, 10, 20, 30]


def test_on_one_core_for_one_part_and_for_many_rows_no_thread_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_cores", lambda: 1)
    here = threading.current_thread()
    assert results_of(lambda _: threading.current_thread(), range(3), rows=100) == [here] * 3
    monkeypatch.setattr(threads, "_cores", lambda: 4)
    assert results_of(lambda _: threading.current_thread(), [1], rows=100) == [here]
    assert results_of(lambda _: threading.current_thread(), [1, 2], rows=MOST_ROWS + 1) == [here] * 2


def test_the_error_of_a_part_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_cores", lambda: 4)
    with pytest.raises(ZeroDivisionError):
        results_of(lambda item: 1 // item, [1, 0, 1], rows=100)


def test_a_fit_is_the_same_to_the_last_bit_on_one_core_and_on_several(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = (rng.normal(0, 1, (90, 40)) + 2 * np.eye(3, 40)[y]).astype(np.float32)
    fits = []
    for cores in (1, 2):
        monkeypatch.setattr(threads, "_cores", lambda cores=cores: cores)
        fits.append(fit_head(x, y, 3, rng=np.random.default_rng(1)))
    one, other = fits
    assert np.array_equal(one.head.params["mat_w"], other.head.params["mat_w"])
    assert np.array_equal(one.validation_probabilities, other.validation_probabilities)
    assert np.array_equal(one.novelties, other.novelties)
    assert one.history == other.history
