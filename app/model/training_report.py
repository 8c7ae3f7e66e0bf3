"""The facts of a training, as `report.json` and `report.html` in a saved folder tell them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.session.session import Session
from learning.fit import FitResult
from learning.progress import FitProgress

MOST_COUNTED = 1 << 53


def training_report(
    session: Session,
    fit: FitResult,
    agreement: Mapping[str, Any],
    seconds: Mapping[str, float],
    *,
    made_views: int = 0,
    holds: Sequence[int] = (),
) -> dict[str, Any]:
    """Collect the facts of a training.

    Args:
        session: The training data; its label indices are the rows of the model.
        fit: The result of the fit.
        agreement: The fields of `app.model.agreement.Agreement`.
        seconds: Duration of each step.
        made_views: Number of made views.
        holds: Number of holds of each class; empty if that is unknown.

    Returns:
        Values that JSON can store. `held_out` lists the held-out samples: sample id, true and predicted class index,
        confidence 0..1. `wrong` lists those with a wrong answer, sorted by confidence, highest first.
    """
    answers = fit.validation_probabilities.argmax(axis=1)
    held_out = [
        {
            "sample": session.samples[index].sample_id,
            "truth": session.samples[index].class_index,
            "answer": int(answer),
            "confidence": round(float(row.max()), 4),
        }
        for index, answer, row in zip(fit.validation_indices, answers, fit.validation_probabilities, strict=True)
    ]
    wrong = [one for one in held_out if one["answer"] != one["truth"]]
    totals = fit.confusion.sum(axis=1)
    return {
        "labels": list(session.labels),
        "shots": list(session.shots()),
        "validation_accuracy": fit.validation_accuracy,
        "validation_from": fit.validation_from,
        "provisional": fit.provisional,
        "made_views": made_views,
        "holds": list(holds),
        "quarter_turns": fit.turns_taught,
        "class_accuracy": [
            float(fit.confusion[index, index] / total) if total and fit.validation_from is not None else None
            for index, total in enumerate(totals)
        ],
        "threshold": fit.threshold,
        "refused": float(_refused(fit).mean()),
        "confusion": fit.confusion.tolist(),
        "curve": _points(fit.history),
        "held_out": held_out,
        "wrong": sorted(wrong, key=lambda one: -float(one["confidence"])),
        "agreement": dict(agreement),
        "seconds": dict(seconds),
        "extractor": {"name": session.extractor_name, "sha256": session.extractor_sha256},
    }


def with_whole_curve(facts: Mapping[str, Any], rest: Sequence[FitProgress]) -> dict[str, Any]:
    """Add to the facts the points of the learning curve that were measured later.

    Args:
        facts: From `training_report`.
        rest: From `learning.fit.FitResult.rest_of_history`.
    """
    return {**facts, "curve": sorted([*_points(rest), *facts["curve"]], key=lambda point: float(point["shots"]))}


def _points(history: Sequence[FitProgress]) -> list[dict[str, float]]:
    return [{"shots": one.shots, "loss": one.loss, "validation_accuracy": one.validation_accuracy} for one in history]


def is_whole(facts: Mapping[str, Any]) -> bool:
    """Whether facts that were read from a file have the form that the pages of the results need."""
    confusion, wrong = facts.get("confusion"), facts.get("wrong")
    if not isinstance(confusion, list) or not isinstance(wrong, list):
        return False
    classes, labels = len(confusion), facts.get("labels")
    if not isinstance(labels, list) or len(labels) != classes:
        return False
    square = all(isinstance(row, list) and len(row) == classes for row in confusion)
    if not square or not all(_is_count(count, MOST_COUNTED) for row in confusion for count in row):
        return False
    held_out, curve = facts.get("held_out", wrong), facts.get("curve")
    if not isinstance(held_out, list) or not isinstance(curve, list):
        return False
    holds = facts.get("holds", [])
    if not isinstance(holds, list) or not all(_is_count(count, MOST_COUNTED) for count in holds):
        return False
    return all(_is_answer(one, classes) for one in (*wrong, *held_out)) and all(map(_is_point, curve))


def _is_answer(one: object, classes: int) -> bool:
    return (
        isinstance(one, dict)
        and _is_count(one.get("sample"), MOST_COUNTED)
        and all(_is_count(one.get(name), classes) for name in ("truth", "answer"))
        and _is_number(one.get("confidence"))
    )


def _is_point(one: object) -> bool:
    return isinstance(one, dict) and all(_is_number(one.get(name)) for name in ("shots", "validation_accuracy"))


def _is_count(value: object, below: int) -> bool:
    return type(value) is int and 0 <= value < below


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _refused(fit: FitResult) -> NDArray[np.bool_]:
    """Return which held-out pictures get the answer "not sure", bool (N,)."""
    return np.asarray((fit.novelties > 1) | (fit.validation_probabilities.max(axis=1) < fit.threshold))
