"""The train job: session → head → exported file → opened and verified, ready to go live.

What is handed back runs the very bytes that were written: the engine opens the exported file, and its answers
have been compared with the model that was trained before anybody sees them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.base.errors import ExportedModelDisagrees, NotEnoughTaught, PictureDamaged
from app.base.i18n import message
from app.model.counterpart import counterpart_path, find_counterpart, saved_counterpart, with_head
from app.model.model_files import write_model_file
from app.model.report import report_facts
from app.session.pictures import decode_picture
from app.session.session import Sample, Session
from learning.errors import TrainingCancelled
from learning.fit import fit_head
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tpu.classifier import ClassificationEngine
from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.extractor import EmbeddingExtractor
from tpu.models import models_dir

logger = logging.getLogger(__name__)

VERIFIED, VERIFIED_EACH = 24, 2  # pictures in all, and of each class at least
CLOSE_CALL = 0.1  # two classes nearer than this may change places through 8-bit rounding alone: told, not refused
LARGEST_MEAN_DIFFERENCE = 0.02
ACCELERATOR_OPENS_S = 5.0  # a second model on a device that is open already; without it the twin is what is compared
FIT_SHARE = 0.6  # of the progress bar


@dataclass(frozen=True, eq=False)
class Agreement:
    """How far the exported file and the trained model answered alike on the session's own pictures.

    Attributes:
        pictures: How many were compared.
        same_answer: Fraction with the same top class.
        mean_difference: Mean absolute difference of probabilities.
    """

    pictures: int
    same_answer: float
    mean_difference: float


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """An exported model that has proved itself. `engine` belongs to the caller, who closes it.

    Attributes:
        labels: Class labels, one for every row of the model.
        seconds: Of the steps "fit", "export" and "verify".
        report: Everything else that is known of it, as plain values: see `app.model.report`.
    """

    path: Path
    labels: tuple[str, ...]
    engine: ClassificationEngine
    validation_accuracy: float
    threshold: float
    agreement: Agreement
    seconds: dict[str, float]
    report: dict[str, Any]
    head: SoftmaxRegression


def train_model(
    session: Session,
    extractor: EmbeddingExtractor,
    model_path: Path,
    *,
    rng: np.random.Generator,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    runtime: str = "auto",
    device: str = "auto",
    accelerator: EdgeTpuSupervisor | None = None,
) -> TrainedModel:
    """Train on `session`, write `model_path`, open that file and compare its answers.

    Of an extractor that is compiled for the Edge TPU, the CPU twin gets the same head, so that the new model, too,
    answers at once when the accelerator does not.

    Args:
        session: Needs two classes with two samples each; classes without samples are left out of the model.
        extractor: The one that made the session's embeddings.
        model_path: Replaced as a whole once the new bytes are on the disk.
        rng: Decides the validation split.
        on_progress: Receives 0..1.
        should_stop: Asked between steps; True ends the job.
        runtime: Which interpreter opens the exported file.
        device: Where it runs.
        accelerator: Where it runs if it is compiled.

    Raises:
        NotEnoughTaught: If something is missing; the text says what.
        learning.errors.TrainingCancelled: If `should_stop` said so.
        ModelNotWritten: If the file cannot be written.
        ExportedModelDisagrees: If the file answers unlike the trained model.
    """
    report = on_progress or (lambda _fraction: None)
    if (missing := session.missing()) is not None:
        raise NotEnoughTaught(missing)
    taught = session.taught()

    started_s = time.perf_counter()
    fit = fit_head(
        taught.embeddings(),
        taught.label_indices(),
        len(taught.labels),
        rng=rng,
        on_progress=lambda progress: report(FIT_SHARE * progress.fraction),
        should_stop=should_stop,
    )
    fit.head.label_map = dict(enumerate(taught.labels))
    fitted_s = time.perf_counter()
    write_model_file(model_path, append_head(extractor.model_bytes, fit.head))
    twin = None
    if extractor.counterpart_bytes is not None:
        twin = counterpart_path(model_path)
        write_model_file(twin, append_head(extractor.counterpart_bytes, fit.head))
    exported_s = time.perf_counter()
    engine = ClassificationEngine(
        model_path, labels=taught.labels, runtime=runtime, device=device, accelerator=accelerator, counterpart=twin
    )
    engine.wait_for_accelerator(ACCELERATOR_OPENS_S)
    try:
        agreement = _compare(
            taught, extractor, fit.head, engine, lambda f: report(FIT_SHARE + (1 - FIT_SHARE) * f), should_stop
        )
    except BaseException:
        engine.close()
        raise
    verified_s = time.perf_counter()
    logger.info(
        "trained on %d samples: validation accuracy %.3f, the exported file agrees on %.3f of %d pictures",
        len(taught.samples),
        fit.validation_accuracy,
        agreement.same_answer,
        agreement.pictures,
    )
    seconds = {"fit": fitted_s - started_s, "export": exported_s - fitted_s, "verify": verified_s - exported_s}
    return TrainedModel(
        path=model_path,
        labels=taught.labels,
        engine=engine,
        validation_accuracy=fit.validation_accuracy,
        threshold=fit.threshold,
        agreement=agreement,
        seconds=seconds,
        report=report_facts(taught, fit, asdict(agreement), seconds),
        head=fit.head,
    )


def write_counterpart(model_path: Path, head: SoftmaxRegression, extractor_path: Path) -> None:
    """Keep beside a trained model what its head makes of the extractor's other form, where that is known.

    Raises:
        ModelNotWritten: If the file cannot be written.
    """
    other = find_counterpart(extractor_path, [models_dir()])
    if other is not None and saved_counterpart(model_path) is None and (data := with_head(other, head)) is not None:
        write_model_file(counterpart_path(model_path), data)


def _compare(
    taught: Session,
    extractor: EmbeddingExtractor,
    head: SoftmaxRegression,
    engine: ClassificationEngine,
    report: Callable[[float], None],
    should_stop: Callable[[], bool] | None,
) -> Agreement:
    """Let both models answer the session's pictures.

    Raises:
        ExportedModelDisagrees: If a clear answer differs, or the probabilities do by far.
        TrainingCancelled: If `should_stop` said so.
    """
    chosen = _spread_over_classes(taught)
    compared, same, wrong, difference = 0, 0, 0, 0.0
    for number, sample in enumerate(chosen, start=1):
        if should_stop is not None and should_stop():
            raise TrainingCancelled
        try:
            picture = decode_picture(sample.picture)
        except PictureDamaged:
            continue  # its embedding taught all the same
        compared += 1
        expected = head.probabilities(extractor.embed(picture)[np.newaxis])[0]
        answered = engine.classify(picture)
        top = int(answered.argmax())
        same += top == int(expected.argmax())
        wrong += bool(expected[top] < expected.max() - CLOSE_CALL)
        difference += float(np.abs(expected - answered).mean())
        report(number / len(chosen))
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


def _spread_over_classes(session: Session) -> list[Sample]:
    """Pick as many samples of each class, VERIFIED in all, spread over the time they were taken."""
    each = max(VERIFIED_EACH, VERIFIED // len(session.labels))
    chosen: list[Sample] = []
    for class_index in range(len(session.labels)):
        own = [sample for sample in session.samples if sample.class_index == class_index]
        picks = np.linspace(0, len(own) - 1, min(each, len(own))).round().astype(int)
        chosen += [own[pick] for pick in picks]
    return chosen
