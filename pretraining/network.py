"""The embedding extractor in torch: plain convolutions, branches for colours and surfaces, and global means."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Layer(NamedTuple):
    """One convolution: kernel size, stride, output channels, and whether only the deeper network has it."""

    kernel: int
    stride: int
    channels: int
    added: bool = False


LAYERS = (
    Layer(3, 2, 16),
    Layer(3, 2, 48),
    Layer(3, 2, 96),
    Layer(3, 1, 96),
    Layer(3, 1, 96, added=True),
    Layer(3, 2, 192),
    Layer(3, 1, 192),
    Layer(3, 1, 192, added=True),
    Layer(1, 1, 384),
)
TAPS = (2, 5, 8)  # layers whose means over the picture are the features
COLOUR_LAYERS = (24, 64)  # 1×1 convolutions on the picture at half size: soft colour bins that are learned
WORDS = {2: 128, 5: 192}  # 1×1 convolutions on the map of a layer: a learned dictionary of surfaces
PARTS = (*(LAYERS[tap].channels for tap in TAPS), COLOUR_LAYERS[-1], *WORDS.values())
FEATURES = sum(PARTS)
COLOURS = 3  # of a picture
TRAINED_PX = 96  # edge of the pictures to train on, and of the coarse look of the shipped extractor
INPUT_PX = 144  # edge of its pictures, and of its fine look, in which print can be read
FINE = (0, 1, 3, 4, 5)  # parts that are taken from the fine look: edges, colours and surfaces
COARSE = (1, 2)  # parts that are taken from the coarse look: shapes
GREYED = 0.5  # share of a grey-world correction: the power of the ratio of two means
DARKEST = 0.02  # is added to the means, so that the gains of dark pictures stay near 1


def balanced(x: Tensor) -> Tensor:
    """Move the mean colour of pictures half way to grey, as white balance does; what gets brighter than white is white.

    Each channel is multiplied by √(mean of all channels / mean of the channel). (N, 3, S, S) in −1..1 → the same.
    Source: Buchsbaum 1980, the grey-world assumption.
    """
    bright = (x + 1) / 2
    means = bright.mean((2, 3), keepdim=True) + DARKEST
    gains = (means.mean(1, keepdim=True) / means) ** GREYED
    return 2 * (bright * gains).clamp(max=1) - 1


def padded(x: Tensor, layer: Layer) -> Tensor:
    """Pad a map of even size before a layer, as TensorFlow does with "same": a picture with black, a map with 0."""
    if layer.kernel == 1:
        return x
    return F.pad(x, (0, 1, 0, 1) if layer.stride == 2 else (1, 1, 1, 1), value=-1.0 if x.shape[1] == COLOURS else 0.0)


def centre_line(edge: int) -> Tensor:
    """Weights (edge,) that sum to 1 and decrease linearly from the middle to 1 / (edge / 2) of it at both ends."""
    side = torch.tensor([min(place + 1, edge - place) for place in range(edge)], dtype=torch.float32)
    return side / side.sum()


def centre_window(edge: int) -> Tensor:
    """Weights (edge, edge) that sum to 1: the product of `centre_line` in both directions."""
    return torch.outer(centre_line(edge), centre_line(edge))


def centred_mean(x: Tensor) -> Tensor:
    """Mean over the picture with most weight on its middle: (N, C, S, S) → (N, C)."""
    return x.flatten(2) @ centre_window(x.shape[-1]).to(x).flatten()


class Backbone(nn.Module):
    """Pictures (N, 3, S, S) in −1..1 → features (N, FEATURES).

    Args:
        deep: With the layers that are added once the others know something: from nothing, a deep plain network does
            not learn in this time.
    """

    def __init__(self, *, deep: bool = True) -> None:
        super().__init__()
        self._numbers = [number for number, layer in enumerate(LAYERS) if deep or not layer.added]
        channels = 3
        convolutions, norms = [], []
        for layer in (LAYERS[number] for number in self._numbers):
            convolutions.append(nn.Conv2d(channels, layer.channels, layer.kernel, layer.stride, bias=False))
            norms.append(nn.BatchNorm2d(layer.channels))
            channels = layer.channels
        self.convolutions = nn.ModuleList(convolutions)
        self.norms = nn.ModuleList(norms)
        sizes = (3, *COLOUR_LAYERS)
        self.colour_convolutions = nn.ModuleList(nn.Conv2d(a, b, 1, bias=False) for a, b in pairwise(sizes))
        self.colour_norms = nn.ModuleList(nn.BatchNorm2d(channels) for channels in COLOUR_LAYERS)
        self.word_convolutions = nn.ModuleList(
            nn.Conv2d(LAYERS[number].channels, words, 1, bias=False) for number, words in WORDS.items()
        )
        self.word_norms = nn.ModuleList(nn.BatchNorm2d(words) for words in WORDS.values())

    def layers(self) -> Iterator[tuple[int, Layer, nn.Conv2d, nn.BatchNorm2d]]:
        """Number, form, convolution and norm of each layer, in order."""
        for number, convolution, norm in zip(self._numbers, self.convolutions, self.norms, strict=True):
            yield number, LAYERS[number], convolution, norm

    def dictionary(self, number: int) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
        """Convolution and norm of the dictionary of a layer in WORDS."""
        place = list(WORDS).index(number)
        return self.word_convolutions[place], self.word_norms[place]

    def forward(self, x: Tensor) -> Tensor:
        """Means over the picture: plain ones of the last tap, which sees all of it from everywhere, and weighted
        ones of the others, to which the rim is mostly background.
        """
        means, words = [], []
        x = balanced(x)
        colours = F.avg_pool2d(x, 2)
        for convolution, norm in zip(self.colour_convolutions, self.colour_norms, strict=True):
            colours = F.relu6(norm(convolution(colours)))
        for number, layer, convolution, norm in self.layers():
            x = F.relu6(norm(convolution(padded(x, layer))))
            if number in TAPS:
                means.append(x.mean((2, 3)) if number == TAPS[-1] else centred_mean(x))
            if number in WORDS:
                dictionary, own_norm = self.dictionary(number)
                words.append(centred_mean(F.relu6(own_norm(dictionary(x)))))
        return torch.cat([*means, centred_mean(colours), *words], 1)


class Trainee(nn.Module):
    """The backbone with the two heads of the training: one predicts descriptors, one is contrastive.

    Args:
        targets: How many values describe a picture.
        deep: See `Backbone`.
    """

    def __init__(self, targets: int, *, deep: bool = True) -> None:
        super().__init__()
        self.backbone = Backbone(deep=deep)
        self.norm = nn.BatchNorm1d(FEATURES)
        self.describe = nn.Sequential(nn.Linear(FEATURES, 512), nn.ReLU(), nn.Linear(512, targets))
        self.project = nn.Sequential(nn.Linear(FEATURES, 256), nn.ReLU(), nn.Linear(256, 128))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.norm(self.backbone(x))
        return self.describe(features), self.project(features)
