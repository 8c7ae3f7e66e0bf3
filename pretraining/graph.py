"""The network in Keras, as it is converted: white balance, two looks at the picture, projections and weighted means.

Both looks have the same weights. The fine look, at 144 pixels, sees print and surfaces. The coarse look, at 96 pixels,
sees shapes at the size at which the network was trained. No operator makes the smaller picture: the first convolution
of the coarse look reads the large one with steps of three pixels, which is the mean over areas of 1.5 × 1.5 pixels and
then the convolution with steps of two (`widened`).

A projection standardises the features of a part, rotates them to their principal axes and whitens them mildly; it is
fitted on rendered pictures. It is a 1×1 convolution before the mean over the picture. A mean and a linear map commute,
and this order is more precise: the projection reads activations that use all 8 bits, and the rounding of its outputs
averages out over the picture. After the mean, it would amplify the rounding of 8-bit means. The large map of the
colours is averaged in blocks first. Whitening raises values that vary little above the rounding of the output.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pretraining.network import COARSE, COLOURS, FINE, INPUT_PX, PARTS, TAPS, WORDS, Backbone, centre_line
from pretraining.white_balance import fitted_gains

PART_SIZES = (64, 128, 384, 48, 48, 64)  # values for layers 2, 5 and 8, for the colours and for both dictionaries
VALUES = sum(PART_SIZES[part] for part in (*FINE, *COARSE))  # of an embedding
WHITENED = 0.25  # axes are divided by eigenvalue^WHITENED: 0 changes nothing, 0.5 gives all unit variance
LAST, COLOUR_MAP = len(TAPS) - 1, len(TAPS)  # numbers of parts
FloatArray = NDArray[np.float32]


def projection(features: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    """Standardise, rotate to the first `size` principal axes, whiten mildly: (F, size) and (size,)."""
    mean, deviation = features.mean(0), features.std(0) + 1e-3
    _, values, axes = np.linalg.svd((features - mean) / deviation, full_matrices=False)
    eigenvalues = values[:size] ** 2 / len(features)
    weights = (axes[:size].T / (eigenvalues + 1e-3) ** WHITENED) / deviation[:, None]
    return weights.astype(np.float32), (-mean @ weights).astype(np.float32)


def widened(weights: FloatArray) -> FloatArray:
    """Turn a 3×3 kernel for steps of two, on a picture of two thirds of the size, into a 7×7 kernel for steps of three.

    The first two rows and columns are 0: so "same" padding adds black only at the lower and right edge, as in training.
    An edge of black at the other sides cost twelve points on pictures of hands that were blurred by motion.

    Args:
        weights: (3, 3, in, out).

    Returns:
        (7, 7, in, out): the small picture consists of means over 1.5 × 1.5 pixels of the large one.
    """
    means = np.array([[0, 0, 0], [0, 0, 0], [2, 0, 0], [1, 1, 0], [0, 2, 0], [0, 0, 2], [0, 0, 1]], np.float32) / 3
    return np.einsum("ap,bq,pqio->abio", means, means, weights).astype(np.float32)


def keras_model(backbone: Backbone, fine: FloatArray, coarse: FloatArray):  # type: ignore[no-untyped-def]
    """Build the model: pictures (1, INPUT_PX, INPUT_PX, 3) in 0..1 → (1, VALUES).

    Black padding and gains are simple in 0..1; the network in torch has its pictures in −1..1.

    Args:
        backbone: The network, in evaluation mode.
        fine, coarse: Features of the same pictures in both sizes, (N, FEATURES), to fit the projections on.
    """
    import tensorflow as tf

    layers = _Layers(tf.keras.layers)
    inputs = tf.keras.Input((INPUT_PX, INPUT_PX, COLOURS), batch_size=1)
    gains = fitted_gains()
    means = layers.keras.GlobalAveragePooling2D(keepdims=True)(inputs)
    multiplied = layers.keras.Multiply()(
        [inputs, layers.linear(layers.linear(means, *gains.first, "relu"), *gains.second)]
    )
    clipped = layers.keras.Lambda(lambda x: tf.minimum(tf.maximum(x, -1.0), 1.0))  # RELU_N1_TO_1 of the product
    picture = clipped(multiplied)
    maps = layers.maps(backbone, picture)
    far = layers.maps(backbone, picture, only_shapes=True)
    values = []
    for own, parts, features in ((maps, FINE, fine), (far, COARSE, coarse)):
        of_parts = np.split(features, np.cumsum(PARTS)[:-1], axis=1)
        for part in parts:
            x = own[part]
            block = max(1, x.shape[1] // own[0].shape[1])
            blocks = layers.pooled(x, block) if block > 1 else x
            projected = layers.linear(blocks, *projection(of_parts[part], PART_SIZES[part]))
            if part == LAST:
                values.append(layers.keras.GlobalAveragePooling2D(keepdims=True)(projected))
                continue
            line = centre_line(x.shape[1]).numpy().reshape(-1, block).sum(1)
            values.append(layers.weighted(layers.weighted(projected, line[:, np.newaxis]), line[np.newaxis]))
    return tf.keras.Model(inputs, layers.keras.Reshape((VALUES,))(layers.keras.Concatenate()(values)))


class _Layers:
    """Makes layers with given weights. A convolution of the network becomes one layer, which both looks share."""

    def __init__(self, keras: Any) -> None:
        self.keras = keras
        self._shared: dict[int, Any] = {}

    def maps(self, backbone: Backbone, picture: Any, *, only_shapes: bool = False) -> dict[int, Any]:
        """The maps of a look at the picture, by part; for the coarse look only those of the layers."""
        maps: dict[int, Any] = {}
        x = picture
        for number, layer, convolution, norm in backbone.layers():
            last_of_fine = not only_shapes and number > max(WORDS)
            if last_of_fine:
                break
            if number == 0 and only_shapes:
                x = self._first_of_coarse(x, convolution, norm)
            else:
                x = self._convolved(x, convolution, norm, layer.kernel, layer.stride)
            if number in TAPS:
                maps[TAPS.index(number)] = x
            if number in WORDS and not only_shapes:
                maps[COLOUR_MAP + 1 + list(WORDS).index(number)] = self._convolved(
                    x, *backbone.dictionary(number), 1, 1
                )
        if not only_shapes:
            colours = self.pooled(picture, 2)
            for both in zip(backbone.colour_convolutions, backbone.colour_norms, strict=True):
                colours = self._convolved(colours, *both, 1, 1)
            maps[COLOUR_MAP] = colours
        return maps

    def pooled(self, x: Any, edge: int) -> Any:
        """Means of blocks; as a depthwise convolution they take half the time of AVERAGE_POOL_2D."""
        layer = self.keras.DepthwiseConv2D(edge, edge, use_bias=False)
        means = layer(x)
        layer.set_weights([np.full((edge, edge, x.shape[-1], 1), 1 / edge**2, np.float32)])
        return means

    def linear(self, x: Any, weights: FloatArray, biases: FloatArray, activation: str | None = None) -> Any:
        """A 1×1 convolution."""
        layer = self.keras.Conv2D(weights.shape[1], 1, activation=activation)
        projected = layer(x)
        layer.set_weights([weights[np.newaxis, np.newaxis], biases])
        return projected

    def weighted(self, x: Any, weights: FloatArray) -> Any:
        """A weighted mean along one side of the map: the interpreter has no fast kernel for both sides at once."""
        layer = self.keras.DepthwiseConv2D(weights.shape, use_bias=False)
        mean = layer(x)
        layer.set_weights([np.broadcast_to(weights[:, :, np.newaxis, np.newaxis], (*weights.shape, x.shape[-1], 1))])
        return mean

    def _convolved(self, x: Any, convolution: nn.Conv2d, norm: nn.BatchNorm2d, kernel: int, stride: int) -> Any:
        if id(convolution) not in self._shared:
            layer = self.keras.Conv2D(convolution.out_channels, kernel, stride, "same")
            layer.build(x.shape)
            layer.set_weights(_folded(convolution, norm))
            self._shared[id(convolution)] = layer
        return self.keras.ReLU(6.0)(self._shared[id(convolution)](x))

    def _first_of_coarse(self, x: Any, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> Any:
        weights, offset = _folded(convolution, norm)
        layer = self.keras.Conv2D(len(offset), 7, 3, "same")
        x = layer(x)
        layer.set_weights([widened(weights), offset])
        return self.keras.ReLU(6.0)(x)


def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[FloatArray, FloatArray]:
    """Weights (kernel, kernel, in, out) and biases of a convolution and its norm, for pictures in 0..1."""
    gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().numpy()
    weights = convolution.weight.detach().numpy().transpose(2, 3, 1, 0) * gain
    offset = norm.bias.detach().numpy() - norm.running_mean.numpy() * gain
    if weights.shape[2] == COLOURS:  # 2·W·x + b − ΣW
        weights, offset = 2 * weights, offset - weights.sum((0, 1, 2))
    return weights.astype(np.float32), offset.astype(np.float32)
