"""The shares of the cells, against the logits that the interpreter computes, on graphs of many shapes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from learning.evidence import cells, logits
from learning.explanation import Description, NotExplainable, explaining_form
from learning.fit import fit_head
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.extractors import Kind, tiny_extractor
from tests.support.graphs import NONE, RELU6, GraphBuilder
from tpu.models import default_extractor_path

pytestmark = pytest.mark.needs_runtime

CLASSES = 4


def exported(extractor: bytes, feature_dim: int, classes: int = CLASSES) -> tuple[bytes, SoftmaxRegression]:
    head = SoftmaxRegression(feature_dim, classes, weight_scale=1.0, rng=1)
    head.params["vec_b"][:CLASSES] = np.array([0.3, -0.2, 0.1, 0.7], np.float32)
    head.min_score, head.max_score = -12.0, 12.0
    return append_head(extractor, head), head


def outputs(model: bytes, picture: Any) -> list[Any]:
    """All outputs as real numbers."""
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    found = []
    for detail in interpreter.get_output_details():
        raw, (scale, zero) = interpreter.get_tensor(detail["index"]), detail["quantization"]
        found.append((np.float32(scale) * (raw.astype(np.float32) - zero) if scale else raw).reshape(-1))
    return found


def picture(px: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(-1, 1, (1, px, px, 3)).astype(np.float32)


def one_mean(g: GraphBuilder) -> int:
    """As EfficientNet-lite ends: a 1×1 convolution, ReLU6, one mean, a reshape."""
    x = g.convolution(g.image, 8, kernel=3, stride=2)
    return g.flat(g.mean(g.convolution(g.convolution(x, 8, kernel=3, stride=2), 12)))


def one_pool(g: GraphBuilder) -> int:
    """As MobileNet v1 ends."""
    x = g.convolution(g.image, 8, kernel=3, stride=4)
    return g.pool(x, 8)


def joined_means(g: GraphBuilder) -> int:
    """As the built-in extractor ends: weighted and plain means of projected maps, joined."""
    x = g.convolution(g.image, 8, kernel=3, stride=2)
    y = g.convolution(x, 12, kernel=3, stride=2)
    parts = [g.window(g.convolution(x, 5, activation=NONE)), g.mean(g.convolution(y, 6, activation=NONE)), g.window(y)]
    return g.flat(g.concatenation(parts))


def means_in_two_steps(g: GraphBuilder) -> int:
    """Weighted and plain means, first over rows and then over columns."""
    x = g.convolution(g.image, 8, kernel=3, stride=2)
    return g.flat(g.concatenation([g.window_in_two_steps(x), g.mean(g.mean(x, (1,)), (2,))]))


def projected_mean(g: GraphBuilder) -> int:
    """A projection behind the mean."""
    x = g.mean(g.convolution(g.image, 8, kernel=3, stride=4))
    return g.flat(g.convolution(x, 6, activation=NONE))


def two_looks_joined(g: GraphBuilder) -> int:
    """The whole picture at half size and its middle, through the same weights."""
    layer = g.layer(8, 3, 3)
    looks = [g.pool(g.image, 2), g.cut(g.image, (0, 8, 8, 0), (1, 16, 16, 3))]
    return g.flat(g.concatenation([g.window(g.convolution(one, 8, kernel=3, stride=2, shared=layer)) for one in looks]))


def two_looks_averaged(g: GraphBuilder) -> int:
    """The mean of both looks."""
    layer = g.layer(8, 3, 3)
    looks = [g.pool(g.image, 2), g.cut(g.image, (0, 8, 8, 0), (1, 16, 16, 3))]
    first, second = (g.mean(g.convolution(one, 8, kernel=3, stride=2, shared=layer)) for one in looks)
    added = g.add("ADD", [first, second], g.shapes[first], "AddOptions")
    return g.flat(g.add("MUL", [added, g.constant([0.5])], g.shapes[added], "MulOptions"))


def two_looks_stacked(g: GraphBuilder) -> int:
    """Both looks as a batch of two pictures, joined behind the mean."""
    looks = [g.pool(g.image, 2), g.cut(g.image, (0, 8, 8, 0), (1, 16, 16, 3))]
    x = g.convolution(g.concatenation(looks, axis=0), 8, kernel=3, stride=2)
    return g.flat(g.mean(x))


def two_looks_stacked_and_averaged(g: GraphBuilder) -> int:
    """The same, with one mean over both pictures and all cells."""
    looks = [g.pool(g.image, 2), g.cut(g.image, (0, 8, 8, 0), (1, 16, 16, 3))]
    return g.flat(g.mean(g.convolution(g.concatenation(looks, axis=0), 8, kernel=3, stride=2), (0, 1, 2)))


def projected_together(g: GraphBuilder) -> int:
    """Maps of different places are added before the mean: the rule must go on to the maps before."""
    looks = [g.pool(g.image, 2), g.cut(g.image, (0, 8, 8, 0), (1, 16, 16, 3))]
    first, second = (g.convolution(one, 8, kernel=3) for one in looks)
    joined = g.concatenation([first, second])
    return g.flat(g.mean(g.convolution(joined, 6, activation=NONE)))


def global_gain(g: GraphBuilder) -> int:
    """The picture is divided by its own mean first."""
    gain = g.add("MUL", [g.image, g.mean(g.image)], g.shapes[g.image], "MulOptions")
    return g.flat(g.mean(g.convolution(gain, 8, kernel=3, stride=4)))


def not_averaged(g: GraphBuilder) -> int:
    """A small map that goes into the embedding cell by cell."""
    return g.flat(g.convolution(g.image, 4, kernel=3, stride=8))


def scaled_mean(g: GraphBuilder) -> int:
    """A batch norm behind the mean."""
    x = g.mean(g.convolution(g.image, 8, kernel=3, stride=4))
    x = g.add("MUL", [x, g.constant(g.rng.normal(1, 0.3, 8))], g.shapes[x], "MulOptions")
    return g.flat(g.add("SUB", [x, g.constant(g.rng.normal(0, 0.3, 8))], g.shapes[x], "SubOptions"))


def parts_exchanged(g: GraphBuilder) -> int:
    """The parts of a mean in another order, and one of them twice."""
    first, second = g.split(g.mean(g.convolution(g.image, 8, kernel=3, stride=4)), 2)
    return g.flat(g.concatenation([second, first, second]))


EXPLAINABLE = [
    one_mean, one_pool, joined_means, means_in_two_steps, projected_mean, two_looks_joined, two_looks_averaged,
    two_looks_stacked, two_looks_stacked_and_averaged, projected_together, global_gain, not_averaged, scaled_mean,
    parts_exchanged,
]  # fmt: skip


def form_of(shape: Callable[[GraphBuilder], int], px: int = 32) -> tuple[bytes, bytes, Description]:
    graph = GraphBuilder(px)
    embedding = shape(graph)
    model, _ = exported(graph.extractor(embedding), int(np.prod(graph.shapes[embedding])))
    form = explaining_form(model)
    return model, form.model, form.description


@pytest.mark.parametrize("shape", EXPLAINABLE)
def test_the_cells_sum_to_the_difference_of_the_logits(shape: Callable[[GraphBuilder], int]) -> None:
    model, form, description = form_of(shape)
    for seed in range(5):
        probabilities, *further = outputs(form, picture(32, seed))
        assert np.array_equal(probabilities, outputs(model, picture(32, seed))[0])
        for winner, other in ((0, 1), (3, 2)):
            found = cells(further, description, winner, other)
            assert found.sum() == pytest.approx(np.log(probabilities[winner] / probabilities[other]), abs=2e-4)
        others = np.log(np.delete(probabilities, 2)).mean()
        assert cells(further, description, 2).sum() == pytest.approx(np.log(probabilities[2]) - others, abs=2e-4)
        assert logits(further, description) - logits(further, description)[0] == pytest.approx(
            np.log(probabilities / probabilities[0]), abs=2e-4
        )


@pytest.mark.parametrize(
    "shape", [one_mean, joined_means, means_in_two_steps, two_looks_joined, two_looks_stacked, projected_together]
)
@pytest.mark.parametrize("place", [(4, 6), (20, 24), (14, 10)])
def test_cells_far_from_a_change_keep_their_shares(
    shape: Callable[[GraphBuilder], int], place: tuple[int, int]
) -> None:
    """A change of four pixels moves the shares of the cells there, and of no cell that is more than 12 pixels away."""
    _, form, description = form_of(shape)
    before = picture(32)
    after = before.copy()
    row, column = place
    after[0, row : row + 4, column : column + 4] += 0.8
    changes = [cells(outputs(form, one)[1:], description, 0, 1) for one in (before, after)]
    moved = np.abs(changes[1] - changes[0])
    rows = (np.arange(description.rows) + 0.5) * 32 / description.rows
    columns = (np.arange(description.columns) + 0.5) * 32 / description.columns
    far = np.hypot(rows[:, None] - row - 2, columns[None] - column - 2) > 12
    assert moved[far].max() <= 1e-5
    top, left = np.unravel_index(moved.argmax(), moved.shape)
    assert np.hypot(rows[top] - row - 2, columns[left] - column - 2) <= 5


@pytest.mark.parametrize("kind", ["uint8", "int8", "float32"])
def test_a_layer_over_all_pixels_is_explained_pixel_by_pixel(kind: Kind) -> None:
    model, _ = exported(tiny_extractor(kind, input_px=8, feature_dim=6), 6)
    form = explaining_form(model)
    entry = {"uint8": np.uint8, "int8": np.int8, "float32": np.float32}[kind]
    pixels = np.random.default_rng(3).integers(0, 127, (1, 8, 8, 3)).astype(entry)
    _, *further = outputs(form.model, pixels)
    scores = logits(further, form.description)
    assert cells(further, form.description, 0, 1).shape == (8, 8)
    assert cells(further, form.description, 0, 1).sum() == pytest.approx(
        scores[0] - scores[1], abs=1e-3 if kind == "float32" else 0.3
    )


def spots(colour: int, rng: np.random.Generator) -> Any:
    """A picture of soft spots, mostly of one colour, uint8 (1, 144, 144, 3)."""
    colours = rng.normal(80, 30, (8, 8, 3))
    colours[..., colour] += 90
    return np.clip(np.kron(colours, np.ones((18, 18, 1))), 0, 255).astype(np.uint8)[np.newaxis]


def test_the_maps_of_the_built_in_extractor_are_found_and_sum_to_the_logits() -> None:
    extractor, rng = default_extractor_path().read_bytes(), np.random.default_rng(0)
    embeddings = np.concatenate([outputs(extractor, spots(n % 3, rng)) for n in range(24)])
    head = fit_head(embeddings, np.arange(24) % 3, 3, rng=rng).head
    form = explaining_form(append_head(extractor, head))
    errors, spreads = [], []
    for number in range(12):
        _, *further = outputs(form.model, spots(number % 3, rng))
        scores = logits(further, form.description)
        errors.append(abs(cells(further, form.description, 0, 1).sum() - (scores[0] - scores[1])))
        spreads.append(np.ptp(scores))
    assert np.mean(errors) <= 0.01 * np.mean(spreads)
    assert len(form.description.maps) >= 2


def test_the_last_map_of_mobilenet_is_found(shared_models: Path) -> None:
    extractor = shared_models / "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"
    model, _ = exported(extractor.read_bytes(), 1024)
    form = explaining_form(model)
    assert [one.shape for one in form.description.maps] == [(1, 7, 7, 1024)]
    assert (form.description.rows, form.description.columns) == (7, 7)


def test_a_thousand_classes_are_explained() -> None:
    extractor = default_extractor_path().read_bytes()
    (width,) = outputs(extractor, np.zeros((1, 144, 144, 3), np.uint8))[0].shape
    form = explaining_form(exported(extractor, width, 1000)[0])
    rng = np.random.default_rng(0)
    _, *further = outputs(form.model, spots(1, rng))
    scores, errors = logits(further, form.description), []
    for _ in range(50):
        winner, other = map(int, rng.choice(1000, 2, replace=False))
        errors.append(abs(cells(further, form.description, winner, other).sum() - (scores[winner] - scores[other])))
    assert np.mean(errors) <= 0.01 * np.ptp(scores)


@pytest.mark.parametrize("classes", [4, 1000])
def test_projections_behind_the_mean_are_explained_with_many_classes(classes: int) -> None:
    graph = GraphBuilder(32)
    embedding = projected_mean(graph)
    model, _ = exported(graph.extractor(embedding), 6, classes)
    form = explaining_form(model)
    probabilities, *further = outputs(form.model, picture(32))
    found = cells(further, form.description, classes - 1, 0)
    assert found.sum() == pytest.approx(np.log(probabilities[classes - 1] / probabilities[0]), abs=2e-4)


def max_pooled(g: GraphBuilder) -> int:
    return g.flat(g.pool(g.convolution(g.image, 8, kernel=3, stride=4), 8, "MAX_POOL_2D"))


def rectified_behind_the_mean(g: GraphBuilder) -> int:
    return g.flat(g.convolution(g.mean(g.convolution(g.image, 8, kernel=3, stride=4)), 6, activation=RELU6))


def normalised(g: GraphBuilder) -> int:
    x = g.flat(g.mean(g.convolution(g.image, 8, kernel=3, stride=4)))
    return g.add("L2_NORMALIZATION", [x], g.shapes[x], "L2NormOptions")


def partly_not_linear(g: GraphBuilder) -> int:
    x = g.mean(g.convolution(g.image, 8, kernel=3, stride=4))
    return g.flat(g.concatenation([x, g.convolution(x, 6, activation=RELU6)]))


@pytest.mark.parametrize("shape", [max_pooled, rectified_behind_the_mean, normalised, partly_not_linear])
def test_a_step_that_is_not_linear_has_no_form(shape: Callable[[GraphBuilder], int]) -> None:
    with pytest.raises(NotExplainable, match=r"^the model has a step that is not linear after its last maps: "):
        form_of(shape)


def scaled_again_and_again(g: GraphBuilder) -> int:
    """Hundreds of scaled means: each needs weights of its own on the way back."""
    x = g.convolution(g.image, 256, kernel=3, stride=8)
    total = g.mean(x)
    for _ in range(400):
        scaled = g.add("MUL", [g.mean(x), g.constant(np.full(256, 0.5))], g.shapes[total], "MulOptions")
        total = g.add("ADD", [total, scaled], g.shapes[total], "AddOptions")
    return g.flat(total)


def test_a_graph_that_would_need_gigabytes_is_refused_early() -> None:
    graph = GraphBuilder(32)
    embedding = scaled_again_and_again(graph)
    model, _ = exported(graph.extractor(embedding), 256, 1000)
    tracemalloc.start()
    try:
        with pytest.raises(NotExplainable) as refused:
            explaining_form(model)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(refused.value) in (
        "the model has too many maps",
        "the model is too large between its last maps and its answers",
    )
    assert peak < 250 << 20


@pytest.mark.parametrize(("maps", "explained"), [(64, True), (65, False)])
def test_a_model_with_more_maps_than_any_sound_one_has_no_form(maps: int, explained: bool) -> None:
    def many_maps(g: GraphBuilder) -> int:
        layers = [g.convolution(g.image, 1, stride=4) for _ in range(maps)]
        return g.flat(g.concatenation([g.mean(one) for one in layers]))

    if explained:
        assert len(form_of(many_maps, px=8)[2].maps) == maps
    else:
        with pytest.raises(NotExplainable, match=r"^the model has too many maps$"):
            form_of(many_maps, px=8)


def test_a_model_without_a_head_has_no_form() -> None:
    with pytest.raises(NotExplainable) as refused:
        explaining_form(tiny_extractor())
    assert str(refused.value) == "the model does not end in a softmax"


def test_a_compiled_model_has_no_form(shared_models: Path) -> None:
    compiled = (shared_models / "mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu.tflite").read_bytes()
    with pytest.raises(NotExplainable):
        explaining_form(exported(compiled, 1024)[0])


def test_damaged_files_have_no_form() -> None:
    """Cut short, or with any four bytes replaced: it is refused, or still explained, but nothing else happens."""
    model, _, _ = form_of(joined_means)
    rng = np.random.default_rng(0)
    for length in (0, 7, 8, 64, len(model) // 2):
        with pytest.raises(NotExplainable):
            explaining_form(model[:length])
    for place in rng.integers(0, len(model) - 4, 150):
        damaged = bytearray(model)
        damaged[place : place + 4] = rng.bytes(4)
        try:
            explaining_form(bytes(damaged))
        except NotExplainable:
            continue
