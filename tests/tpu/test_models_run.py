"""Pictures through real interpreters: preprocessing, extractor, classifier, labels."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from learning.metadata import with_label_file
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.extractors import Kind, tiny_extractor
from tests.support.graphs import GraphBuilder
from tpu.classifier import ClassificationEngine, read_label_file
from tpu.edgetpu.devices import list_accelerators
from tpu.errors import (
    AcceleratorUnavailable,
    LabelsUnreadable,
    ModelUnreadable,
    NotAnExtractor,
    PictureUnreadable,
    RuntimeNotInstalled,
)
from tpu.extractor import EmbeddingExtractor
from tpu.runtime import available_runtimes, refuse_missing
from tpu.tensors import centre_square, input_tensor, prepare_picture, read_picture

pytestmark = pytest.mark.needs_runtime

MOBILENET = "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"
KINDS: list[Kind] = ["uint8", "int8", "float32"]


def written(tmp_path: Path, kind: Kind = "uint8") -> Path:
    path = tmp_path / f"{kind}.tflite"
    path.write_bytes(tiny_extractor(kind))
    return path


def test_the_crop_is_the_largest_centred_square() -> None:
    assert centre_square(480, 640) == (0, 80, 480)
    assert centre_square(641, 480) == (80, 0, 480)


def test_shrinking_averages_the_pixels() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    image[:2, 1:3] = (200, 100, 40)
    assert prepare_picture(image, 2)[0, 0].tolist() == [200, 100, 40]
    assert not prepare_picture(image, 2)[1, 1].any()


@pytest.mark.parametrize(
    ("side", "size"), [(480, 144), (481, 144), (1081, 144), (289, 144), (288, 144), (287, 144), (224, 144), (90, 144)]
)
def test_a_square_is_halved_while_it_has_twice_the_edge_and_then_interpolated(side: int, size: int) -> None:
    square = np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8)
    halved = square.astype(np.float64)
    while (half := len(halved) // 2) >= size:
        halved = np.floor(halved[: 2 * half, : 2 * half].reshape(half, 2, half, 2, 3).mean(axis=(1, 3)) + 0.5)
    places = np.clip((np.arange(size) + 0.5) * len(halved) / size - 0.5, 0, len(halved) - 1)
    shares = np.rint(256 * np.maximum(0, 1 - np.abs(places[:, np.newaxis] - np.arange(len(halved))))) / 256
    expected = np.einsum("ik,jl,klc->ijc", shares, shares, halved, optimize=True)
    assert np.array_equal(prepare_picture(square, size), np.floor(expected + 0.5))


def test_inputs_of_all_types_represent_the_same_pixel() -> None:
    picture = np.array([[[0, 128, 255]]], np.uint8)
    assert input_tensor(picture, np.dtype(np.uint8)).ravel().tolist() == [0, 128, 255]
    assert input_tensor(picture, np.dtype(np.int8)).ravel().tolist() == [-128, 0, 127]
    assert input_tensor(picture, np.dtype(np.float32)).ravel() == pytest.approx([-1, 0.0039, 1], abs=1e-4)


def test_pictures_are_read_as_rgb(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    cv2.imwrite(str(path), np.full((3, 3, 3), (0, 0, 250), np.uint8))
    assert read_picture(path)[1, 1].tolist() == [250, 0, 0]


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.jpg"
    path.write_text("no picture")
    with pytest.raises(PictureUnreadable) as caught:
        read_picture(path)
    assert str(caught.value) == f"{path} is not a readable picture. Use a JPEG, PNG, BMP, WebP or TIFF file."


def test_a_missing_and_a_damaged_picture_have_different_errors(tmp_path: Path) -> None:
    path = tmp_path / "none.jpg"
    with pytest.raises(PictureUnreadable) as caught:
        read_picture(path)
    assert (
        str(caught.value)
        == f"{path} cannot be read: No such file or directory. Name a JPEG, PNG, BMP, WebP or TIFF file."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_embeddings_of_all_types_agree(tmp_path: Path, kind: Kind) -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    with EmbeddingExtractor(written(tmp_path, "float32")) as exact, EmbeddingExtractor(written(tmp_path, kind)) as one:
        assert one.feature_dim == 6
        assert one.embed(image) == pytest.approx(exact.embed(image), abs=0.06)


def test_a_real_extractor_distinguishes_pictures(shared_models: Path, shared_photos: Path) -> None:
    with EmbeddingExtractor(shared_models / MOBILENET) as extractor:
        owl, parrot, owl_again = (
            extractor.embed(read_picture(shared_photos / "scenes" / f"{name}.jpg")) for name in ("owl", "parrot", "owl")
        )
    assert np.array_equal(owl, owl_again)
    assert np.linalg.norm(owl - parrot) > 0.3 * np.linalg.norm(owl)


def means(graph: GraphBuilder) -> int:
    return graph.flat(graph.mean(graph.convolution(graph.image, 8, kernel=3, stride=4)))


def nothing_divided_by_nothing(graph: GraphBuilder) -> int:
    values = means(graph)
    nothing = graph.add("SUB", [values, values], graph.shapes[values], "SubOptions")
    return graph.add("DIV", [nothing, nothing], graph.shapes[values], "DivOptions")


def nothing(graph: GraphBuilder) -> int:
    values = means(graph)
    return graph.add("MUL", [values, graph.constant(np.zeros(8))], graph.shapes[values], "MulOptions")


@pytest.mark.parametrize(
    ("embedding", "reason"),
    [
        (means, ""),
        (nothing_divided_by_nothing, "some of its values are no numbers. Use another embedding extractor."),
        (nothing, "it makes the same embedding of all pictures. Use another embedding extractor."),
    ],
)
def test_an_unknown_extractor_that_cannot_be_taught_is_refused_before_anything_is_taught(
    embedding: Callable[[GraphBuilder], int], reason: str, tmp_path: Path
) -> None:
    graph, path = GraphBuilder(32), tmp_path / "extractor.tflite"
    path.write_bytes(graph.extractor(embedding(graph)))
    with EmbeddingExtractor(path) as extractor:
        if not reason:
            extractor.check_embeddings()
            return
        with pytest.raises(NotAnExtractor) as caught:
            extractor.check_embeddings()
        assert str(caught.value) == f"the model {path} cannot be used: {reason}"


def test_a_compiled_model_without_an_accelerator_says_what_to_use(shared_models: Path, tmp_path: Path) -> None:
    path = tmp_path / MOBILENET.replace(".tflite", "_edgetpu.tflite")
    path.write_bytes((shared_models / path.name).read_bytes())
    with pytest.raises(AcceleratorUnavailable) as caught:
        EmbeddingExtractor(path, device="cpu")
    assert str(caught.value) == (
        "this model is compiled for an Edge TPU and none is in use. Plug one in, "
        "or use the extractor's CPU file (its name without _edgetpu)."
    )


def test_a_file_that_is_not_a_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(b"not a model at all")
    with pytest.raises(ModelUnreadable) as caught:
        EmbeddingExtractor(path)
    assert str(caught.value) == f"the model {path} cannot be used: it is no TFLite file. Name a .tflite file."


def test_a_truncated_model_is_refused_without_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "half.tflite"
    path.write_bytes(tiny_extractor()[:200])
    with pytest.raises(ModelUnreadable) as caught:
        EmbeddingExtractor(path)
    assert str(caught.value) == (
        f"the model {path} cannot be used: it is damaged or cut short. Use a complete .tflite file."
    )


def test_litert_is_available_and_an_unknown_runtime_is_refused() -> None:
    assert "litert" in available_runtimes()
    with pytest.raises(RuntimeNotInstalled) as caught:
        refuse_missing("tensorrt")
    assert str(caught.value) == (
        "there is no runtime 'tensorrt'. Choose one of: auto, litert, tflite-runtime, pycoral."
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("0 apple\n1 cup\n", ("apple", "cup")),
        ("0: apple\r\n1: C: drive\r\n", ("apple", "C: drive")),
        ("0 :)\n1 ::\n2: :-(\n3:cup\n4 : duck\n", (":)", "::", ":-(", "cup", "duck")),
        ("\ufeff0 2 fingers\n1 3 fingers\n", ("2 fingers", "3 fingers")),
        ("apple\ncup\n", ("apple", "cup")),
    ],
)
def test_label_files_are_read_by_pycoral_s_rules(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    path = tmp_path / "labels.txt"
    path.write_text(text, encoding="utf-8")
    assert read_label_file(path) == names


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            b"cola\n7 up\nwater\n",
            "has a line that starts with a number, so it labels the class 7 (line 2: '7 up'). "
            "Number all lines: 0, 1, 2, …",
        ),
        (b"1 apple\n2 cup\n", "counts its classes from 1. Number its lines 0, 1, 2, …"),
        ("apple\nbl\u00e4tter\n".encode("latin-1"), "is not UTF-8 text (line 2). Save it as UTF-8."),
        ("apple\n".encode("utf-16"), "is not UTF-8 text (line 1). Save it as UTF-8."),
        (b"0 a\n0 b\n", "labels the class 0 twice (line 2: '0 b'). Number its lines 0, 1, 2, …"),
        (
            b"7 up\nwater\n",
            "has a line that starts with a number, so it labels the class 7 (line 1: '7 up'). "
            "Number all lines: 0, 1, 2, …",
        ),
    ],
)
def test_a_label_file_that_breaks_a_rule_is_refused_with_line_and_rule(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(data)
    with pytest.raises(LabelsUnreadable) as caught:
        read_label_file(path)
    assert str(caught.value) == f"the label file {path} {reason}"


def test_a_label_file_with_a_gap_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("0 apple\n2 cup\n")
    with pytest.raises(LabelsUnreadable) as caught:
        read_label_file(path)
    assert str(caught.value) == (
        f"the label file {path} has a line that starts with a number, so it labels the class 2 (line 2: '2 cup'). "
        "Number all lines: 0, 1, 2, …"
    )


def test_labels_beside_the_model_are_used(tmp_path: Path) -> None:
    head = SoftmaxRegression(6, 6, rng=0)
    head.min_score, head.max_score = -1.0, 1.0
    path = tmp_path / "model.tflite"
    path.write_bytes(append_head(tiny_extractor(), head))
    (tmp_path / "labels.txt").write_text("".join(f"{i} thing {i}\n" for i in range(6)))
    assert ClassificationEngine(path).labels[5] == "thing 5"


def test_labels_inside_the_model_are_used_if_no_label_file_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(append_head(tiny_extractor(), named_head("2 fingers", "cup")))
    assert ClassificationEngine(path).labels == ("2 fingers", "cup")
    (tmp_path / "labels.txt").write_text("0 apple\n1 pear\n")
    assert ClassificationEngine(path).labels == ("apple", "pear")


def test_labels_inside_the_model_are_ignored_with_a_warning_if_their_number_is_wrong(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(with_label_file(append_head(tiny_extractor(), named_head()), ["a", "b", "c"]))
    assert ClassificationEngine(path).labels == ("class 0", "class 1")
    assert caplog.messages == [
        f"the model {path} contains 3 labels for 2 classes, so they are not used. Name a label file."
    ]


def named_head(*labels: str) -> SoftmaxRegression:
    """A head with random weights for two classes."""
    head = SoftmaxRegression(6, 2, rng=0)
    head.min_score, head.max_score = -1.0, 1.0
    head.label_map = dict(enumerate(labels))
    return head


def test_accelerators_are_found_in_sysfs_with_what_is_wrong(tmp_path: Path) -> None:
    stick = tmp_path / "sys/bus/usb/devices/1-1"
    stick.mkdir(parents=True)
    for name, value in (("idVendor", "18d1"), ("idProduct", "9302"), ("busnum", "1"), ("devnum", "7")):
        (stick / name).write_text(f"{value}\n")
    (tmp_path / "sys/class/apex/apex_0").mkdir(parents=True)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/apex_0").touch()
    usb, pci = list_accelerators(tmp_path / "sys", tmp_path / "dev")
    assert (usb.device, usb.node) == ("usb:0", tmp_path / "dev/bus/usb/001/007")
    assert "plugdev" in usb.problem
    assert (pci.device, pci.problem) == ("pci:0", "")
    assert os.access(pci.node, os.R_OK)
