"""Compiled models in this process, with a delegate written in Python: fast, and no C compiler is needed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.edge_tpu.delegate import PythonDelegate
from tests.support.edge_tpu.fixtures import PLAIN
from tpu.errors import DriverMismatch, ModelUnreadable
from tpu.runtime import MODULES, available_runtimes, translated

pytestmark = pytest.mark.needs_runtime

RUNTIMES = [name for name in available_runtimes() if name != "pycoral"]
IMAGE = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), np.uint8)


def opened(runtime: str, model: bytes, *delegates: PythonDelegate) -> Any:
    module = importlib.import_module(MODULES[runtime])
    interpreter = module.Interpreter(model_content=model, experimental_delegates=list(delegates), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def answer(interpreter: Any, image: np.ndarray) -> np.ndarray:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def through(plain: Any) -> PythonDelegate:
    """A delegate that computes with the CPU file."""
    return PythonDelegate(lambda data: answer(plain, np.frombuffer(data, np.uint8).reshape(IMAGE.shape)).tobytes())


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_compiled_extractor_returns_what_its_cpu_file_returns(runtime: str, extractors: Path) -> None:
    counterpart = opened(runtime, extractors.with_name(PLAIN).read_bytes())
    delegate = through(counterpart)
    found = answer(opened(runtime, extractors.read_bytes(), delegate), IMAGE)
    assert np.array_equal(found, answer(counterpart, IMAGE))
    assert delegate.calls == 1


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_one_head_gives_the_same_answers_on_the_compiled_model_and_its_cpu_file(runtime: str, extractors: Path) -> None:
    head = SoftmaxRegression(1024, 3, weight_scale=0.1, rng=2)
    head.min_score, head.max_score = -6.0, 6.0
    plain = extractors.with_name(PLAIN).read_bytes()
    delegate = through(opened(runtime, plain))
    on_edge_tpu = answer(opened(runtime, append_head(extractors.read_bytes(), head), delegate), IMAGE)
    on_cpu = answer(opened(runtime, append_head(plain, head)), IMAGE)
    assert np.array_equal(on_edge_tpu.reshape(-1), on_cpu.reshape(-1))
    assert delegate.calls == 1
    assert np.ptp(on_cpu.astype(int)) > 10  # it has an opinion


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_call_that_fails_in_the_driver_is_not_reported_as_an_old_driver(runtime: str, extractors: Path) -> None:
    def not_ready(_data: bytes) -> bytes:
        raise OSError

    interpreter = opened(runtime, extractors.read_bytes(), PythonDelegate(not_ready))
    with pytest.raises(RuntimeError, match="EdgeTpuDelegateForCustomOp") as caught:
        answer(interpreter, IMAGE)
    assert isinstance(translated(caught.value, extractors, "calling"), ModelUnreadable)


def test_the_message_of_a_runtime_about_an_old_driver_is_recognised() -> None:
    said = RuntimeError(
        "Encountered an unresolved custom op. Did you miss a custom op or delegate?"
        "Node number 1 (EdgeTpuDelegateForCustomOp) failed to invoke."
    )
    assert isinstance(translated(said, "model.tflite", "calling"), DriverMismatch)
