"""Explain an answer: how much each part of the picture speaks for the winner against the runner-up.

Where the model's graph allows it, the shares are exact and cost nearly nothing (`learning.explanation`). Otherwise each
part of the picture is covered in turn, and its share is how much the winner's lead falls. That is slower, and says what
the model misses, not what its answer is made of; so every explanation says which way it was made.
"""

from __future__ import annotations

import logging

import numpy as np

from app.base.explanation import Explanation, Way
from learning.evidence import cells, logits
from learning.explanation import Description, NotExplainable, explaining_form
from tpu.classifier import ClassificationEngine, Judgement
from tpu.errors import RuntimeLayerError
from tpu.explaining import ExplainingEngine
from tpu.novelty import read_novelty_test
from tpu.runtime import CPU
from tpu.tensors import FloatArray, ImageArray, centre_crop

logger = logging.getLogger(__name__)

COVERED_CELLS = 7  # rows and columns of occlusion: 49 answers for a picture
SMALLEST_PROBABILITY = 1 / 512  # half a step of an 8-bit probability, whose logarithm would be infinite at 0


class Explainer:
    """Explains the answers of one model. The explaining form is opened with the first picture.

    Args:
        engine: The model; it is left open by `close`.
        runtime: Which interpreter runs the form.
        exact: Whether to look for an explaining form; False always covers parts of the picture.
    """

    def __init__(self, engine: ClassificationEngine, *, runtime: str = "auto", exact: bool = True) -> None:
        self._engine, self._runtime = engine, runtime
        self._form: ExplainingEngine | None = None
        self._description: Description | None = None
        self._is_open = not exact
        self.reason = "" if exact else "its form for explanations was not made"

    @property
    def way(self) -> Way:
        """How this model is explained; `reason` says why, if it is not exact."""
        self._open()
        return Way.EXACT if self._form is not None else Way.OCCLUSION

    def explain(
        self, image: ImageArray, *, winner: int | None = None, other: int | None = None, against_all: bool = False
    ) -> tuple[Judgement, Explanation]:
        """Answer for a picture, and explain the answer.

        Args:
            image: RGB, uint8, (H, W, 3). It is cropped to the centre square here.
            winner: Row of the class to explain; None means the most probable one.
            other: Row to compare it with; None means the most probable other one.
            against_all: Compare it with the mean of all others.

        Raises:
            InferenceFailed, ModelClosed, AcceleratorUnavailable: See `PictureModel.answer`.
        """
        self._open()
        if self._form is None or self._description is None:
            return self._by_occlusion(centre_crop(image), winner, other, against_all)
        answer = self._form.answer(image)
        judgement = answer.judgement if self._engine.device == CPU else self._engine.judge(image)
        scores = logits(answer.outputs, self._description)
        winner, other = _rows(judgement.probabilities, scores, winner, other)
        shares = cells(answer.outputs, self._description, winner, None if against_all else other)
        lead = _lead(scores, winner, other, against_all)
        if not self._engine.trusted:
            shares, lead = np.nan_to_num(shares), float(np.nan_to_num(lead))
        return judgement, Explanation(shares, winner, other, against_all, lead, Way.EXACT)

    def close(self) -> None:
        """Close the form. A second call does nothing."""
        if self._form is not None:
            self._form.close()

    def _open(self) -> None:
        if self._is_open:
            return
        self._is_open = True
        engine = self._engine
        plain = engine.counterpart_bytes if engine.compiled_for_edge_tpu else engine.model_bytes
        if plain is None:
            self.reason = "the model is compiled for an Edge TPU, and its CPU file is missing"
            return
        try:
            form = explaining_form(plain)
            test = read_novelty_test(plain)
            self._form = ExplainingEngine(form.model, engine.name, test=test, runtime=self._runtime, guard=engine.guard)
            self._description = form.description
        except (NotExplainable, RuntimeLayerError) as error:
            self._without_form(str(error))
        except Exception:
            if engine.trusted:
                raise
            self._without_form("its graph cannot be read")  # of unknown origin: anything may be wrong with it

    def _without_form(self, reason: str) -> None:
        self.reason = reason
        logger.info("%s is explained by covering parts of the picture: %s", self._engine.name, reason)

    def _by_occlusion(
        self, square: ImageArray, winner: int | None, other: int | None, against_all: bool
    ) -> tuple[Judgement, Explanation]:
        judgement = self._engine.judge(square)
        scores = _logarithms(judgement)
        winner, other = _rows(judgement.probabilities, scores, winner, other)
        lead = _lead(scores, winner, other, against_all)
        shares = np.zeros((COVERED_CELLS, COVERED_CELLS), np.float32)
        for row, column in np.ndindex(shares.shape):
            covered = _logarithms(self._engine.judge(_covered(square, row, column)))
            shares[row, column] = lead - _lead(covered, winner, other, against_all)
        return judgement, Explanation(shares, winner, other, against_all, lead, Way.OCCLUSION)


def _rows(probabilities: FloatArray, scores: FloatArray, winner: int | None, other: int | None) -> tuple[int, int]:
    """Return winner and runner-up: the most probable rows; the scores decide between equal 8-bit probabilities."""
    order = np.lexsort((-scores, -probabilities))
    if winner is None:
        winner = int(probabilities.argmax())
    if other is None:
        other = int(next(row for row in order if row != winner))
    return winner, other


def _lead(scores: FloatArray, winner: int, other: int, against_all: bool) -> float:
    rest = (scores.sum() - scores[winner]) / (len(scores) - 1) if against_all else scores[other]
    return float(scores[winner] - rest)


def _logarithms(judgement: Judgement) -> FloatArray:
    return np.asarray(np.log(np.maximum(judgement.probabilities, SMALLEST_PROBABILITY)), np.float32)


def _covered(square: ImageArray, row: int, column: int) -> ImageArray:
    """Return a copy of a square picture with one cell in the picture's mean colour."""
    edges = np.linspace(0, len(square), COVERED_CELLS + 1).round().astype(int)
    copy = square.copy()
    copy[edges[row] : edges[row + 1], edges[column] : edges[column + 1]] = square.reshape(-1, 3).mean(axis=0)
    return copy
