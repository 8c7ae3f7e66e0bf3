"""Whether a long session gets slower: adding sample 10,000 beside sample 10, and the fit at 10,000 beside 5,000.

How to run: python run_kiosk.py bench growth
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from app.commands.bench.figures import Figure, line_of, seconds_of
from app.commands.bench.machine import machine_line
from app.commands.streams import print_line
from app.demo.camera import DemonstrationCamera
from app.session.pictures import encode_picture
from app.session.session import Sample
from app.session.store import SessionStore
from learning.fit import fit_head
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import centre_crop

MANY, FEW, MEASURED = 10_000, 10, 30
CLASSES, FEATURES = 9, 864
ADD_GOAL, FIT_GOAL = 1.2, 2.2  # twice the samples, twice the time and a tenth


def main() -> None:
    """Print the figures."""
    print_line(machine_line())
    with tempfile.TemporaryDirectory() as folder:
        few_s, many_s = _added(Path(folder))
    half_s, whole_s = (seconds_of(_fit(samples)) for samples in (MANY // 2, MANY))
    for figure in (
        Figure("growth", f"adding sample {FEW}", 1000 * few_s, "ms"),
        Figure("growth", f"adding sample {MANY}", 1000 * many_s, "ms"),
        Figure("growth", f"adding sample {MANY} against sample {FEW}", many_s / few_s, "×", ADD_GOAL),
        Figure("growth", f"fit of {MANY} samples", whole_s, "s"),
        Figure("growth", f"fit of {MANY} samples against {MANY // 2}", whole_s / half_s, "×", FIT_GOAL),
    ):
        print_line(line_of(figure))


def _added(folder: Path) -> tuple[float, float]:
    """Median seconds of adding samples to a session of FEW, and to one of MANY; taken in turns."""
    square = centre_crop(DemonstrationCamera(sleep=lambda _s: None).read())
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        vector, sha256 = extractor.embed(square), extractor.origin_sha256
    picture = encode_picture(square)
    stores, times = list[SessionStore](), (list[float](), list[float]())
    for name, count in (("few", FEW), ("many", MANY)):
        store = SessionStore(
            folder / name / "session.sqlite3", labels=("a", "b"), extractor_name="x", extractor_sha256=sha256
        )
        store.restore([Sample(number + 1, number % 2, vector, picture, 0.0, sha256) for number in range(count)])
        stores.append(store)
    for number in range(MEASURED):
        for store, taken in zip(stores, times, strict=True):
            taken.append(seconds_of(partial(store.add, number % 2, vector, square)))
    for store in stores:
        store.close()
    return statistics.median(times[0]), statistics.median(times[1])


def _fit(samples: int) -> Callable[[], object]:
    """Return a function that trains a head on random samples."""
    rng = np.random.default_rng(0)
    y = np.arange(samples) % CLASSES
    means = rng.gamma(1.0, 1.0, (CLASSES, FEATURES))
    vectors = np.maximum(rng.standard_normal((samples, FEATURES), np.float32) + means[y], 0).astype(np.float32)
    return lambda: fit_head(vectors, y, CLASSES, rng=np.random.default_rng(0))


if __name__ == "__main__":
    main()
