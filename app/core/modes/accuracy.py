"""How good a model is, in words for everybody: how it was tested, and how many of the test pictures it got right.

Only a model that got all of them right is said to get all right.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.base.i18n import Message, counted, message
from app.core.facts import TrainedFacts

GOOD_FROM = 0.7  # accuracy from which the kiosk is glad about a model
UNTESTED_FEELING, VIEWS_FEELING = 0.25, 0.35


def is_good(model: TrainedFacts) -> bool:
    """Whether the model was tested and is good."""
    accuracy = tested_accuracy(model)
    return accuracy is not None and accuracy >= GOOD_FROM


def tested_accuracy(model: TrainedFacts) -> float | None:
    """The accuracy, 0..1; None if it only says how well the model knows near-duplicates of its own samples."""
    return None if model.validation_from is None else model.validation_accuracy


def after_training(model: TrainedFacts) -> Message:
    """What a notice says after the training."""
    accuracy = tested_accuracy(model)
    if accuracy is None:
        return message("It learned, but it is not tested yet. Hold each button twice, then press TRAIN.")
    if _by_copies_alone(model):
        if not is_good(model):
            return message(
                "It mixes up its own pictures when they are moved or turned. Show each thing from more sides."
            )
        if accuracy >= 1:
            return message(
                "It learned! It gets all its own pictures right, moved and turned. Now show a thing in another way!"
            )
        return message(
            "It learned! It gets about {right} out of 10 of its own pictures right, moved and turned. "
            "Now show a thing in another way!",
            right=min(9, round(accuracy * 10)),
        )
    if accuracy >= 1:
        return message("It learned! It got every test picture right.")
    right, total = _right_of_total(model, accuracy)
    if is_good(model):
        return message("It learned! It got {right} of {total} test pictures right.", right=right, total=total)
    return message(
        "It got only {right} of {total} test pictures right. Show each thing from more sides.", right=right, total=total
    )


def seen_once(model: TrainedFacts) -> tuple[int, ...]:
    """The rows of a model whose classes were shown in one hold, while others had several; () without such a class."""
    counts = _holds(model)
    once = tuple(row for row, count in enumerate(counts) if count < 2)
    return once if len(once) < len(counts) else ()


def title_of_results(model: TrainedFacts, labels: Sequence[str] = ()) -> Message:
    """The title of the page of results.

    Args:
        model: The model.
        labels: Labels of the rows of its confusion matrix; without them no class is named.
    """
    accuracy = tested_accuracy(model)
    if accuracy is None:
        return message("Not tested yet")
    if model.validation_from == "views" and not is_good(model):
        return message("I still mix things up")
    if _by_copies_alone(model):
        return message("I have seen each thing only once")
    if model.validation_from == "views" and (once := seen_once(model)):
        if len(once) == 1 and once[0] < len(labels):
            return message("I have seen {label} only once", label=labels[once[0]])
        return counted("I have seen {count} thing only once", "I have seen {count} things only once", len(once))
    right, total = _right_of_total(model, accuracy)
    if right == total:
        return message("All {total} right!", total=total)
    return message("{right} of {total} right", right=right, total=total)


def advice(model: TrainedFacts, labels: Sequence[str] = ()) -> Message:
    """What to do next, on the page of results: one thing.

    Args:
        model: The model.
        labels: Labels of the rows of its confusion matrix; without them no class is named.
    """
    accuracy, once = tested_accuracy(model), seen_once(model)
    needs_another = accuracy is None or (model.validation_from == "views" and is_good(model))
    if needs_another and once and once[0] < len(labels):
        return message("Hold the {label} button once more, then press TRAIN.", label=labels[once[0]])
    if accuracy is None:
        return message("Hold each button twice, then press TRAIN.")
    if _by_copies_alone(model) and is_good(model):
        return message("Hold each button once more, then press TRAIN: that is a real test.")
    pair = _most_mixed_up(model, labels) if accuracy < 1 else None
    if pair is not None:
        return message("Show {one} and {other} from more sides: it mixes them up.", one=pair[0], other=pair[1])
    if accuracy < 1:
        return message("Show each thing from more sides.")
    return message("No mix-ups! Well taught!")


def has_mistakes(model: TrainedFacts) -> bool:
    """Whether the test found a mistake."""
    confusion = model.report["confusion"] if model.report is not None else []
    return any(count for truth, row in enumerate(confusion) for answer, count in enumerate(row) if truth != answer)


def proves_something(model: TrainedFacts) -> bool:
    """Whether the numbers of the test are worth showing: copies of its own pictures prove nothing if all are right."""
    return tested_accuracy(model) is not None and (not _by_copies_alone(model) or has_mistakes(model))


def feeling(model: TrainedFacts) -> float:
    """How the mascot feels about a model, -1..1: proud of a good one, a little worried about one that often fails."""
    accuracy = tested_accuracy(model)
    if accuracy is None:
        return UNTESTED_FEELING
    if not proves_something(model):
        return VIEWS_FEELING
    if accuracy >= GOOD_FROM:
        return 0.5 + 0.5 * (accuracy - GOOD_FROM) / (1 - GOOD_FROM)
    return max(-0.5, accuracy - GOOD_FROM)


def _by_copies_alone(model: TrainedFacts) -> bool:
    """Whether all test pictures are copies: every class was shown in one hold, or it is unknown in how many."""
    return model.validation_from == "views" and not any(count >= 2 for count in _holds(model))


def _holds(model: TrainedFacts) -> tuple[int, ...]:
    """The number of holds of each row of the model; () if the report does not say it."""
    report = model.report if model.report is not None else {}
    counts, confusion = report.get("holds"), report.get("confusion", [])
    if not isinstance(counts, list) or len(counts) != len(confusion) or not all(type(one) is int for one in counts):
        return ()
    return tuple(counts)


def _most_mixed_up(model: TrainedFacts, labels: Sequence[str]) -> tuple[str, str] | None:
    """The true class and the answer of the most frequent mistake; None without mistakes or labels."""
    confusion = model.report["confusion"] if model.report is not None else []
    mistakes = [
        (count, -truth, -answer)
        for truth, row in enumerate(confusion)
        for answer, count in enumerate(row)
        if truth != answer and count
    ]
    if not mistakes or len(labels) != len(confusion):
        return None
    _, truth, answer = max(mistakes)
    return labels[-truth], labels[-answer]


def _right_of_total(model: TrainedFacts, accuracy: float) -> tuple[int, int]:
    """How many test pictures were answered correctly; of 10 if the report of the training was lost."""
    confusion = model.report["confusion"] if model.report is not None else []
    total = sum(map(sum, confusion))
    if not total:
        return int(accuracy * 10), 10
    return sum(row[index] for index, row in enumerate(confusion)), total
