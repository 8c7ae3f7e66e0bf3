"""How many pictures per second `train` reads and embeds, beside decoding whole pictures and running the bare model.

How to run: python run_kiosk.py bench pictures
"""

from __future__ import annotations

import tempfile
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
GOAL = 1.4


def main() -> None:
    """Print the figures."""
    print_line(machine_line())
    path = default_extractor_path()
    camera = DemonstrationCamera(sleep=lambda _s: None)
    with tempfile.TemporaryDirectory() as folder, EmbeddingExtractor(path) as extractor:
        files = [Path(folder, f"{number}.jpg") for number in range(COUNT)]
        for file in files:
            camera.new_view()
            large = cv2.resize(camera.read(), SIZE_PX, interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(file), cv2.cvtColor(large, cv2.COLOR_RGB2BGR))
        interpreter = open_on_cpu(extractor.model_bytes, path, runtime=runtime_for_cpu())
        allocate(interpreter, path)
        detail = interpreter.get_input_details()[0]
        square = prepare_picture(camera.read(), extractor.input_size_px)
        tensor = input_tensor(square, np.dtype(detail["dtype"]), extractor.normalization)
        embedder = HereEmbedder(extractor)

        def ours() -> None:
            list(embedder.pictures([ToEmbed(str(file), keep=False) for file in files]))

        def bare() -> None:
            for file in files:
                cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
                interpreter.set_tensor(detail["index"], tensor)
                interpreter.invoke()

        ours_s, bare_s = in_turns([partial(ours), partial(bare)], ROUNDS)
    for figure in (
        Figure("pictures", "pictures per second, train", COUNT / ours_s, "1/s"),
        Figure("pictures", "pictures per second, whole decoding and bare model", COUNT / bare_s, "1/s"),
        Figure("pictures", "train against whole decoding and bare model", bare_s / ours_s, "×", GOAL, at_least=True),
    ):
        print_line(line_of(figure))


if __name__ == "__main__":
    main()
