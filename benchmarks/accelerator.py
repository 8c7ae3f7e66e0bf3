"""Cost of the accelerator's child process: time per picture beside the bare interpreter, and time to recover.

How to run: python benchmarks/accelerator.py COMPILED_edgetpu.tflite

Prints two tables: milliseconds per picture, and seconds from a crash of the driver to the next answer.

The stick is a driver library of our own (tests/support/edge_tpu; gcc makes it) that reads the whole input and computes
almost nothing, so the table shows the cost of the transfer to the child process and back. The child process and the
bare interpreter take turns in one run.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks._shared import machine_line, seconds_of
from tests.support.edge_tpu.stick import SimulatedStick
from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.extractor import EmbeddingExtractor
from tpu.runtime import open_on_edge_tpu

CALLS, ROUNDS, RECOVERIES = 200, 5, 10
OPENING_S = 1.0


def main() -> None:
    """Print both tables."""
    path = Path(sys.argv[1])
    print(machine_line(), f", load {os.getloadavg()[0]:.1f}", sep="")
    with tempfile.TemporaryDirectory() as folder:
        process = get_context("spawn").Process(target=overhead, args=(path, Path(folder)))
        process.start()  # the driver ends the process that uses it when the stick is unplugged
        process.join()
    with tempfile.TemporaryDirectory() as folder:
        recovery(path, SimulatedStick(Path(folder)))


def overhead(path: Path, folder: Path) -> None:
    """Print the time from input tensor to output array, in the child process and without it, with the same driver."""
    stick = SimulatedStick(folder)
    stick.plug_in()
    bare = open_on_edge_tpu(path.read_bytes(), path, runtime="litert", device="usb:0", driver=stick.driver)
    entry, out = bare.get_input_details()[0], bare.get_output_details()[0]
    tensor = np.random.default_rng(0).integers(0, 256, entry["shape"], np.uint8)
    supervisor = EdgeTpuSupervisor(
        runtime="litert", driver=stick.driver, list_devices=stick.list, lock_folder=stick.folder
    )
    with EmbeddingExtractor(path, accelerator=supervisor.start()) as extractor:
        if not extractor.wait_for_accelerator(30):
            sys.exit(f"the stick does not answer: {supervisor.status.reason}")
        model = supervisor.register(path, extractor.sha256, input_detail=entry, output_details=[out])
        supervisor.wait_until_open(model, 30)

        def alone() -> np.ndarray:
            bare.set_tensor(entry["index"], tensor)
            bare.invoke()
            return bare.get_tensor(out["index"])

        def in_child() -> np.ndarray:
            answer = supervisor.answer(model, tensor)
            if answer is None:
                sys.exit(f"the stick did not answer: {supervisor.status}")
            return answer[0]

        if not np.array_equal(alone(), in_child()):
            sys.exit("both return different results")
        taken: dict[str, list[float]] = {"bare": [], "child": []}
        for _ in range(ROUNDS):
            for name, call in (("bare", alone), ("child", in_child)):
                taken[name] += [seconds_of(call) for _ in range(CALLS)]
        supervisor.close()
    print(f"\na picture of {tensor.nbytes} bytes, {CALLS * ROUNDS} calls each  median ms   95 % below, ms")
    for name, times in taken.items():
        print(f"{name:<45} {_ms(times, 50):10.3f} {_ms(times, 95):15.3f}")
    print(f"{'overhead':<45} {_ms(taken['child'], 50) - _ms(taken['bare'], 50):10.3f}       (wanted: 0.5 or less)")


def recovery(path: Path, stick: SimulatedStick) -> None:
    """Print the time from a crash to the next answer of the stick, without the time that the device takes to open."""
    beyond: dict[float, list[float]] = {}
    image = np.zeros((240, 320, 3), np.uint8)
    for opening_s in (0.0, OPENING_S):
        stick.open_slowly(round(opening_s * 1000))
        for _ in range(RECOVERIES):
            stick.plug_in()
            supervisor = EdgeTpuSupervisor(
                runtime="litert", driver=stick.driver, list_devices=stick.list, lock_folder=stick.folder
            ).start()
            with EmbeddingExtractor(path, accelerator=supervisor) as extractor:
                if not extractor.wait_for_accelerator(30):
                    sys.exit(f"the stick does not answer: {supervisor.status.reason}")
                stick.abort_at(1)
                started_s = time.perf_counter()
                while extractor.answer(image).device == "cpu" or stick.pending:
                    time.sleep(0.005)
                beyond.setdefault(opening_s, []).append(time.perf_counter() - started_s - opening_s)
                supervisor.close()
            stick.unplug()
    print(f"\nfrom an abort to the next answer, {RECOVERIES} times   median s   longest s, beyond opening")
    for opening_s, times in beyond.items():
        print(f"{f'opening takes {opening_s:g} s':<47} {np.median(times):7.3f} {max(times):11.3f}")
    print(f"{'':<47} (wanted: 0.5 or less)")


def _ms(times: list[float], percent: float) -> float:
    return float(np.percentile(times, percent)) * 1000


if __name__ == "__main__":
    main()
