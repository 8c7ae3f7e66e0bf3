"""What it costs to run a model in the guarded process: processor time of an answer there and here, in one run.

python benchmarks/guarded.py [MODEL.tflite ...]

Processor time of both processes together, so that other programs do not disturb the comparison, and the elapsed time.
The default is the extractor that ships.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from app.base.memory import resident_bytes
from benchmarks._shared import machine_line, option_parser
from tpu.guarded.isolation import processor_s
from tpu.guarded.process import GuardedChild
from tpu.model import PictureModel
from tpu.models import default_extractor_path
from tpu.tensors import ImageArray

ANSWERS = 200


def main() -> None:
    """Print the table."""
    parser = option_parser(__doc__)
    parser.add_argument("models", type=Path, nargs="*", default=[default_extractor_path()])
    options = parser.parse_args()
    print(machine_line())
    print(
        "model,processor ms here,processor ms guarded,ratio,elapsed ms here,elapsed ms guarded,ratio,MB of the process"
    )
    picture = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    for path in options.models:
        guard = GuardedChild()
        here, there = (
            PictureModel(path, runtime="auto", device="cpu", num_threads=1, trusted=trusted, guard=guard)
            for trusted in (True, False)
        )
        measured: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
        for _ in range(ANSWERS):
            for trusted, model in ((True, here), (False, there)):
                measured[trusted].append(times_of(model, picture, guard.pid))
        (cpu_here, wall_here), (cpu_there, wall_there) = (
            (1000 * statistics.median(cpu for cpu, _ in some), 1000 * statistics.median(wall for _, wall in some))
            for some in measured.values()
        )
        print(
            f"{path.stem},{cpu_here:.2f},{cpu_there:.2f},{cpu_there / cpu_here:.2f},"
            f"{wall_here:.2f},{wall_there:.2f},{wall_there / wall_here:.2f},{resident_bytes(guard.pid) / 2**20:.0f}"
        )
        here.close()
        there.close()


def times_of(model: PictureModel, picture: ImageArray, child: int) -> tuple[float, float]:
    """Processor seconds of this process and the child, and elapsed seconds, of one answer."""
    cpu_s, started_s = time.process_time() + processor_s(child), time.perf_counter()
    model.run(picture)
    return time.process_time() + processor_s(child) - cpu_s, time.perf_counter() - started_s


if __name__ == "__main__":
    main()
