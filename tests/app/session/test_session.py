"""What a session needs before training, and what it knows of holds and made views."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.session.session import Sample, Session, no_views, same_samples, still_missing

pytestmark = pytest.mark.needs_runtime


def test_a_text_names_the_first_thing_that_training_needs() -> None:
    labels = ("apple", "cup", "book")
    assert str(still_missing(labels, (0, 0, 0))) == "Nothing to learn from yet. Show something and hold its button."
    assert str(still_missing(labels, (3, 0, 0))) == (
        "One thing is not enough: show something that is not apple and hold another button."
    )
    assert str(still_missing(labels, (3, 1, 0))) == "cup needs one more picture."
    assert still_missing(labels, (2, 2, 0)) is None


def sample(number: int, class_index: int, hold: int | None = None, made: int = 0) -> Sample:
    """A sample whose embedding and made views hold its number."""
    views = np.full((made, 2), number, np.float32) if made else no_views()
    return Sample(number, class_index, np.full(2, number, np.float32), b"", 0.0, hold=hold, made=views)


def test_holds_are_numbers_where_they_are_known_and_the_next_one_is_above_them_all() -> None:
    session = Session(("a", "b"), (sample(1, 0, 4), sample(2, 0), sample(3, 1, 2)), "x", "y")
    assert session.holds().tolist() == [4, -1, 2]
    assert session.next_hold == 5
    assert replace(session, samples=(sample(2, 0),)).next_hold == 0
    assert replace(session, samples=()).next_hold == 0


def test_only_the_taught_classes_keep_holds_and_made_views_of_their_own_samples() -> None:
    samples = (sample(1, 2, 7, made=2), sample(2, 0, 8), sample(3, 2, 9, made=1))
    taught = Session(("a", "b", "c"), samples, "x", "y").taught()
    assert (taught.labels, taught.label_indices().tolist()) == (("a", "c"), [1, 0, 1])
    assert taught.holds().tolist() == [7, 8, 9]
    made, made_source = taught.made()
    assert (made[:, 0].tolist(), made_source.tolist()) == ([1.0, 1.0, 3.0], [0, 0, 2])


def test_a_session_without_made_views_has_an_empty_array_of_them_with_its_feature_size() -> None:
    made, made_source = Session(("a", "b"), (sample(1, 0), sample(2, 1)), "x", "y").made()
    assert (made.shape, made.dtype, made_source.shape, made_source.dtype) == ((0, 2), np.float32, (0,), np.int64)


def test_sessions_are_the_same_whether_or_not_views_were_made_meanwhile() -> None:
    one = Session(("a", "b"), (sample(1, 0, 4),), "x", "y")
    assert same_samples(one, replace(one, samples=(sample(1, 0, 4, made=3),)))
    assert not same_samples(one, replace(one, samples=(sample(2, 0, 4),)))
