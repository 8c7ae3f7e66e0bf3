"""The starter: a model that answers before the first training."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.base.errors import StarterUnusable
from app.base.ports import ImageArray
from app.base.shown_paths import shown_text
from app.base.text_files import LARGEST_TEXT_BYTES
from app.model.live import LiveModel
from app.model.saved_folder.contents import write_export
from app.model.saved_folder.facts import export_facts
from app.model.saved_folder.verified_folder import METADATA
from app.model.train import train_model
from app.session.pictures import encode_picture
from app.session.session import Sample, Session
from tpu.classifier import ClassificationEngine
from tpu.errors import RuntimeLayerError
from tpu.extractor import EmbeddingExtractor
from tpu.plain_files import read_plain_file
from tpu.tensors import centre_crop

VIEWS = 24  # of each rendered thing, over its whole range of poses
DEMO = "demo"
HEAD_FILE = "head.npz"  # weights and biases of a starter that `hub` wrote, to compare it with others on embeddings
OWN = "own"  # a session of this station


def open_starter(folder: Path, num_classes: int, *, runtime: str) -> LiveModel:
    """Open the model in a folder that SAVE wrote, on the CPU.

    Args:
        folder: A folder that SAVE wrote.
        num_classes: Number of classes of the kiosk.
        runtime: Which interpreter runs the model.

    Raises:
        StarterUnusable: If the folder has no model that can run.
    """
    try:
        facts = json.loads(read_plain_file(folder / METADATA, LARGEST_TEXT_BYTES))
        path = folder / facts["model"]
        engine = ClassificationEngine(
            path, labels=[shown_text(str(label)) for label in facts["labels"]], runtime=runtime, device="cpu"
        )
        known = len(engine.labels)
        return LiveModel(engine, path, tuple(range(known)), float(facts["threshold"]), max(known, num_classes))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError, RuntimeLayerError) as error:
        raise StarterUnusable(folder) from error


def make_demo_starter(
    folder: Path,
    kinds: tuple[str, ...],
    picture: Callable[[str, int], ImageArray],
    extractor: EmbeddingExtractor,
    *,
    runtime: str,
) -> None:
    """Train on the rendered things of the demonstration, and write the folder like SAVE.

    Args:
        folder: Where to write.
        kinds: Names of the things, which become the class labels.
        picture: Renders a thing; takes its name and the number of the view.
        extractor: Makes the embeddings.
        runtime: Which interpreter opens the model.

    Raises:
        StarterUnusable: If the extractor runs only on the Edge TPU, which visitors' models need.
    """
    if extractor.compiled_for_edge_tpu:
        raise StarterUnusable(folder)
    samples: list[Sample] = []
    for index, kind in enumerate(kinds):
        for number in range(VIEWS):
            image = picture(kind, number)
            square = encode_picture(centre_crop(image))
            samples.append(Sample(len(samples), index, extractor.embed(image), square, 0.0))
    session = Session(kinds, tuple(samples), extractor.name, extractor.origin_sha256)
    with tempfile.TemporaryDirectory(prefix="kiosk-starter-") as scratch:
        trained = train_model(
            session,
            extractor,
            Path(scratch) / "model.tflite",
            rng=np.random.default_rng(0),
            runtime=runtime,
        )
        trained.engine.close()
        facts = export_facts(trained, session, extractor)
        write_export(folder, facts, None, include_pictures=False)
