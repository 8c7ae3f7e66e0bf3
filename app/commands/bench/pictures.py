"""How many pictures per second `train` reads and embeds, beside decoding whole pictures and running the bare model.

How to run: python run_kiosk.py bench pictures

The pictures have the noise of a camera, so their files are as large as those of photographs. `train` also keeps each
picture for the report. It is measured on one core, and on all; the comparison uses one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from app.commands.bench.figures import Figure, in_turns, line_of
from app.commands.bench.machine import machine_line
from app.commands.streams import print_line
from app.demo.camera import DemonstrationCamera
from app.embedding.work import HereEmbedder, ToEmbed
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.runtime import allocate, open_on_cpu, runtime_for_cpu
from tpu.tensors import input_tensor, prepare_picture

COUNT, SIZE_PX, ROUNDS = 20, (2592, 1944), 3  # five megapixels, as photographs have
NOISE_SIGMA = 4.0  # grey levels
GOAL, GOAL_OF_ALL_CORES = 1.4, 2.3


def main() -> None:
    """Print the figures."""
    print_line(machine_line())
    path = default_extractor_path()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder, EmbeddingExtractor(path) as extractor:
        files = _written(Path(folder))
        interpreter = open_on_cpu(extractor.model_bytes, path, runtime=runtime_for_cpu())
        allocate(interpreter, path)
        detail = interpreter.get_input_details()[0]
        square = prepare_picture(DemonstrationCamera(sleep=lambda _s: None).read(), extractor.input_size_px)
        tensor = input_tensor(square, np.dtype(detail["dtype"]), extractor.normalization)
        embedder = HereEmbedder(extractor)

        def ours() -> None:
            list(embedder.pictures([ToEmbed(str(file), keep=True) for file in files]))

        def bare() -> None:
            for file in files:
                cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
                interpreter.set_tensor(detail["index"], tensor)
                interpreter.invoke()

        one_s, all_s, bare_s = in_turns([partial(_on_one_core, ours), ours, partial(_on_one_core, bare)], ROUNDS)
    cores = len(os.sched_getaffinity(0))
    for figure in (
        Figure("pictures", "pictures per second, whole decoding and bare model", COUNT / bare_s, "1/s"),
        Figure("pictures", "pictures per second, train on one core", COUNT / one_s, "1/s"),
        Figure("pictures", "train on one core against whole decoding and bare model", bare_s / one_s, "×", GOAL, True),
        Figure("pictures", f"pictures per second, train on {cores} cores", COUNT / all_s, "1/s"),
        Figure(
            "pictures",
            f"train on {cores} cores against whole decoding and bare model",
            bare_s / all_s,
            "×",
            GOAL_OF_ALL_CORES,
            at_least=True,
        ),
    ):
        print_line(line_of(figure))


def _written(folder: Path) -> list[Path]:
    camera, rng = DemonstrationCamera(sleep=lambda _s: None), np.random.default_rng(0)
    noise = rng.normal(0, NOISE_SIGMA, (SIZE_PX[1], SIZE_PX[0], 3)).astype(np.float32)
    files = [folder / f"{number}.jpg" for number in range(COUNT)]
    for file in files:
        camera.new_view()
        large = cv2.resize(camera.read(), SIZE_PX, interpolation=cv2.INTER_CUBIC) + noise
        large = cv2.cvtColor(np.clip(large, 0, 255).astype(np.uint8), cv2.COLOR_RGB2BGR)
        file.write_bytes(cv2.imencode(file.suffix, large)[1].tobytes())
    return files


def _on_one_core(work: Callable[[], None]) -> None:
    """Do it on the first core that this process may use."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        work()
    finally:
        os.sched_setaffinity(0, cores)


if __name__ == "__main__":
    main()
