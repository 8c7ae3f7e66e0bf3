"""Compare the answers of an exported model file with those of the head it was made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from app.base.ahead import work_ahead
from app.base.errors import ExportedModelDisagrees, PictureDamaged
from app.base.i18n import message
from app.base.ports import ImageArray
from app.session.pictures import decode_picture
from app.session.session import Sample, Session
from learning.errors import TrainingCancelled
from learning.layers import FloatArray
from learning.softmax_regression import SoftmaxRegression
from tpu.classifier import ClassificationEngine
from tpu.extractor import EmbeddingExtractor

COMPARED, COMPARED_PER_CLASS = 4, 1  # pictures in all, and at least so many of each class: the visitor waits for them
ROUNDS = 2  # as many pictures again, if the mean over the first ones is too large: one of them alone can make it so
CLOSE_CALL = 0.1  # 8-bit rounding alone can swap two classes whose probabilities are closer than this
LARGEST_MEAN_DIFFERENCE = 0.02  # of probabilities


@dataclass(frozen=True, eq=False)
class Agreement:
    """How similarly the exported file and the trained head answered the session's own pictures.

    Attributes:
        pictures: Number of pictures that were compared.
        same_answer: Fraction of them with the same top class.
        mean_difference: Mean absolute difference of probabilities.
    """

    pictures: int
    same_answer: float
    mean_difference: float


def compare_answers(
    session: Session,
    extractor: EmbeddingExtractor,
    head: SoftmaxRegression,
    engine: ClassificationEngine,
    *,
    on_progress: Callable[[float], None],
    should_stop: Callable[[], bool] | None = None,
) -> Agreement:
    """Let the head and the exported file answer some of the session's pictures.

    Another picture of the class takes the place of a damaged one. If the probabilities differ too much, as many
    pictures again are compared, and the mean over all decides.

    Args:
        session: Its label indices are the rows of the model.
        extractor: Makes the embeddings for `head`.
        head: The trained head.
        engine: Runs the exported file.
        on_progress: Receives 0..1; 1 when the first pictures are compared.
        should_stop: Called before each picture; True ends the comparison.

    Raises:
        ExportedModelDisagrees: If a top class differs and the call was not close, or the probabilities differ too much.
        learning.errors.TrainingCancelled: If `should_stop` returned True.
    """
    compared, same, wrong, difference = 0, 0, 0, 0.0
    tried: set[int] = set()

    def embedded(chosen: Sample) -> tuple[ImageArray, FloatArray] | None:
        for sample in _from(chosen, session):
            if sample.sample_id in tried:
                continue
            tried.add(sample.sample_id)
            with suppress(PictureDamaged):  # only the embedding is needed for training
                picture = decode_picture(sample.picture)
                return picture, extractor.embed(picture)
        return None

    for number_of_round in range(ROUNDS):
        rest = tuple(sample for sample in session.samples if sample.sample_id not in tried)
        chosen = spread_over_classes(replace(session, samples=rest), COMPARED)
        # The extractor works on the next picture while the exported file answers.
        for number, found in enumerate(work_ahead(embedded, chosen, threads=1, ahead=2), start=1):
            if should_stop is not None and should_stop():
                raise TrainingCancelled
            if found is None:
                continue
            compared += 1
            picture, embedding = found
            expected = head.probabilities(embedding[np.newaxis])[0]
            answered = engine.classify(picture)
            top = int(answered.argmax())
            same += top == int(expected.argmax())
            wrong += bool(expected[top] < expected.max() - CLOSE_CALL)
            difference += float(np.abs(expected - answered).mean())
            if number_of_round == 0:
                on_progress(number / len(chosen))
        if wrong or difference <= LARGEST_MEAN_DIFFERENCE * compared:
            break
    agreement = Agreement(compared, same / max(compared, 1), difference / max(compared, 1))
    if wrong:
        raise ExportedModelDisagrees(
            message(
                "the exported model answers {wrong} of {compared} pictures unlike the trained one. "
                "Teach a few more pictures and press TRAIN again.",
                wrong=wrong,
                compared=compared,
            )
        )
    if agreement.mean_difference > LARGEST_MEAN_DIFFERENCE:
        raise ExportedModelDisagrees(
            message(
                "the exported model's probabilities differ from the trained one's by {difference} in the mean. "
                "Teach a few more pictures and press TRAIN again.",
                difference=f"{agreement.mean_difference:.2f}",
            )
        )
    return agreement


def _from(chosen: Sample, session: Session) -> Iterator[Sample]:
    """Yield the chosen sample, then the others of its class: the later ones first."""
    own = [sample for sample in session.samples if sample.class_index == chosen.class_index]
    place = own.index(chosen)
    yield from own[place:]
    yield from own[:place]


def spread_over_classes(session: Session, count: int) -> list[Sample]:
    """Choose about `count` samples: as many of each class, COMPARED_PER_CLASS or more, spread evenly over time."""
    each = max(COMPARED_PER_CLASS, count // len(session.labels))
    chosen: list[Sample] = []
    for class_index in range(len(session.labels)):
        own = [sample for sample in session.samples if sample.class_index == class_index]
        picks = np.linspace(0, len(own) - 1, 2 * min(each, len(own)) + 1)[1::2].round().astype(int)  # of equal parts
        chosen += [own[pick] for pick in picks]
    return chosen
