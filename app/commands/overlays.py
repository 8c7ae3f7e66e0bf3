"""The pictures of `classify --why DIR`, and the same explanations as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.base.errors import OverlayNotWritten
from app.base.explanation import Explanation
from app.base.file_names import safe_file_name
from app.base.files import folder_problem, write_durably
from app.model.why_picture import class_colour, drawn_over, png_file
from tpu.tensors import ImageArray

ENDING = ".why.png"


class Overlays:
    """Writes one picture for each that was explained. No two share a name, and no input is overwritten.

    Args:
        folder: Where to write; it is created with the first picture.
        inputs: The pictures to explain.

    Raises:
        OverlayNotWritten: If nothing can be written there; this is checked before the work.
    """

    def __init__(self, folder: Path, inputs: Sequence[Path]) -> None:
        self._folder = folder
        if folder.exists() and not folder.is_dir():
            raise OverlayNotWritten(folder, "it is not a folder")
        if problem := folder_problem(folder):
            raise OverlayNotWritten(folder, problem)
        here = folder.resolve()
        self._taken = [one.name.removesuffix(ENDING) for one in inputs if one.resolve().parent == here]

    def write(self, image: Path, square: ImageArray, why: Explanation) -> Path:
        """Write the picture for an input and return its path.

        Args:
            image: The input; the name resembles its name.
            square: What the model saw of it, RGB, uint8, (S, S, 3).
            why: The explanation.

        Raises:
            OverlayNotWritten: If the file cannot be written.
        """
        name = safe_file_name(image.stem or "picture", self._taken)
        self._taken.append(name)
        path = self._folder / f"{name}{ENDING}"
        try:
            write_durably(path, png_file(drawn_over(square, why, class_colour(why.winner))))
        except OSError as error:
            raise OverlayNotWritten(path, error.strerror or type(error).__name__) from error
        return path


def why_as_json(why: Explanation, labels: Sequence[str]) -> dict[str, object]:
    """Return an explanation as values for JSON.

    `cells` has `rows` lists of `cols` numbers over the model's square crop, top left first; positive ones speak for
    `winner` against `runner_up`. If `way` is "exact", they sum to `margin`, the difference of the two logits.
    """
    rows, columns = why.cells.shape
    return {
        "rows": rows,
        "cols": columns,
        "winner": labels[why.winner],
        "runner_up": labels[why.runner_up],
        "cells": [[float(cell) for cell in row] for row in why.cells],
        "way": why.way.value,
        "margin": why.margin,
    }
