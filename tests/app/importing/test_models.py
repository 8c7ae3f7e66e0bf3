"""A model of unknown origin runs in the sandbox, within limits, and is refused with a reason."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from app.guarded.sandbox import Limits, run_sandboxed
from app.importing.read_model import MODEL_LIMITS, read_model
from app.model.saved_folder.facts import PLAIN_FILE
from tests.support.untrusted_folders import QUICK, refusal

pytestmark = pytest.mark.needs_runtime

CRASHED = "it is damaged, or made to do harm: looking into it ended in a crash."
TOO_LONG = "it takes too long, so it was stopped."


def test_a_good_model_is_read_with_its_labels(folder: Path) -> None:
    model = read_model(folder, runtime="litert")
    assert model.data == (folder / PLAIN_FILE).read_bytes()
    assert model.labels == ("Äpfel", "cup")
    assert 0 < model.threshold < 1
    assert model.explains  # its explaining form ran in the sandbox, too


def changed(data: bytes, change: Callable[[Any], None]) -> bytes:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    change(model)
    builder = flatbuffers.Builder(len(data) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def never_answers(model: Any) -> None:
    """Put a loop that never ends in front of everything."""
    graph = model.subgraphs[0]
    entry = int(graph.inputs[0])

    def copy_of(tensor: Any) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = b"loop", list(tensor.shape), tensor.type, 0
        made.quantization = tensor.quantization
        return made

    always = schema.BufferT()
    always.data = np.array([1], np.uint8)
    model.buffers.append(always)
    for condition in (True, False):
        part = schema.SubGraphT()
        part.tensors, part.operators, part.inputs, part.outputs = [copy_of(graph.tensors[entry])], [], [0], [0]
        if condition:
            yes = schema.TensorT()
            yes.name, yes.shape, yes.type, yes.buffer = b"yes", [1], schema.TensorType.BOOL, len(model.buffers) - 1
            part.tensors.append(yes)
            part.outputs = [1]
        model.subgraphs.append(part)
    graph.tensors.append(copy_of(graph.tensors[entry]))
    looped = len(graph.tensors) - 1
    for operator in graph.operators:
        operator.inputs = [looped if int(one) == entry else int(one) for one in operator.inputs]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.WHILE
    code.version = 1
    model.operatorCodes.append(code)
    loop = schema.OperatorT()
    loop.opcodeIndex, loop.inputs, loop.outputs = len(model.operatorCodes) - 1, [entry], [looped]
    loop.builtinOptionsType = schema.BuiltinOptions.WhileOptions
    loop.builtinOptions = schema.WhileOptionsT()
    loop.builtinOptions.condSubgraphIndex, loop.builtinOptions.bodySubgraphIndex = 1, 2
    graph.operators.insert(0, loop)


def test_a_model_that_never_answers_is_stopped(folder: Path) -> None:
    path = folder / PLAIN_FILE
    path.write_bytes(changed(path.read_bytes(), never_answers))
    started_s = time.monotonic()
    assert refusal(lambda: read_model(folder, runtime="litert", limits=Limits(wall_s=6.0))) == TOO_LONG
    assert 5 < time.monotonic() - started_s < 30
    started_s, limits = time.monotonic(), Limits(wall_s=200.0, processor_s=4)
    assert refusal(lambda: read_model(folder, runtime="litert", limits=limits)) == TOO_LONG
    assert time.monotonic() - started_s < 100


def test_a_model_that_needs_too_much_memory_is_refused(folder: Path) -> None:
    def enormous(model: Any) -> None:
        graph = model.subgraphs[0]
        graph.tensors[int(graph.inputs[0])].shape = [1, 40_000, 40_000, 3]

    path = folder / PLAIN_FILE
    path.write_bytes(changed(path.read_bytes(), enormous))
    text = refusal(lambda: read_model(folder, runtime="litert", limits=QUICK))
    assert text == "it cannot be used: its model is damaged, or made for another machine."


def test_the_error_names_memory_if_the_sandbox_ran_out_of_it() -> None:
    """450 MB beside the interpreter and its libraries, where they may take 600 MB in all."""
    text = refusal(lambda: run_sandboxed("session", {}, [bytes(450 << 20)], Limits(memory_bytes=600 << 20)))
    assert text == "it takes more memory than a folder of the kiosk needs, so it was stopped."


def test_a_model_that_is_not_a_classifier_is_refused(folder: Path) -> None:
    path, whole = folder / PLAIN_FILE, (folder / PLAIN_FILE).read_bytes()
    from tpu.models import default_extractor_path

    for data, reason in (
        (b"MZ this is a program", "it cannot be used: its model is damaged, or made for another machine."),
        (
            default_extractor_path().read_bytes(),
            "it cannot be used: it does not end in probabilities. Use a model that TRAIN exported.",
        ),
    ):
        path.write_bytes(data)
        assert refusal(lambda: read_model(folder, runtime="litert")) == reason
    taught = json.loads((folder / "metadata.json").read_bytes())
    (folder / "metadata.json").write_text(json.dumps({**taught, "labels": ["a", "b", "c", "d", "e"]}))
    path.write_bytes(whole)
    assert refusal(lambda: read_model(folder, runtime="litert")) == (
        "it cannot be used: its model tells other classes apart than its labels name."
    )
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(lambda: read_model(folder, runtime="litert")).startswith("it ")


def test_the_error_says_so_if_the_sandbox_crashed() -> None:
    assert refusal(lambda: run_sandboxed("no such task", {}, [], QUICK)) == CRASHED
    assert refusal(lambda: run_sandboxed("session", {}, [b"x" * 100], Limits(written_bytes=1))) == CRASHED
    assert MODEL_LIMITS.memory_bytes == 1 << 30
