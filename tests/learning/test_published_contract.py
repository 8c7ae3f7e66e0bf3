"""What Coral published about its SoftmaxRegression: one test for each thing that its documentation promises.

Source: the reference page of `edgetpu.learn.backprop.softmax_regression` (Coral, 2019).
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from learning.softmax_regression import SoftmaxRegression
from tests.learning.test_softmax_regression import blobs, data
from tests.support.extractors import tiny_extractor
from tpu.classifier import ClassificationEngine
from tpu.extractor import EmbeddingExtractor

pytestmark = pytest.mark.needs_runtime

CLASSES, FEATURES = 3, 6
COMPILED = "mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu.tflite"
LINE = re.compile(r"Loss (\d+): (\d+\.\d+)  Train Acc (\d+\.\d+)%  Val Acc (\d+\.\d+)%")


class RecordingGenerator(np.random.Generator):
    """A generator that notes how many samples each batch asks for."""

    def __init__(self, seed: int) -> None:
        super().__init__(np.random.PCG64(seed))
        self.sizes: list[Any] = []

    def integers(self, low: Any, high: Any = None, size: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """Draw, and note the size."""
        self.sizes.append(size)
        return super().integers(low, high, size, **options)


@pytest.fixture
def extractor_path(tmp_path: Path) -> str:
    path = tmp_path / "extractor.tflite"
    path.write_bytes(tiny_extractor(feature_dim=FEATURES))
    return str(path)


def pictures(count: int = 30) -> list[Any]:
    """Pictures of three kinds: each bright in another third of the frame."""
    rng = np.random.default_rng(4)
    made = []
    for number in range(count):
        picture = rng.integers(0, 60, (8, 8, 3), np.uint8)
        third = number % CLASSES
        picture[:, 3 * third : 3 * third + 2] += 180
        made.append(picture)
    return made


def parameters(function: Any) -> dict[str, Any]:
    """Positional parameters with their defaults."""
    return {
        name: one.default
        for name, one in inspect.signature(function).parameters.items()
        if one.kind is one.POSITIONAL_OR_KEYWORD and name != "self"
    }


def test_the_constructor_takes_four_optional_arguments_in_this_order() -> None:
    """Feature size and number of classes may be left out; weights are small and nothing is regularized by default."""
    assert list(parameters(SoftmaxRegression).items()) == [
        ("feature_dim", None),
        ("num_classes", None),
        ("weight_scale", 0.01),
        ("reg", 0.0),
    ]
    head = SoftmaxRegression(8, CLASSES, 0.05, 0.1)
    assert (head.feature_dim, head.num_classes, head.reg) == (8, CLASSES, 0.1)
    SoftmaxRegression()


def test_an_embedding_passes_a_fully_connected_layer_and_then_softmax() -> None:
    """The answer is softmax of weights times embedding plus bias, one probability for each class."""
    head = SoftmaxRegression(8, CLASSES, weight_scale=1.0, rng=0)
    head.params["vec_b"] = np.array([0.5, -1.0, 0.25], np.float32)
    x, _ = blobs()
    for row, probabilities in zip(x, head.probabilities(x), strict=True):
        scores = [float(row @ head.params["mat_w"][:, label] + head.params["vec_b"][label]) for label in range(CLASSES)]
        powers = np.exp(np.array(scores) - max(scores))
        assert probabilities == pytest.approx(powers / powers.sum(), abs=1e-5)
        assert probabilities.sum() == pytest.approx(1)


def test_training_lowers_the_cross_entropy_by_changing_the_weights_of_this_layer() -> None:
    """Training measures the error with a cross-entropy loss and updates the fully connected layer."""
    head = SoftmaxRegression(8, CLASSES, rng=0)
    before = {name: array.copy() for name, array in head.params.items()}
    x, y = blobs()

    def loss() -> float:
        return float(-np.log(head.probabilities(x)[np.arange(len(y)), y].astype(np.float64)).mean())

    first = loss()
    head.train_with_sgd(data(), 300, 0.05, print_every=0)
    assert loss() < 0.2 * first
    assert all(not np.array_equal(head.params[name], before[name]) for name in ("mat_w", "vec_b"))


def test_new_weights_are_drawn_from_the_standard_normal_distribution_and_then_scaled() -> None:
    """The scale multiplies what was drawn, so that it stays small."""
    plain, scaled, default = (
        SoftmaxRegression(400, 50, *scale, rng=0).params["mat_w"] for scale in ((1.0,), (0.05,), ())
    )
    assert scaled == pytest.approx(plain * 0.05)
    assert default == pytest.approx(plain * 0.01)
    assert plain.mean() == pytest.approx(0, abs=0.02)
    assert plain.std() == pytest.approx(1, abs=0.02)
    for deviations, share in ((1, 0.683), (2, 0.954), (3, 0.997)):
        assert (np.abs(plain) < deviations).mean() == pytest.approx(share, abs=0.01)


def test_stronger_regularization_gives_smaller_weights() -> None:
    """The number given as `reg` is the strength."""
    heads = [SoftmaxRegression(8, CLASSES, reg=reg, rng=0) for reg in (0.0, 0.1, 1.0)]
    for head in heads:
        head.train_with_sgd(data(), 300, 0.05, print_every=0)
    lengths = [float(np.linalg.norm(head.params["mat_w"])) for head in heads]
    assert lengths[0] > 1.2 * lengths[1] > 1.5 * lengths[2]


def test_accuracy_is_the_fraction_of_embeddings_named_correctly_as_a_float() -> None:
    """The text says percent; Coral's code returns a fraction, and so does this."""
    assert list(parameters(SoftmaxRegression.get_accuracy)) == ["mat_x", "labels"]
    head = SoftmaxRegression(2, 2)
    head.params["mat_w"] = np.eye(2, dtype=np.float32)
    x = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    accuracy = head.get_accuracy(x, np.array([0, 0, 1, 1]))
    assert isinstance(accuracy, float)
    assert accuracy == 0.75


