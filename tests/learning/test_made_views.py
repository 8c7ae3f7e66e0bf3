"""Made views in a training: when they train, how much they count, and what stands in for them without pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from learning import novelty_fit
from learning.discriminant import Rows
from learning.fit import FitResult, fit_head
from learning.novelty import novelties
from learning.training_rows import (
    MADE_WEIGHT,
    TURNED_OF_ALL,
    TURNED_OF_CLASS,
    QuarterTurns,
    choose_rows,
    prepare_samples,
)
from learning.validation import plan_folds, validation_score
from learning.view_prior import ViewPrior, measure_prior

pytestmark = pytest.mark.needs_runtime

CLASSES, DIM = 3, 40
FEW_HOLDS, MANY_FRAMES = 6, 4


def a_prior(size: float = 0.25) -> ViewPrior:
    """The prior of an extractor whose views differ by normal noise of this size in all values."""
    rng = np.random.default_rng(9)
    bank = rng.normal(0, 3, (120, DIM))
    views = bank[:, np.newaxis] + rng.normal(0, size, (120, 2, DIM))
    return measure_prior(bank.astype(np.float32), views.astype(np.float32))


def samples_of(holds: int, frames: int, classes: int = CLASSES) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return samples, labels and holds; the frames of a hold are nearly the same."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(classes), holds)
    looks = 3 * np.eye(classes, DIM)[y] + rng.normal(0, 0.5, (len(y), DIM))
    x = np.repeat(looks, frames, axis=0) + rng.normal(0, 0.01, (len(y) * frames, DIM))
    return x.astype(np.float32), np.repeat(y, frames), np.repeat(np.arange(len(y)), frames)


def made_of(x: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Return two views of each sample, and their sources."""
    source = np.repeat(np.arange(len(x)), 2)
    views = x[source] + np.random.default_rng(1).normal(0, size, (len(source), DIM))
    return views.astype(np.float32), source


def test_without_pictures_views_are_synthesized_so_one_hold_is_tested_and_recognised() -> None:
    x, y, holds = samples_of(1, 12)
    fit = fit_head(x, y, CLASSES, rng=np.random.default_rng(0), groups=holds, prior=a_prior())
    assert (fit.validation_from, fit.provisional) == ("views", False)
    assert fit.validation_accuracy is not None
    fresh = made_of(x, 0.25)[0]
    assert fit.head.not_sure is not None
    assert (novelties(fit.head.not_sure, fresh) > 1).mean() <= 0.03
    assert (novelties(fit.head.not_sure, a_prior().bank) > 1).mean() >= 0.95


@pytest.mark.parametrize(("view_size", "trains"), [(0.5, True), (40.0, False)], ids=["good views", "views of nothing"])
def test_views_of_classes_with_several_holds_train_unless_held_out_holds_score_higher_without_them(
    view_size: float, trains: bool
) -> None:
    x, y, holds = samples_of(FEW_HOLDS, MANY_FRAMES)
    made, source = made_of(x, view_size)
    fit = fit_head(x, y, CLASSES, rng=np.random.default_rng(0), groups=holds, made=made, made_source=source)
    assert fit.validation_from == "holds"
    assert fit.made_taught is trains


