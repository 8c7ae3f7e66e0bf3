"""Convert a checkpoint to the shipped file: fold the batch norms, add the projections, quantise to full integer.

A projection standardises the features of a tap, rotates them to their principal axes and whitens them mildly; it is
fitted on rendered pictures. It is a 1×1 convolution before the mean over the picture. A mean and a linear map commute,
and this order is more precise: the projection reads activations that use all 8 bits, and the rounding of its outputs
averages out over the picture. After the mean, it would amplify the rounding of 8-bit means. The large map of the
colours is averaged in blocks first. Whitening raises values that vary little above the rounding of the output. A
weighted mean is a depthwise convolution as large as the map.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pretraining.network import COLOURS, INPUT_PX, PARTS, TAPS, WORDS, Backbone, Trainee, centre_line
from pretraining.restore import restored
from pretraining.targets import TARGETS
from pretraining.white_balance import fitted_gains
from pretraining.world import VIEWS, World

logger = logging.getLogger(__name__)

PART_SIZES = (64, 128, 384, 48, 48, 64)  # values for layers 2, 5 and 8, for the colours and for both dictionaries
THINGS = 128  # per batch
CALIBRATION_PICTURES = 256
WHITENED = 0.25  # axes are divided by eigenvalue^WHITENED: 0 changes nothing, 0.5 gives all unit variance
OF_START = 1 / 3  # share of the weights from before the round in the average of both
FloatArray = NDArray[np.float32]


def convert(
    checkpoint: Path,
    out: Path,
    *,
    seed: int,
    start: Path | None = None,
    float_out: Path | None = None,
    pictures: int = 2048,
) -> None:
    """Write the extractor: uint8 (1, 96, 96, 3) in, uint8 (1, sum(PART_SIZES)) out, integer operators only.

    Args:
        checkpoint: The checkpoint that `train` wrote.
        out: The file to write.
        seed: Seed of the rendered pictures on which projections and ranges are fitted.
        start: The converted extractor from which the training started; the written weights are an average of both
            networks, which is better than either. None averages nothing. Source: Wortsman et al. 2022.
        pictures: Number of pictures to fit the projections on.
        float_out: File for the same network in float32, to measure the cost of quantisation; None writes none.
    """
    import tensorflow as tf

    trainee = Trainee(TARGETS, deep=start is not None)
    trainee.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    backbone = trainee.backbone.eval()
    if start is not None:
        bring_back(backbone, restored(start, seed=seed), OF_START)
    world = World(np.random.default_rng([seed, 2]), min(300, pictures // 4))
    batches = (world.batch(THINGS, INPUT_PX, of_one_kind=0) for _ in range(0, pictures, VIEWS * THINGS))
    rendered = np.concatenate([batch.pictures for batch in batches])
    settle_norms(backbone, rendered)
    model = _keras_model(tf, backbone, _features(backbone, rendered))

    def calibration():  # type: ignore[no-untyped-def]
        extremes = np.where(np.arange(INPUT_PX) % 2, 255, 0).astype(np.uint8)
        black_and_white = np.broadcast_to(extremes[:, None, None], rendered[0].shape)
        for picture in (black_and_white, *rendered[:CALIBRATION_PICTURES]):
            yield [picture[np.newaxis].astype(np.float32) / 255]

    if float_out is not None:
        _write(float_out, tf.lite.TFLiteConverter.from_keras_model(model).convert())
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    _write(out, converter.convert())
    logger.info("wrote %s, %d bytes", out, out.stat().st_size)


def _write(out: Path, file: bytes) -> None:
    """Write a file completely or not at all, so that nothing reads half a file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".partial")
    partial.write_bytes(file)
    partial.replace(out)


def bring_back(backbone: Backbone, other: Backbone, share: float) -> None:
    """Average the weights of two networks; `share` is that of the other. Call `settle_norms` afterwards."""
    with torch.no_grad():
        for own, others in zip(backbone.parameters(), other.parameters(), strict=True):
            own.lerp_(others, share)


