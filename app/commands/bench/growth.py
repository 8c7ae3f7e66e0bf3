"""Whether a long session gets slower: adding sample 10,000 beside sample 10, and the fit at 10,000 beside 5,000.

Adding is all that the kiosk does for a picture of a hold: it stores the sample and measures the variety of its class.

How to run: python run_kiosk.py bench growth
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from app.base.ports import Frame
from app.commands.bench.figures import Figure, line_of, seconds_of
from app.commands.bench.machine import machine_line
from app.commands.bench.reference import one_answer
from app.commands.streams import print_line
from app.config.schema import Config
from app.core import events as ev
from app.demo.camera import DemonstrationCamera
from app.demo.simulated import SimulatedDrives
from app.jobs.samples import store_sample
from app.jobs.tools import Tools
from app.model.live import Vision
from app.model.prior import ExtractorPrior
from app.session.pictures import encode_picture
from app.session.session import Sample
from app.session.store import SessionStore
from learning.fit import fit_head
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import centre_crop

MANY, FEW, MEASURED = 10_000, 10, 100
CLASSES, FEATURES = 9, 864
ADD_GOAL, FIT_GOAL = 1.2, 2.2  # twice the samples, twice the time and a tenth


def main() -> None:
    """Print the figures."""
    print_line(machine_line())
    with tempfile.TemporaryDirectory() as folder:
        few_s, many_s = _added(Path(folder))
    half_s, whole_s = (seconds_of(_fit(samples)) for samples in (MANY // 2, MANY))
    for figure in (
        one_answer("growth"),
        Figure("growth", f"adding sample {FEW}", 1000 * few_s, "ms"),
        Figure("growth", f"adding sample {MANY}", 1000 * many_s, "ms"),
        Figure("growth", f"adding sample {MANY} against sample {FEW}", many_s / few_s, "×", ADD_GOAL),
        Figure("growth", f"fit of {MANY} samples", whole_s, "s"),
        Figure("growth", f"fit of {MANY} samples against {MANY // 2}", whole_s / half_s, "×", FIT_GOAL),
    ):
        print_line(line_of(figure))


def _added(folder: Path) -> tuple[float, float]:
    """Median seconds of adding samples to a session of FEW, and to one of MANY; taken in turns."""
    frame = Frame(DemonstrationCamera(sleep=lambda _s: None).read(), 1, 0.0)
    picture, times = encode_picture(centre_crop(frame.image)), (list[float](), list[float]())
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        vector, sha256 = extractor.embed(centre_crop(frame.image)), extractor.origin_sha256
        prior, vision = ExtractorPrior(sha256, None), Vision(extractor, 2)
        kiosks = list[Tools]()
        for name, count in (("few", FEW), ("many", MANY)):
            store = SessionStore(
                folder / name / "session.sqlite3", labels=("a", "b"), extractor_name="x", extractor_sha256=sha256
            )
            store.restore([Sample(number + 1, number % 2, vector, picture, 0.0, sha256) for number in range(count)])
            kiosks.append(Tools(Config(), store, extractor, vision, SimulatedDrives(), _Silence(), prior=prior))
        for number in range(MEASURED):
            for tools, taken in zip(kiosks, times, strict=True):
                step = partial(store_sample, tools, _check_added, number % 2, 1, frame, vector, "cpu")
                taken.append(seconds_of(step))
        vision.close()
        for tools in kiosks:
            tools.store.close()
    return statistics.median(times[0]), statistics.median(times[1])


class _Silence:
    def play(self, _name: str) -> None:
        return


def _check_added(event: ev.Event) -> None:
    if not isinstance(event, ev.SampleAdded) or event.variety is None:
        raise SystemExit(f"error: the sample was not stored with its variety: {event}")


def _fit(samples: int) -> Callable[[], object]:
    """Return a function that trains a head on random samples."""
    rng = np.random.default_rng(0)
    y = np.arange(samples) % CLASSES
    means = rng.gamma(1.0, 1.0, (CLASSES, FEATURES))
    vectors = np.maximum(rng.standard_normal((samples, FEATURES), np.float32) + means[y], 0).astype(np.float32)
    return lambda: fit_head(vectors, y, CLASSES, rng=np.random.default_rng(0))


if __name__ == "__main__":
    main()