def test_a_view_of_a_class_with_several_holds_counts_less_than_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, holds = samples_of(FEW_HOLDS, MANY_FRAMES)
    rng = np.random.default_rng(0)
    samples = prepare_samples(x, y, holds, *made_of(x, 0.5), None, rng)
    plan = plan_folds(samples.y, samples.holds, samples.source, CLASSES, rng)
    weights: list[np.ndarray] = []
    original = Rows.__init__

    def noted(self: Rows, parts: list[np.ndarray], labels: np.ndarray, of_rows: np.ndarray, *others: object) -> None:
        weights.append(of_rows)
        original(self, parts, labels, of_rows, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(Rows, "__init__", noted)
    choose_rows(samples, plan, None, lambda: None)
    assert set(weights[0][: len(x)]) == {1}
    assert set(weights[0][len(x) :]) == {np.float32(MADE_WEIGHT)}


def test_the_points_of_the_learning_curve_are_judged_by_models_without_the_fold() -> None:
    """With labels that mean nothing, a model that was trained on the judged rows would still be right."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (120, 300)).astype(np.float32), np.arange(120) % 3
    fit = fit_head(x, y, 3, rng=rng)
    assert len(fit.history) > 2
    assert max(point.validation_accuracy for point in fit.history) < 0.6


def test_made_views_narrow_the_limit_that_few_holds_leave_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that lacks one of three holds finds that hold as unlike everything taught as an unknown thing."""
    x, y, holds = samples_of(3, MANY_FRAMES)
    made, source = made_of(x, 0.1)
    mean_novelty = []
    for least_weight_of_holds in (1.0, novelty_fit.MIN_WEIGHT_OF_HOLDS):
        monkeypatch.setattr(novelty_fit, "MIN_WEIGHT_OF_HOLDS", least_weight_of_holds)
        rng, prior = np.random.default_rng(0), a_prior(0.1)
        fit = fit_head(x, y, CLASSES, rng=rng, groups=holds, made=made, made_source=source, prior=prior)
        assert fit.validation_from == "holds"
        assert fit.head.not_sure is not None
        mean_novelty.append(novelties(fit.head.not_sure, prior.bank).mean())
    assert mean_novelty[1] > 1.05 * mean_novelty[0]  # novelties are divided by the limit


def test_made_views_move_no_limit_of_classes_with_many_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, holds = samples_of(novelty_fit.MANY_HOLDS, 1)
    made, source = made_of(x, 0.1)
    limits = []
    for least_weight_of_holds in (0.01, 1.0):
        monkeypatch.setattr(novelty_fit, "MIN_WEIGHT_OF_HOLDS", least_weight_of_holds)
        rng, prior = np.random.default_rng(0), a_prior(0.1)
        fit = fit_head(x, y, CLASSES, rng=rng, groups=holds, made=made, made_source=source, prior=prior)
        assert fit.head.not_sure is not None
        limits.append(novelties(fit.head.not_sure, prior.bank).mean())
    assert limits[0] == limits[1]


@pytest.mark.parametrize("classes", [3, 5])
def test_the_score_that_decides_whether_views_train_rewards_refusing_classes_that_were_left_out(classes: int) -> None:
    x, y, holds = samples_of(30, 1, classes)
    rng = np.random.default_rng(0)
    samples = prepare_samples(x, y, holds, x[:0], np.zeros(0, np.int64), None, rng)
    plan = plan_folds(y, holds, samples.source, classes, rng)
    rows = choose_rows(samples, plan, None, lambda: None)
    score = validation_score(rows.rows, rows.features, plan, np.arange(len(y)), lambda: None)
    assert score > 1.7  # accuracy and AUROC together; about 1.5 if no class is left out


def test_near_duplicates_do_not_train_and_their_views_go_to_the_first_sample_of_their_hold() -> None:
    x, y, holds = samples_of(2, 5)
    made, source = made_of(x, 0.25)
    samples = prepare_samples(x, y, holds, made, source, a_prior(), np.random.default_rng(0))
    assert samples.kept.tolist() == list(range(0, len(x), 5))
    assert len(samples.views) == len(made)
    assert np.array_equal(samples.holds[samples.source], holds[source])


def quarter_turns_of(views: Callable[[np.ndarray], np.ndarray], asked: list[int]) -> QuarterTurns:
    """Return three copies of each sample that `fit_head` asks for, and note which these are."""

    def turned(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked.extend(samples.tolist())
        source = np.repeat(samples, 3)
        return views(source).astype(np.float32), source

    return turned


def test_quarter_turns_train_where_made_views_do_harm() -> None:
    """A turn differs from its picture as much as another picture of the class does, so it is worth as much."""
    rng, y, fresh_y = np.random.default_rng(4), np.repeat(np.arange(CLASSES), FEW_HOLDS), np.arange(1200) % CLASSES

    def looks(labels: np.ndarray) -> np.ndarray:
        return 1.5 * np.eye(CLASSES, DIM)[labels] + rng.normal(0, 0.5, (len(labels), DIM))

    x, fresh = looks(y), looks(fresh_y)
    made, source = made_of(x, 40.0)
    asked: list[int] = []
    turned = quarter_turns_of(lambda rows: looks(y[rows]), asked)
    accuracy = []
    for quarter_turns in (None, turned):
        fit = fit_head(
            x, y, CLASSES, rng=np.random.default_rng(0), made=made, made_source=source, quarter_turns=quarter_turns
        )
        assert not fit.made_taught
        accuracy.append(float((fit.head.run_inference(fresh.astype(np.float32)) == fresh_y).mean()))
    assert fit.turns_taught == 3 * len(x)
    assert sorted(asked) == list(range(len(x)))
    assert fit.validation_indices.tolist() == list(range(len(x)))  # a turn is never judged
    assert accuracy[1] > accuracy[0] + 0.03


def taught_with_turns(views_differ: float, *, of_another_class: bool) -> tuple[FitResult, list[int]]:
    """Teach with made views and with turns that show the same class or another one; return also whose it asked for."""
    x, y, holds = samples_of(FEW_HOLDS, MANY_FRAMES)
    made, source = made_of(x, views_differ)
    asked: list[int] = []
    shift = len(x) // CLASSES if of_another_class else 0
    fit = fit_head(
        x,
        y,
        CLASSES,
        rng=np.random.default_rng(0),
        groups=holds,
        made=made,
        made_source=source,
        quarter_turns=quarter_turns_of(lambda rows: x[(rows + shift) % len(x)], asked),
    )
    return fit, asked


def test_quarter_turns_that_score_lower_than_no_views_do_not_train() -> None:
    fit, asked = taught_with_turns(40.0, of_another_class=True)
    assert asked
    assert (fit.made_taught, fit.turns_taught) == (False, 0)


def test_no_quarter_turn_is_embedded_while_made_views_help() -> None:
    fit, asked = taught_with_turns(0.5, of_another_class=False)
    assert (fit.made_taught, fit.turns_taught, asked) == (True, 0, [])


@pytest.mark.parametrize(("classes", "turned_of_class"), [(20, [0, 5, 10, 14, 19]), (101, [])], ids=["some", "none"])
def test_of_many_classes_few_pictures_are_turned(classes: int, turned_of_class: list[int]) -> None:
    """They are spread from the first to the last picture of the class."""
    assert classes * len(turned_of_class) <= TURNED_OF_ALL
    each = 2 * TURNED_OF_CLASS
    y = np.repeat(np.arange(classes), each)
    x = (5 * np.eye(classes)[y] + np.random.default_rng(0).normal(0, 1, (len(y), classes))).astype(np.float32)
    source = np.repeat(np.arange(len(y)), 2)
    made = np.random.default_rng(1).normal(0, 40, (len(source), classes)).astype(np.float32)
    asked: list[int] = []
    turned = quarter_turns_of(lambda rows: x[rows], asked)
    fit = fit_head(x, y, classes, rng=np.random.default_rng(0), made=made, made_source=source, quarter_turns=turned)
    assert not fit.made_taught
    assert asked == [each * label + one for label in range(classes) for one in turned_of_class]
