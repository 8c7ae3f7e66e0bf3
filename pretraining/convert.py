"""From a checkpoint to the shipped file: fold batch norms, add the projection, quantize to full integer."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pretraining.network import EMBEDDING, INPUT_PX, LAYERS, TAPS, Backbone, Trainee
from pretraining.train import TARGETS
from pretraining.world import World

logger = logging.getLogger(__name__)

FITTING_PICTURES = 1024
CALIBRATION_PICTURES = 256
FloatArray = NDArray[np.float32]


def convert(checkpoint: Path, out: Path, *, seed: int) -> None:
    """Write the extractor: uint8 (1, 96, 96, 3) in, uint8 (1, 256) out, integer operators only."""
    import tensorflow as tf

    trainee = Trainee(TARGETS)
    trainee.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    backbone = trainee.backbone.eval()
    pictures = _pictures(seed)
    weights, bias = projection(_features(backbone, pictures))
    model = _keras_twin(tf, backbone, weights, bias)

    def calibration():  # type: ignore[no-untyped-def]
        extremes = np.where(np.arange(INPUT_PX) % 2, 255, 0).astype(np.uint8)
        black_and_white = np.broadcast_to(extremes[:, None, None], pictures[0].shape)
        for picture in (black_and_white, *pictures[:CALIBRATION_PICTURES]):
            yield [_scaled(picture)[np.newaxis]]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(converter.convert())
    logger.info("wrote %s, %d bytes", out, out.stat().st_size)


def projection(features: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Standardise, rotate to principal axes, scale by eigenvalue^−0.25: as one matrix (F, E) and a bias (E,)."""
    mean, deviation = features.mean(0), features.std(0) + 1e-3
    _, values, axes = np.linalg.svd((features - mean) / deviation, full_matrices=False)
    eigenvalues = values[:EMBEDDING] ** 2 / len(features)
    weights = (axes[:EMBEDDING].T * (eigenvalues + 1e-3) ** -0.25) / deviation[:, None]
    return weights.astype(np.float32), (-mean @ weights).astype(np.float32)


def _pictures(seed: int) -> NDArray[np.uint8]:
    world = World(np.random.default_rng([seed, 2]), 300)
    return np.concatenate([world.batch(128, INPUT_PX).pictures for _ in range(FITTING_PICTURES // 256)])


def _scaled(pictures: NDArray[np.uint8]) -> FloatArray:
    return (pictures.astype(np.float32) / 127.5 - 1).astype(np.float32)


def _features(backbone: Backbone, pictures: NDArray[np.uint8]) -> FloatArray:
    with torch.no_grad():
        x = torch.from_numpy(_scaled(pictures)).permute(0, 3, 1, 2)
        return np.concatenate([backbone(part).numpy() for part in x.split(128)])


def _keras_twin(tf, backbone: Backbone, weights: FloatArray, bias: FloatArray):  # type: ignore[no-untyped-def]
    def convolved(x, convolution, norm, kernel: int, stride: int):  # type: ignore[no-untyped-def]
        gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().numpy()
        folded = convolution.weight.detach().numpy().transpose(2, 3, 1, 0) * gain
        offset = norm.bias.detach().numpy() - norm.running_mean.numpy() * gain
        twin = tf.keras.layers.Conv2D(len(gain), kernel, stride, "same")
        x = twin(x)
        twin.set_weights([folded, offset])
        return tf.keras.layers.ReLU(6.0)(x)

    inputs = tf.keras.Input((INPUT_PX, INPUT_PX, 3), batch_size=1)
    x, means = inputs, []
    for number, (layer, *parts) in enumerate(zip(LAYERS, backbone.convolutions, backbone.norms, strict=True)):
        x = convolved(x, *parts, layer.kernel, layer.stride)
        if number in TAPS:
            means.append(tf.keras.layers.GlobalAveragePooling2D()(x))
    colours = tf.keras.layers.AveragePooling2D(2)(inputs)
    for parts in zip(backbone.colour_convolutions, backbone.colour_norms, strict=True):
        colours = convolved(colours, *parts, 1, 1)
    means.append(tf.keras.layers.GlobalAveragePooling2D()(colours))
    dense = tf.keras.layers.Dense(len(bias))
    outputs = dense(tf.keras.layers.Concatenate()(means))
    dense.set_weights([weights, bias])
    return tf.keras.Model(inputs, outputs)