def settle_norms(backbone: Backbone, pictures: NDArray[np.uint8]) -> None:
    """Measure the statistics of the batch norms again: averaging weights does not average the statistics."""
    norms = [*backbone.norms, *backbone.colour_norms, *backbone.word_norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
    _features(backbone.train(), pictures)
    backbone.eval()


def projection(features: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    """Standardise, rotate to the first `size` principal axes, whiten mildly: (F, size) and (size,)."""
    mean, deviation = features.mean(0), features.std(0) + 1e-3
    _, values, axes = np.linalg.svd((features - mean) / deviation, full_matrices=False)
    eigenvalues = values[:size] ** 2 / len(features)
    weights = (axes[:size].T / (eigenvalues + 1e-3) ** WHITENED) / deviation[:, None]
    return weights.astype(np.float32), (-mean @ weights).astype(np.float32)


def _scaled(pictures: NDArray[np.uint8]) -> FloatArray:
    return (pictures.astype(np.float32) / 127.5 - 1).astype(np.float32)


def _features(backbone: Backbone, pictures: NDArray[np.uint8]) -> FloatArray:
    with torch.no_grad():
        x = torch.from_numpy(_scaled(pictures)).permute(0, 3, 1, 2)
        return np.concatenate([backbone(part).numpy() for part in x.split(128)])


def _keras_model(tf, backbone: Backbone, features: FloatArray, size_px: int = INPUT_PX):  # type: ignore[no-untyped-def]
    """The network in Keras. Its input is in 0..1, because black padding and gains are simple there."""
    keras = tf.keras.layers

    def convolved(x, convolution, norm, kernel: int, stride: int):  # type: ignore[no-untyped-def]
        gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().numpy()
        folded = convolution.weight.detach().numpy().transpose(2, 3, 1, 0) * gain
        offset = norm.bias.detach().numpy() - norm.running_mean.numpy() * gain
        if folded.shape[2] == COLOURS:  # the network in torch has its pictures in −1..1: 2·W·x + b − ΣW
            folded, offset = 2 * folded, offset - folded.sum((0, 1, 2))
        layer = keras.Conv2D(len(gain), kernel, stride, "same")
        x = layer(x)
        layer.set_weights([folded, offset])
        return keras.ReLU(6.0)(x)

    def pooled(x, edge: int):  # type: ignore[no-untyped-def]
        """Means of blocks; as a depthwise convolution they take half the time of AVERAGE_POOL_2D."""
        layer = keras.DepthwiseConv2D(edge, edge, use_bias=False)
        pooled_map = layer(x)
        layer.set_weights([np.full((edge, edge, x.shape[-1], 1), 1 / edge**2, np.float32)])
        return pooled_map

    def linear(x, weights: FloatArray, biases: FloatArray, activation: str | None = None):  # type: ignore[no-untyped-def]
        layer = keras.Conv2D(weights.shape[1], 1, activation=activation)
        projected = layer(x)
        layer.set_weights([weights[np.newaxis, np.newaxis], biases])
        return projected

    def weighted(x, weights: FloatArray):  # type: ignore[no-untyped-def]
        """Weighted mean along one side of the map: the interpreter has no fast kernel for both sides at once."""
        layer = keras.DepthwiseConv2D(weights.shape, use_bias=False)
        mean = layer(x)
        layer.set_weights([np.broadcast_to(weights[:, :, np.newaxis, np.newaxis], (*weights.shape, x.shape[-1], 1))])
        return mean

    inputs = tf.keras.Input((size_px, size_px, COLOURS), batch_size=1)
    gains = fitted_gains()
    means = keras.GlobalAveragePooling2D(keepdims=True)(inputs)
    multiplied = keras.Multiply()([inputs, linear(linear(means, *gains.first, "relu"), *gains.second)])
    clipped = keras.Lambda(lambda x: tf.minimum(tf.maximum(x, -1.0), 1.0))  # becomes RELU_N1_TO_1 of the product
    picture = clipped(multiplied)
    x, maps, words = picture, [], []
    for number, layer, convolution, norm in backbone.layers():
        x = convolved(x, convolution, norm, layer.kernel, layer.stride)
        if number in TAPS:
            maps.append(x)
        if number in WORDS:
            words.append(convolved(x, *backbone.dictionary(number), 1, 1))
    colours = pooled(picture, 2)
    for parts in zip(backbone.colour_convolutions, backbone.colour_norms, strict=True):
        colours = convolved(colours, *parts, 1, 1)
    maps += [colours, *words]
    ends = np.cumsum(PARTS)[:-1]
    values = []
    for part, own, size in zip(maps, np.split(features, ends, axis=1), PART_SIZES, strict=True):
        block = max(1, part.shape[1] // maps[0].shape[1])
        projected = linear(pooled(part, block) if block > 1 else part, *projection(own, size))
        if part is maps[len(TAPS) - 1]:
            values.append(keras.GlobalAveragePooling2D(keepdims=True)(projected))
            continue
        line = centre_line(part.shape[1]).numpy().reshape(-1, block).sum(1)
        values.append(weighted(weighted(projected, line[:, np.newaxis]), line[np.newaxis]))
    return tf.keras.Model(inputs, keras.Reshape((sum(PART_SIZES),))(keras.Concatenate()(values)))