def test_accuracy_takes_labels_as_indices_and_as_one_hot_vectors() -> None:
    """The text calls the labels indices in one sentence and one-hot vectors in the next."""
    head = SoftmaxRegression(8, CLASSES, weight_scale=1.0, rng=0)
    x, y = blobs()
    assert 0 < head.get_accuracy(x, y) < 1
    assert head.get_accuracy(x, y) == head.get_accuracy(x, np.eye(CLASSES)[y])


def test_inference_returns_one_index_for_one_embedding_and_an_array_for_several() -> None:
    """One embedding may be a vector; a matrix gives an index for each row."""
    assert list(parameters(SoftmaxRegression.run_inference)) == ["mat_x"]
    head = SoftmaxRegression(8, CLASSES, weight_scale=1.0, rng=0)
    x, _ = blobs()
    expected = (x.astype(np.float64) @ head.params["mat_w"]).argmax(axis=1)
    assert head.run_inference(x).tolist() == expected.tolist()
    assert [head.run_inference(row) for row in x[:5]] == expected[:5].tolist()
    assert isinstance(head.run_inference(x[0]), int)
    assert head.run_inference(x[:1]).tolist() == expected[:1].tolist()


def test_inference_uses_the_current_weights() -> None:
    """Weights that change, change the next answer."""
    head = SoftmaxRegression(2, 2)
    head.params["mat_w"] = np.eye(2, dtype=np.float32)
    assert head.run_inference(np.array([1.0, 0.0])) == 0
    head.params["mat_w"] = np.eye(2, dtype=np.float32)[::-1].copy()
    assert head.run_inference(np.array([1.0, 0.0])) == 1


def test_training_data_are_a_dictionary_of_four_arrays_of_embeddings_and_labels() -> None:
    """Two arrays teach, and the other two are only asked: other validation data train the same weights."""
    assert list(parameters(SoftmaxRegression.train_with_sgd)) == [
        "data", "num_iter", "learning_rate", "batch_size", "print_every",
    ]  # fmt: skip
    given = data()
    assert sorted(given) == ["data_train", "data_val", "labels_train", "labels_val"]
    heads = [SoftmaxRegression(8, CLASSES, rng=0) for _ in range(3)]
    heads[0].train_with_sgd(given, 50, 0.05, print_every=0)
    heads[1].train_with_sgd({**given, "labels_val": (given["labels_val"] + 1) % CLASSES}, 50, 0.05, print_every=0)
    heads[2].train_with_sgd({**given, "labels_train": (given["labels_train"] + 1) % CLASSES}, 50, 0.05, print_every=0)
    assert np.array_equal(heads[0].params["mat_w"], heads[1].params["mat_w"])
    assert not np.allclose(heads[0].params["mat_w"], heads[2].params["mat_w"])


