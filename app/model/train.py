"""Train a head on a session, export it as a model file, open the file and verify its answers.

The engine that is returned runs the bytes on the disk, and its answers agree with the trained head: nothing goes live
before that.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.base.errors import NotEnoughTaught
from app.base.not_sure import NotSure
from app.base.ports import ImageArray
from app.model.agreement import Agreement, compare_answers
from app.model.looked_at import with_explanations
from app.model.model_files import counterpart_path, write_model_file
from app.model.training_report import training_report
from app.model.turned_pictures import turned_pictures
from app.model.why import Explainer
from app.session.pictures import decode_picture
from app.session.session import Session
from learning.fit import FitResult, RestOfHistory, fit_head
from learning.holds import holds_per_class, link_holds
from learning.layers import IntArray
from learning.novelty import signed_sqrt
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from learning.validation import Origin
from learning.view_prior import ViewPrior
from tpu.classifier import ClassificationEngine
from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.extractor import EmbeddingExtractor

logger = logging.getLogger(__name__)

ACCELERATOR_OPENS_S = 5.0  # to load a second model on an open device; after that, the counterpart is verified instead
FIT_SHARE = 0.6  # of the progress bar


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """An exported and verified model. The caller owns `engine` and closes it.

    Attributes:
        path: The model file.
        labels: Class labels, one for every row of the model.
        validation_accuracy: 0..1; None if it is unknown.
        validation_from: What it was measured on: samples of other holds, or made views if no class has several;
            None if it is unknown.
        provisional: Whether it was trained before the extractor had been measured.
        threshold: Below this top probability the answer is "not sure".
        agreement: How similarly the file and the trained head answer.
        seconds: Duration of the steps "fit", "export" and "verify".
        training_report: See `app.model.training_report.training_report`.
        head: The trained head.
        rest_of_history: See `learning.fit.FitResult`.
    """

    path: Path
    labels: tuple[str, ...]
    engine: ClassificationEngine
    validation_accuracy: float | None
    validation_from: Origin | None
    provisional: bool
    threshold: float
    agreement: Agreement
    seconds: dict[str, float]
    training_report: dict[str, Any]
    head: SoftmaxRegression
    rest_of_history: RestOfHistory | None = None


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
    prior: ViewPrior | None = None,
    not_sure: NotSure = NotSure.NORMAL,
    improve: Callable[[FitResult], FitResult] | None = None,
    picture_of: Callable[[int], ImageArray] | None = None,
    explain: bool = True,
) -> TrainedModel:
    """Train on `session`, write `model_path`, open that file and compare its answers.

    If the extractor is compiled for the Edge TPU and has a CPU counterpart, the head is appended to both. So the new
    model, too, can answer on the CPU at once if the accelerator does not.

    Args:
        session: At least two classes with two samples each; the model leaves out classes without samples.
        extractor: The extractor that made the session's embeddings.
        model_path: Replaced as a whole when the new bytes are on the disk.
        rng: Chooses the validation split.
        on_progress: Receives 0..1.
        should_stop: Called between steps; True ends the training.
        runtime: Which interpreter opens the exported file.
        device: Where the exported file runs.
        accelerator: Runs the exported file if it is compiled for the Edge TPU.
        prior: What was measured of the extractor; None if it was not.
        not_sure: OFF writes no novelty test into the file and sets the threshold to 0. Other settings change nothing
            here: see `app.model.not_sure`.
        improve: Replaces the head before it is exported, for example by that of more samples than `session` holds.
            Then no picture is turned by quarters, because the head that replaces it knows nothing of them.
        picture_of: Returns the picture of a sample by its place in the session; None: those that the session stores.
            They are turned by quarters if made views do harm (`app.model.turned_pictures`).
        explain: Add to the report what the model looks at, which takes up to twice `looked_at.LONGEST_S`, and the whole
            learning curve. False leaves both to `explained_report`.

    Raises:
        NotEnoughTaught: If a class or a sample is missing.
        learning.errors.TrainingCancelled: If `should_stop` returned True.
        ModelNotWritten: If the file cannot be written.
        ExportedModelDisagrees: If the answers of the file differ from those of the trained head.
    """
    progress = on_progress or (lambda _fraction: None)
    if (missing := session.missing()) is not None:
        raise NotEnoughTaught(missing)
    taught = session.taught()

    started_s = time.perf_counter()
    made, made_source = taught.made()
    groups = holds_of(taught, prior)
    fit = fit_head(
        taught.embeddings(),
        taught.label_indices(),
        len(taught.labels),
        rng=rng,
        groups=groups,
        made=made,
        made_source=made_source,
        prior=prior,
        quarter_turns=None
        if improve is not None
        else turned_pictures(
            picture_of or (lambda row: decode_picture(taught.samples[row].picture)), extractor, should_stop
        ),
        on_progress=lambda fitted: progress(FIT_SHARE * fitted.fraction),
        should_stop=should_stop,
        curve_later=not explain,
    )
    if improve is not None:
        fit = improve(fit)
    if not_sure is NotSure.OFF:
        fit.head.not_sure, fit = None, replace(fit, threshold=0.0, novelties=np.zeros_like(fit.novelties))
    fit.head.label_map = dict(enumerate(taught.labels))
    fitted_s = time.perf_counter()
    write_model_file(model_path, append_head(extractor.model_bytes, fit.head))
    counterpart = None
    if extractor.counterpart_bytes is not None:
        counterpart = counterpart_path(model_path)
        write_model_file(counterpart, append_head(extractor.counterpart_bytes, fit.head))
    exported_s = time.perf_counter()
    engine = ClassificationEngine(
        model_path,
        labels=taught.labels,
        runtime=runtime,
        device=device,
        accelerator=accelerator,
        counterpart=counterpart,
        trusted=extractor.trusted,
    )
    engine.wait_for_accelerator(ACCELERATOR_OPENS_S)
    try:
        agreement = compare_answers(
            taught,
            extractor,
            fit.head,
            engine,
            on_progress=lambda fraction: progress(FIT_SHARE + (1 - FIT_SHARE) * fraction),
            should_stop=should_stop,
        )
    except BaseException:
        engine.close()
        raise
    verified_s = time.perf_counter()
    logger.info(
        "trained on %d samples, %s: validation accuracy %s from %s, the exported file agrees on %.3f of %d",
        len(taught.samples),
        _views_in_words(fit, len(made)),
        "unknown" if fit.validation_accuracy is None else f"{fit.validation_accuracy:.3f}",
        fit.validation_from or "nothing",
        agreement.same_answer,
        agreement.pictures,
    )
    seconds = {"fit": fitted_s - started_s, "export": exported_s - fitted_s, "verify": verified_s - exported_s}
    counts = holds_per_class(taught.label_indices(), groups, len(taught.labels)).tolist()
    report = training_report(taught, fit, asdict(agreement), seconds, made_views=len(made), holds=counts)
    if explain:
        try:
            report = explained_report(report, taught, engine, runtime=runtime)
        except BaseException:
            engine.close()
            raise
    return TrainedModel(
        path=model_path,
        labels=taught.labels,
        engine=engine,
        validation_accuracy=fit.validation_accuracy,
        validation_from=fit.validation_from,
        provisional=fit.provisional,
        threshold=fit.threshold,
        agreement=agreement,
        seconds=seconds,
        training_report=report,
        head=fit.head,
        rest_of_history=fit.rest_of_history,
    )


def _views_in_words(fit: FitResult, made: int) -> str:
    if fit.turns_taught:
        return f"{fit.turns_taught} quarter turns of them, and no made views"
    return f"{made} made views" if fit.made_taught else "no made views"


def explained_report(
    report: Mapping[str, Any],
    session: Session,
    engine: ClassificationEngine,
    *,
    runtime: str,
    enough: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Add to a training report what the model looks at; see `with_explanations`.

    Args:
        report: From `TrainedModel`, without explanations.
        session: What it was trained on; its labels are the rows of the model.
        engine: The exported model.
        runtime: Which interpreter opens the form of the model that explains.
        enough: Asked before each picture; True leaves out the others.
    """
    explainer = Explainer(engine, runtime=runtime)
    try:
        return with_explanations(report, session, explainer, enough=enough)
    finally:
        explainer.close()


def holds_of(session: Session, prior: ViewPrior | None) -> IntArray:
    """Return the hold of each sample, int64 (N,), 0 or more.

    Where holds are unknown, samples of a class that look nearly the same share one (`learning.holds.link_holds`).
    Without a prior it is unknown how similar that is. Then all such samples of a class share one, because no accuracy
    is better than a wrong one.
    """
    holds, labels = session.holds(), session.label_indices()
    unknown = holds < 0
    if unknown.any():
        x, y = session.embeddings()[unknown], labels[unknown]
        linked = y if prior is None else link_holds(x, y, prior.link_distance, signed_sqrt)
        holds[unknown] = session.next_hold + linked
    return holds
