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

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pretraining.graph import keras_model
from pretraining.network import (
    INPUT_PX,
    TRAINED_PX,
    Backbone,
    Trainee,
)
from pretraining.restore import restored
from pretraining.targets import TARGETS
from pretraining.world import VIEWS, World

logger = logging.getLogger(__name__)

THINGS = 128  # per batch
OF_NORMS, AT_ONCE = 128, 16  # pictures that pass through the network together: for statistics, and fastest on one core
CALIBRATION_SHARE = 1 / 8  # of the pictures: the ranges of activations are measured on these
OF_START = 1 / 2  # share of the weights from before the round in the average of both
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
    """Write the extractor: uint8 (1, INPUT_PX, INPUT_PX, 3) in, uint8 (1, VALUES) out, integer operators only.

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
    coarse = np.stack([cv2.resize(one, (TRAINED_PX, TRAINED_PX), interpolation=cv2.INTER_AREA) for one in rendered])
    settle_norms(backbone, coarse)
    model = keras_model(backbone, _features(backbone, rendered), _features(backbone, coarse))

    def calibration():  # type: ignore[no-untyped-def]
        extremes = np.where(np.arange(INPUT_PX) % 2, 255, 0).astype(np.uint8)
        black_and_white = np.broadcast_to(extremes[:, None, None], rendered[0].shape)
        for picture in (black_and_white, *rendered[: round(CALIBRATION_SHARE * len(rendered))]):
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
    _features(backbone.train(), pictures, OF_NORMS)
    backbone.eval()


def _scaled(pictures: NDArray[np.uint8]) -> FloatArray:
    return (pictures.astype(np.float32) / 127.5 - 1).astype(np.float32)


def _features(backbone: Backbone, pictures: NDArray[np.uint8], at_once: int = AT_ONCE) -> FloatArray:
    with torch.no_grad():
        x = torch.from_numpy(_scaled(pictures)).permute(0, 3, 1, 2)
        return np.concatenate([backbone(part).numpy() for part in x.split(at_once)])