def test_num_iter_is_the_number_of_iterations() -> None:
    """Each iteration draws one batch."""
    rng = RecordingGenerator(0)
    SoftmaxRegression(8, CLASSES, rng=rng).train_with_sgd(data(), 7, 0.05, print_every=0)
    assert len(rng.sizes) == 7


def test_learning_rate_is_the_step_size() -> None:
    """From the same start on the same batch, twice the rate makes twice the step."""
    steps = []
    for rate in (0.01, 0.02):
        head = SoftmaxRegression(8, CLASSES, rng=0)
        before = head.params["mat_w"].copy()
        head.train_with_sgd(data(), 1, rate, print_every=0)
        steps.append(head.params["mat_w"] - before)
    assert np.abs(steps[0]).max() > 0
    assert steps[1] == pytest.approx(2 * steps[0], rel=1e-3, abs=1e-7)


def test_an_iteration_uses_batch_size_examples_and_a_hundred_by_default() -> None:
    """The number of training examples in each iteration."""
    rng = RecordingGenerator(0)
    head = SoftmaxRegression(8, CLASSES, rng=rng)
    head.train_with_sgd(data(), 2, 0.05, print_every=0)
    head.train_with_sgd(data(), 2, 0.05, 16, 0)
    assert rng.sizes == [100, 100, 16, 16]


