"""From a checkpoint to the shipped file: fold batch norms, add the projections, quantize to full integer.

Each tap gets a 1×1 convolution before its mean over the picture: standardise, rotate to principal axes, whiten
mildly, fitted on rendered pictures. A mean and a linear map may change places (the large map of the colours is first
averaged in blocks, to all places of which its mean gives one weight), and this order keeps the precision: the map sees
activations that fill their 8 bits, and the rounding of its outputs averages out over the picture, while a map of 8-bit
means would multiply their rounding. Whitening brings values that vary little out of the output's rounding. A weighted
mean is a depthwise convolution as large as the map.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pretraining.network import INPUT_PX, PARTS, TAPS, WORDS, Backbone, Trainee, centre_window
from pretraining.restore import restored
from pretraining.targets import TARGETS
from pretraining.world import VIEWS, World

logger = logging.getLogger(__name__)

PART_SIZES = (64, 128, 384, 48, 48, 64)  # values kept of layers 2, 5 and 8, of the colours and of both dictionaries
THINGS = 128  # a batch
CALIBRATION_PICTURES = 256
WHITENED = 0.25  # axes are divided by eigenvalue^this: 0 would leave them, 0.5 bring all to unit variance
OF_START = 1 / 3  # of the way back to the weights before the round
COARSE_PX = 12  # maps larger than this are averaged down to it before their projection
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
        checkpoint: What `train` left.
        out: The file to write.
        seed: Of the rendered pictures that fix projections and ranges.
        start: The converted extractor that training went on from; what is written lies between the weights of both,
            which is better than either (Wortsman et al. 2022). None leaves them as they are.
        pictures: How many are rendered to fit the projections.
        float_out: The same network in float32, to measure what the 8 bits cost; None writes none.
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
    model = _keras_twin(tf, backbone, _features(backbone, rendered))

    def calibration():  # type: ignore[no-untyped-def]
        extremes = np.where(np.arange(INPUT_PX) % 2, 255, 0).astype(np.uint8)
        black_and_white = np.broadcast_to(extremes[:, None, None], rendered[0].shape)
        for picture in (black_and_white, *rendered[:CALIBRATION_PICTURES]):
            yield [_scaled(picture)[np.newaxis]]

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
    """Whole or not at all: the next round, and the kiosk, would go on from half a file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".partial")
    partial.write_bytes(file)
    partial.replace(out)


def bring_back(backbone: Backbone, other: Backbone, share: float) -> None:
    """Bring every weight nearer to the other's by a share of the way; the norms' statistics are to be settled anew."""
    with torch.no_grad():
        for own, others in zip(backbone.parameters(), other.parameters(), strict=True):
            own.lerp_(others, share)


def settle_norms(backbone: Backbone, pictures: NDArray[np.uint8]) -> None:
    """Measure the batch norms' statistics anew: those of averaged weights are not the average of the statistics."""
    norms = [*backbone.norms, *backbone.colour_norms, *backbone.word_norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean of all batches
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


def _keras_twin(tf, backbone: Backbone, features: FloatArray):  # type: ignore[no-untyped-def]
    keras = tf.keras.layers

    def convolved(x, convolution, norm, kernel: int, stride: int):  # type: ignore[no-untyped-def]
        gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().numpy()
        folded = convolution.weight.detach().numpy().transpose(2, 3, 1, 0) * gain
        offset = norm.bias.detach().numpy() - norm.running_mean.numpy() * gain
        twin = keras.Conv2D(len(gain), kernel, stride, "same")
        x = twin(x)
        twin.set_weights([folded, offset])
        return keras.ReLU(6.0)(x)

    inputs = tf.keras.Input((INPUT_PX, INPUT_PX, 3), batch_size=1)
    x, maps, words = inputs, [], []
    for number, layer, convolution, norm in backbone.layers():
        x = convolved(x, convolution, norm, layer.kernel, layer.stride)
        if number in TAPS:
            maps.append(x)
        if number in WORDS:
            words.append(convolved(x, *backbone.dictionary(number), 1, 1))
    colours = keras.AveragePooling2D(2)(inputs)
    for parts in zip(backbone.colour_convolutions, backbone.colour_norms, strict=True):
        colours = convolved(colours, *parts, 1, 1)
    maps += [colours, *words]
    ends = np.cumsum(PARTS)[:-1]
    values = []
    for part, own, size in zip(maps, np.split(features, ends, axis=1), PART_SIZES, strict=True):
        weights, bias = projection(own, size)
        coarse = keras.AveragePooling2D(part.shape[1] // COARSE_PX)(part) if part.shape[1] > COARSE_PX else part
        twin = keras.Conv2D(size, 1)
        projected = twin(coarse)
        twin.set_weights([weights[np.newaxis, np.newaxis], bias])
        if part is maps[len(TAPS) - 1]:
            values.append(keras.GlobalAveragePooling2D(keepdims=True)(projected))
            continue
        edge = coarse.shape[1]
        window = keras.DepthwiseConv2D(edge, use_bias=False)
        values.append(window(projected))
        fine = centre_window(part.shape[1]).numpy()
        blocks = fine.reshape(edge, part.shape[1] // edge, edge, part.shape[1] // edge).sum((1, 3))
        window.set_weights([np.broadcast_to(blocks[:, :, np.newaxis, np.newaxis], (edge, edge, size, 1))])
    return tf.keras.Model(inputs, keras.Reshape((sum(PART_SIZES),))(keras.Concatenate()(values)))
