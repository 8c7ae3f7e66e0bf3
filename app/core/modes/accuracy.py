"""How good a model is, in words for everybody: how it was tested, and how many of the test pictures it got right.

Only a model that got all of them right is said to get all right. One that is wrong about most test pictures of a class
is not good, however many others it got right. The notice after the training, the page of results, and the mascot on
both follow the same rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.base.i18n import Message, counted, message
from app.core.facts import TrainedFacts

GOOD_FROM = 0.7  # accuracy from which the kiosk is glad about a model
UNTESTED_FEELING, VIEWS_FEELING, WORRIED = 0.25, 0.45, -0.2


def is_good(model: TrainedFacts) -> bool:
    """Whether the model was tested and is good: in all, and for each class in at least half of its test pictures."""
    accuracy = tested_accuracy(model)
    return accuracy is not None and accuracy >= GOOD_FROM and not _weak(model)


def tested_accuracy(model: TrainedFacts) -> float | None:
    """The accuracy, 0..1; None if it only says how well the model knows near-duplicates of its own samples."""
    if model.validation_from is None:
        return None
    counts = tally(model)
    total = sum(map(sum, counts))
    return sum(row[index] for index, row in enumerate(counts)) / total if total else model.validation_accuracy


def tally(model: TrainedFacts) -> tuple[tuple[int, ...], ...]:
    """The confusion matrix: rows are true classes, columns answers; () if the report was lost.

    If some classes were shown in several holds, only their rows have counts. A report of an earlier version also counts
    copies of the others' own pictures: they are left out.
    """
    confusion = model.report["confusion"] if model.report is not None else []
    once = seen_once(model)
    return tuple(tuple(0 if truth in once else count for count in row) for truth, row in enumerate(confusion))


def after_training(model: TrainedFacts, labels: Sequence[str] = ()) -> Message:
    """What a notice says after the training.

    Args:
        model: The model.
        labels: Labels of the rows of its confusion matrix; without them no class is named.
    """
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
    if (pair := _most_mixed_up(_weak(model), labels)) is not None:
        return message(
            "It mixes up {one} and {other}. Show both from more sides, then press TRAIN.", one=pair[0], other=pair[1]
        )
    if is_good(model) and (once := seen_once(model)):
        if len(once) == 1 and once[0] < len(labels):
            return message(
                "It learned! But it has seen {label} only once. Hold that button once more, then press TRAIN.",
                label=labels[once[0]],
            )
        return counted(
            "It learned! But it has seen {count} thing only once. Hold its button once more, then press TRAIN.",
            "It learned! But it has seen {count} things only once. Hold their buttons once more, then press TRAIN.",
            len(once),
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
    if (pair := _most_mixed_up(_weak(model), labels)) is not None:
        return message("I mix up {one} and {other}", one=pair[0], other=pair[1])
    if _by_copies_alone(model):
        return message("I learned it. Now test me!") if is_good(model) else message("I still mix things up")
    if is_good(model) and (once := seen_once(model)):
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
    if (accuracy is None or is_good(model)) and once and once[0] < len(labels):
        return message("Hold the {label} button once more, then press TRAIN.", label=labels[once[0]])
    if accuracy is None:
        return message("Hold each button twice, then press TRAIN.")
    if _by_copies_alone(model) and is_good(model):
        return message("Let go, turn or move each thing, hold its button once more, then press TRAIN.")
    if _most_mixed_up(_weak(model), labels) is not None:  # the title names them
        return message("Show both from more sides, then press TRAIN.")
    if (pair := _most_mixed_up(tally(model), labels)) is not None:
        return message("Show {one} and {other} from more sides: it mixes them up.", one=pair[0], other=pair[1])
    if accuracy < 1:
        return message("Show each thing from more sides.")
    return message("No mix-ups! Well taught!")


def has_mistakes(model: TrainedFacts) -> bool:
    """Whether the test found a mistake."""
    return any(count for truth, row in enumerate(tally(model)) for answer, count in enumerate(row) if truth != answer)


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
    if is_good(model):
        return 0.5 + 0.5 * (accuracy - GOOD_FROM) / (1 - GOOD_FROM)
    return max(-0.5, min(WORRIED, accuracy - GOOD_FROM))


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


def _weak(model: TrainedFacts) -> tuple[tuple[int, ...], ...]:
    """The tally of the classes of which most test pictures were answered wrongly; () without such a class.

    The rows of all other classes are zero.
    """
    counts = tally(model)
    weak = [2 * row[truth] < sum(row) for truth, row in enumerate(counts)]
    if model.validation_from is None or not any(weak):
        return ()
    return tuple(row if fails else (0,) * len(row) for row, fails in zip(counts, weak, strict=True))


def _most_mixed_up(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> tuple[str, str] | None:
    """The true class and the answer of the most frequent mistake in a tally; None without mistakes or labels."""
    mistakes = [
        (count, -truth, -answer)
        for truth, row in enumerate(counts)
        for answer, count in enumerate(row)
        if truth != answer and count
    ]
    if not mistakes or len(labels) != len(counts):
        return None
    _, truth, answer = max(mistakes)
    return labels[-truth], labels[-answer]


def _right_of_total(model: TrainedFacts, accuracy: float) -> tuple[int, int]:
    """How many test pictures were answered correctly; of 10 if the report of the training was lost."""
    counts = tally(model)
    total = sum(map(sum, counts))
    if not total:
        return int(accuracy * 10), 10
    return sum(row[index] for index, row in enumerate(counts)), total
