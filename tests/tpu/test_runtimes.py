"""The same code on every runtime that is installed here, against LiteRT as the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.extractors import Kind, tiny_extractor
from tpu.classifier import ClassificationEngine
from tpu.errors import AcceleratorUnavailable, ModelUnreadable, RuntimeNotInstalled
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.runtime import MODULES, available_runtimes, refuse_missing, runtime_for_cpu
from tpu.tensors import read_picture

pytestmark = pytest.mark.needs_runtime

ON_CPU = [name for name in available_runtimes() if name != "pycoral"]
KINDS: list[Kind] = ["uint8", "int8", "float32"]


def test_litert_is_always_available() -> None:
    assert "litert" in ON_CPU
    assert runtime_for_cpu("auto") == "litert"


@pytest.mark.parametrize("runtime", ON_CPU)
@pytest.mark.parametrize("kind", KINDS)
def test_every_runtime_returns_the_same_embedding(runtime: str, kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "tiny.tflite"
    path.write_bytes(tiny_extractor(kind))
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    expected = EmbeddingExtractor(path, runtime="litert").embed(image)
    extractor = EmbeddingExtractor(path, runtime=runtime)
    assert extractor.runtime_name == runtime
    assert np.allclose(extractor.embed(image), expected, atol=0.04)  # a step of the 8-bit output


@pytest.mark.parametrize("runtime", ON_CPU)
@pytest.mark.parametrize("kind", KINDS)
def test_every_runtime_opens_an_exported_model(runtime: str, kind: Kind, tmp_path: Path) -> None:
    head = SoftmaxRegression(6, 4, weight_scale=1.0, rng=3)
    head.min_score, head.max_score = -12.0, 12.0
    path = tmp_path / "model.tflite"
    path.write_bytes(append_head(tiny_extractor(kind), head))
    image = np.random.default_rng(1).integers(0, 256, (9, 9, 3), np.uint8)
    expected = ClassificationEngine(path, runtime="litert").classify(image)
    assert np.allclose(ClassificationEngine(path, runtime=runtime).classify(image), expected, atol=0.02)


@pytest.mark.parametrize("runtime", ON_CPU)
def test_the_plain_and_the_compiled_extractor_embed_photographs_alike(
    runtime: str, shared_models: Path, shared_photos: Path
) -> None:
    photo = read_picture(shared_photos / "scenes" / "cat_720p.jpg")
    for path in (default_extractor_path(), shared_models / "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"):
        expected = EmbeddingExtractor(path, runtime="litert").embed(photo)
        found = EmbeddingExtractor(path, runtime=runtime).embed(photo)
        assert np.corrcoef(found, expected)[0, 1] > 0.99  # each runtime rounds in its own way


@pytest.mark.parametrize("runtime", ON_CPU)
def test_every_runtime_refuses_a_truncated_file_in_one_line(runtime: str, tmp_path: Path) -> None:
    path = tmp_path / "truncated.tflite"
    whole = tiny_extractor()
    for length in (8, 200, len(whole) // 2, len(whole) - 40):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelUnreadable) as caught:
            EmbeddingExtractor(path, runtime=runtime)
        assert str(caught.value) == (
            f"the model {path} cannot be used: it is damaged or cut short. Use a complete .tflite file."
        )


@pytest.mark.parametrize("runtime", ON_CPU)
def test_the_error_for_a_compiled_model_without_its_cpu_file_says_what_to_do(
    runtime: str, shared_models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu.tflite"
    path.write_bytes((shared_models / path.name).read_bytes())
    with pytest.raises(AcceleratorUnavailable) as caught:
        EmbeddingExtractor(path, runtime=runtime, device="cpu")
    assert str(caught.value) == (
        "this model is compiled for an Edge TPU and none is in use. Plug one in, "
        "or use the extractor's CPU file (its name without _edgetpu)."
    )


@pytest.mark.parametrize("runtime", sorted(set(MODULES) - set(available_runtimes())) or ["none"])
def test_the_error_for_a_missing_runtime_says_how_to_install_it(runtime: str) -> None:
    with pytest.raises(RuntimeNotInstalled) as caught:
        refuse_missing(runtime)
    assert str(caught.value) in (
        "the runtime litert is not installed. Install it: pip install ai-edge-litert",
        "the runtime tflite-runtime is not installed. Install it: pip install -e '.[legacy]' in an environment of its "
        "own (Python 3.11 or older).",
        "the runtime pycoral is not installed. Install it: see the section Edge TPU of docs/hardware.md.",
        "there is no runtime 'none'. Choose one of: auto, litert, tflite-runtime, pycoral.",
    )
