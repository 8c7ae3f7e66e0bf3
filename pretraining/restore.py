"""Restore a trainable network from a converted file: its 8-bit weights, with batch norms again.

Conversion folded each convolution and its batch norm into one convolution W', b'. To train further, any norm will do
that computes W'x + b' again. Here its statistics are those of W'x over rendered pictures, its gain is their standard
deviation, and its offset is their mean + b': the function of the file, with norms that fit their inputs.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from pretraining.network import COLOURS, TRAINED_PX, WORDS, Backbone, balanced, padded
from pretraining.world import World

logger = logging.getLogger(__name__)

THINGS = 128  # per batch, to measure the statistics on
WIDE = 7  # kernel of the coarse look's first convolution, which `convert.widened` made from that of the fine look
ANOTHER = "Start from an extractor of this recipe."
FloatArray = NDArray[np.float32]
Shape = tuple[int, ...]
Folded = dict[Shape, list[tuple[FloatArray, FloatArray]]]
_RELU6 = schema.ActivationFunctionType.RELU6


def restored(path: Path, *, seed: int) -> Backbone:
    """Restore the backbone of an extractor that `convert` wrote, except for the rounding of its weights.

    Layers that the file of the shallower network lacks are added so that they change nothing at first.

    Args:
        path: The `.tflite` file.
        seed: Seed of the pictures on which the statistics of the norms are measured.

    Raises:
        ValueError: If the file holds another network.
    """
    folded = folded_convolutions(path)
    pictures = World(np.random.default_rng([seed, 3]), THINGS).batch(THINGS, TRAINED_PX, of_one_kind=0).pictures
    backbone = Backbone()
    with torch.no_grad():
        x = balanced(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1)
        colours = F.avg_pool2d(x, 2)
        for convolution, norm in zip(backbone.colour_convolutions, backbone.colour_norms, strict=True):
            colours = _opened(convolution, norm, folded, colours)
        for number, layer, convolution, norm in backbone.layers():
            x = _opened(convolution, norm, folded, padded(x, layer), added=layer.added)
            if number in WORDS:
                _opened(*backbone.dictionary(number), folded, x)
    if left := [shape for shape, own in folded.items() if own]:
        raise ValueError(f"the file has one more convolution of shape {left[0]}. {ANOTHER}")
    return backbone.eval()


def folded_convolutions(path: Path) -> Folded:
    """Weights and biases of every convolution with ReLU6, by the shape of its weights in torch.

    Convolutions of one shape are in the order in which they run.

    Weights are float32 (out, in, height, width), biases (out,): integers times their scales (TensorFlow Lite's
    8-bit quantization specification, one scale a channel, zero point 0). They are for pictures in −1..1; those of files
    whose pictures are in 0..1, with the least byte for black, are converted.
    """
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    graph = model.subgraphs[0]
    found: Folded = {}
    seen: list[FloatArray] = []

    def values(number: int, kind: type[np.generic]) -> FloatArray:
        tensor = graph.tensors[number]
        whole = np.frombuffer(bytes(model.buffers[tensor.buffer].data), kind).reshape(tensor.shape)
        scales = np.asarray(tensor.quantization.scale, np.float32)
        return (whole * scales.reshape(-1, *[1] * (whole.ndim - 1))).astype(np.float32)

    for operator in graph.operators:
        options = operator.builtinOptions
        if isinstance(options, schema.Conv2DOptionsT) and options.fusedActivationFunction == _RELU6:
            weights, biases = values(operator.inputs[1], np.int8), values(operator.inputs[2], np.int32)
            if weights.shape[1] == WIDE or any(np.array_equal(weights, one) for one in seen):
                continue  # the other look at the picture: the same weights again
            seen.append(weights)
            from_black = int(graph.tensors[operator.inputs[0]].quantization.zeroPoint[0]) == -128
            if weights.shape[-1] == COLOURS and from_black:
                weights, biases = weights / 2, biases + weights.sum((1, 2, 3)) / 2
            own = np.ascontiguousarray(weights.transpose(0, 3, 1, 2)), biases
            found.setdefault(own[0].shape, []).append(own)
    return found


def _opened(convolution: nn.Conv2d, norm: nn.BatchNorm2d, folded: Folded, x: Tensor, *, added: bool = False) -> Tensor:
    """Load the next folded convolution of that shape and return its map; a missing `added` one is the identity."""
    shape = tuple(convolution.weight.shape)
    if folded.get(shape):
        weights, biases = folded[shape].pop(0)
    elif added:  # Net2DeeperNet (Chen et al. 2016): ReLU6 of a map that passed ReLU6 changes nothing
        weights, biases = nn.init.dirac_(torch.empty(shape)).numpy(), np.zeros(len(norm.bias), np.float32)
        logger.info("a layer of shape %s is added", shape)
    else:
        raise ValueError(f"the file has no convolution of shape {shape}, or one too few. {ANOTHER}")
    convolution.weight.copy_(torch.from_numpy(weights))
    x = convolution(x)
    variance, mean = torch.var_mean(x, (0, 2, 3), correction=0)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_(torch.sqrt(variance + norm.eps))
    norm.bias.copy_(mean + torch.from_numpy(biases))
    return F.relu6(norm.eval()(x))
