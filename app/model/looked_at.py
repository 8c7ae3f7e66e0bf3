"""What a new model looks at in the pictures that taught it: maps of confused ones, classes known by background."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.base.errors import PictureDamaged
from app.base.explanation import Explanation, Way
from app.model.agreement import spread_over_classes
from app.model.background import looks_at_background
from app.model.why import Explainer
from app.session.pictures import decode_picture
from app.session.session import Sample, Session
from tpu.tensors import ImageArray

MOST_CONFUSED = 24  # pictures with a map
MOST_BY_BACKGROUND = 24  # pictures that show whether classes are known by the background
LONGEST_S = 0.3  # on a slow computer, fewer pictures are explained
DIGITS = 4


def with_explanations(
    report: Mapping[str, Any],
    session: Session,
    explainer: Explainer,
    *,
    longest_s: float = LONGEST_S,
    enough: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Add to a training report what the model looks at.

    Args:
        report: From `app.model.training_report`.
        session: The training data; its label indices are the rows of the model.
        explainer: Of the exported model.
        longest_s: Time for the confused pictures, and for the background; what is not done then is left out.
        enough: Asked before each picture; True leaves out the others.

    Returns:
        The same values, and `why` in the entries of `wrong`, as `classify --why` writes it: what looks more like the
        wrong answer than like the right class. And `looks_at_background`: whether the model names a class by the
        background, for each class; None where that was not measured.
    """

    def enough_from_now() -> Callable[[], bool]:
        end_s = time.monotonic() + longest_s
        return lambda: time.monotonic() >= end_s or enough()

    return {
        **report,
        "wrong": _confused(report["wrong"], session, explainer, enough_from_now()),
        "looks_at_background": _by_background(session, explainer, enough_from_now()),
    }


def as_json(why: Explanation) -> dict[str, Any]:
    """Return an explanation as values for JSON, with class indices for the labels."""
    rows, columns = why.cells.shape
    cells = [[round(float(cell), DIGITS) for cell in row] for row in why.cells]
    return {
        "rows": rows, "cols": columns, "winner": why.winner, "runner_up": why.runner_up, "way": why.way.value,
        "cells": cells,
    }  # fmt: skip


def from_json(facts: Mapping[str, Any]) -> Explanation:
    """Return the explanation that `as_json` wrote."""
    cells = np.array(facts["cells"], np.float32)
    return Explanation(cells, facts["winner"], facts["runner_up"], False, float(cells.sum()), Way(facts["way"]))


def _confused(
    wrong: list[dict[str, Any]], session: Session, explainer: Explainer, enough: Callable[[], bool]
) -> list[dict[str, Any]]:
    samples = {one.sample_id: one for one in session.samples}
    explained = []
    for number, one in enumerate(wrong):
        sample = samples.get(one["sample"])
        picture = _picture(sample) if sample is not None and number < MOST_CONFUSED else None
        if picture is None or enough():
            explained.append(one)
            continue
        _, why = explainer.explain(picture, winner=one["answer"], other=one["truth"])
        explained.append({**one, "why": as_json(why)})
    return explained


def _by_background(session: Session, explainer: Explainer, enough: Callable[[], bool]) -> list[bool | None]:
    """Explain some pictures of each class."""
    if explainer.way is not Way.EXACT:  # covering parts of so many pictures takes too long
        return [None] * len(session.labels)
    explained: dict[int, list[tuple[ImageArray, Explanation]]] = {}
    for sample in _by_turns(spread_over_classes(session, MOST_BY_BACKGROUND)):
        picture = _picture(sample)
        if picture is None:
            continue
        if enough():
            break
        _, why = explainer.explain(picture, winner=sample.class_index)
        explained.setdefault(sample.class_index, []).append((picture, why))
    return [looks_at_background(explained[row]) if row in explained else None for row in range(len(session.labels))]


def _by_turns(samples: list[Sample]) -> list[Sample]:
    """Take samples of the classes in turns, so that a class is not left out if the time ends."""
    seen: dict[int, int] = {}
    turns = []
    for sample in samples:
        seen[sample.class_index] = seen.get(sample.class_index, -1) + 1
        turns.append((seen[sample.class_index], sample.class_index, sample))
    return [sample for _, _, sample in sorted(turns, key=lambda turn: turn[:2])]


def _picture(sample: Sample) -> ImageArray | None:
    try:
        return decode_picture(sample.picture)
    except PictureDamaged:
        return None