@pytest.mark.parametrize(("arguments", "printed"), [((100, 20), [0, 20, 40]), ((), [0]), ((100, 1), list(range(50)))])
def test_loss_and_both_accuracies_are_printed_every_so_many_iterations(
    arguments: tuple[int, ...], printed: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    """20 prints the statistics for every 20 iterations; by default it is every 100."""
    SoftmaxRegression(8, CLASSES, rng=0).train_with_sgd(data(), 50, 0.05, *arguments)
    lines = [LINE.fullmatch(line) for line in capsys.readouterr().out.splitlines()]
    assert [int(line[1]) for line in lines if line] == printed
    assert len(lines) == len(printed)


def test_the_printed_numbers_are_loss_training_accuracy_and_validation_accuracy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """They are compared with what the untrained head answers; the batch is every sample, so its loss is known."""
    x = np.array([[1.0, 0.0]] * 4, np.float32)
    given = {
        "data_train": x,
        "labels_train": np.array([0, 0, 0, 0]),
        "data_val": x,
        "labels_val": np.array([0, 1, 1, 1]),
    }
    head = SoftmaxRegression(2, 2)
    head.params["mat_w"] = np.array([[2, 0], [0, 0]], np.float32)
    head.train_with_sgd(given, 1, 0.05)
    assert capsys.readouterr().out == f"Loss 0: {np.log1p(np.exp(-2)):.4f}  Train Acc 100.00%  Val Acc 25.00%\n"


def test_print_every_zero_prints_nothing_and_trains_the_same_weights(capsys: pytest.CaptureFixture[str]) -> None:
    """0 disables printing."""
    heads = [SoftmaxRegression(8, CLASSES, rng=7) for _ in range(2)]
    for head, every in zip(heads, (20, 0), strict=True):
        capsys.readouterr()
        reports = head.train_with_sgd(data(), 130, 0.05, print_every=every)
    assert capsys.readouterr().out == ""
    assert reports == ()
    assert all(np.array_equal(heads[0].params[name], heads[1].params[name]) for name in ("mat_w", "vec_b"))
    assert (heads[0].min_score, heads[0].max_score) == (heads[1].min_score, heads[1].max_score)


def test_the_extractor_s_embeddings_train_a_head_and_the_saved_copy_runs_in_the_classification_engine(
    extractor_path: str, tmp_path: Path
) -> None:
    """Pictures go through the extractor, embeddings into training, and the new file classifies as any other."""
    seen = pictures()
    labels = np.arange(len(seen)) % CLASSES
    with EmbeddingExtractor(Path(extractor_path)) as extractor:
        embeddings = np.stack([extractor.embed(picture) for picture in seen])
    head = SoftmaxRegression(embeddings.shape[1], CLASSES, rng=0)
    head.train_with_sgd(
        {
            "data_train": embeddings[6:],
            "labels_train": labels[6:],
            "data_val": embeddings[:6],
            "labels_val": labels[:6],
        },
        2000,
        0.5,
        print_every=0,
    )
    assert head.get_accuracy(embeddings, labels) == 1.0
    before, saved = Path(extractor_path).read_bytes(), tmp_path / "classifier.tflite"
    assert head.save_as_tflite_model(extractor_path, str(saved)) is None
    assert Path(extractor_path).read_bytes() == before  # it is a copy: the extractor stays
    engine = ClassificationEngine(saved)
    answers = [int(engine.classify(picture).argmax()) for picture in seen]
    engine.close()
    assert answers == labels.tolist()


def test_serializing_returns_the_bytes_that_saving_writes(extractor_path: str, tmp_path: Path) -> None:
    """pycoral's name for the same; both take the model's path as `str` or `Path`."""
    assert list(parameters(SoftmaxRegression.serialize_model)) == ["in_model_path"]
    assert list(parameters(SoftmaxRegression.save_as_tflite_model)) == ["in_model_path", "out_model_path"]
    head = SoftmaxRegression(FEATURES, CLASSES, weight_scale=1.0, rng=0)
    head.calibrate(np.random.default_rng(0).normal(0, 1, (20, FEATURES)))
    serialized = head.serialize_model(extractor_path)
    assert isinstance(serialized, bytes)
    assert serialized == head.serialize_model(Path(extractor_path))
    for number, kind in enumerate((str, Path)):
        target = tmp_path / f"{number}.tflite"
        head.save_as_tflite_model(kind(extractor_path), kind(target))
        assert target.read_bytes() == serialized


def test_learned_weights_and_biases_are_quantized_when_they_are_saved(extractor_path: str) -> None:
    """Weights become uint8, at most half a step from what was learned; biases keep int32, as the interpreter wants."""
    head = SoftmaxRegression(FEATURES, CLASSES, weight_scale=1.0, rng=0)
    head.params["vec_b"] = np.array([0.3, -0.2, 0.1], np.float32)
    head.calibrate(np.random.default_rng(0).normal(0, 1, (20, FEATURES)))
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(head.serialize_model(extractor_path), 0))
    tensors = {one.name.decode(): one for one in model.subgraphs[0].tensors}

    def real(name: str, kind: Any) -> Any:
        tensor = tensors[name]
        levels = np.frombuffer(bytes(bytearray(model.buffers[tensor.buffer].data)), kind).reshape(tensor.shape)
        return tensor.quantization.scale[0] * (levels.astype(np.float64) - tensor.quantization.zeroPoint[0])

    assert tensors["head/weights"].type == schema.TensorType.UINT8
    step, bias_step = (float(tensors[name].quantization.scale[0]) for name in ("head/weights", "head/biases"))
    assert np.abs(real("head/weights", np.uint8) - head.params["mat_w"].T).max() <= 0.5001 * step
    assert tensors["head/biases"].type == schema.TensorType.INT32
    assert real("head/biases", np.int32) == pytest.approx(head.params["vec_b"], abs=0.5001 * bias_step)


def test_the_last_layer_runs_on_the_cpu_behind_an_extractor_compiled_for_the_edge_tpu(shared_models: Path) -> None:
    """What was compiled stays one operator of the Edge TPU; the layer behind it is the interpreter's own operators."""
    head = SoftmaxRegression(1024, CLASSES, rng=0)
    head.min_score, head.max_score = -3.0, 3.0
    model = schema.Model.GetRootAs(head.serialize_model(shared_models / COMPILED), 0)
    graph = model.Subgraphs(0)
    codes = [model.OperatorCodes(graph.Operators(index).OpcodeIndex()) for index in range(graph.OperatorsLength())]
    assert [(code.CustomCode(), code.BuiltinCode()) for code in codes] == [
        (b"edgetpu-custom-op", schema.BuiltinOperator.CUSTOM),
        (None, schema.BuiltinOperator.FULLY_CONNECTED),
        (None, schema.BuiltinOperator.RESHAPE),  # this extractor's embedding is (1, 1, 1, 1024)
        (None, schema.BuiltinOperator.SOFTMAX),
    ]
