"""What the network learns to tell of a clean thing: outline, edges and colours, as plain numbers."""

from __future__ import annotations

import cv2
import numpy as np

from pretraining.textures import FloatImage

SIZE_PX = 64
ORIENTATIONS, CELLS = 9, 8
LEVELS = 16  # of each of red, green and blue, for the histogram
_COLOUR_CENTRES = np.stack(np.meshgrid(*[np.array([0.1, 0.37, 0.63, 0.9])] * 3), -1).reshape(-1, 3)


def describe(clean: FloatImage, mask: FloatImage) -> FloatImage:
    """Describe a clean thing.

    Args:
        clean: RGB in 0..1, (S, S, 3).
        mask: 1 inside, (S, S).

    Returns:
        float32 (1264,): edges of the mask (576) and of the luminance (576), soft colour histogram (64),
        colour layout 4×4×3 (48).
    """
    size = (SIZE_PX, SIZE_PX)
    small = cv2.resize(np.clip(clean, 0, 1), size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    on_grey = small * inside[..., None] + 0.5 * (1 - inside[..., None])
    grey = cv2.cvtColor(on_grey.astype(np.float32), cv2.COLOR_RGB2GRAY)
    layout = cv2.resize(on_grey, (4, 4), interpolation=cv2.INTER_AREA)
    parts = (
        _edges(inside),
        _edges(grey.astype(np.float32)),
        3 * np.sqrt(_colours(small, inside)),
        2 * layout.ravel(),
    )
    return np.concatenate(parts).astype(np.float32)


def _edges(grey: FloatImage) -> FloatImage:
    """Histogram of oriented gradients over 8×8 cells, each normalised by its surroundings (Dalal & Triggs)."""
    x, y = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3)
    strength = np.sqrt(x**2 + y**2)
    position = np.mod(np.arctan2(y, x), np.pi) / np.pi * ORIENTATIONS
    away = np.abs(position[..., None] - np.arange(ORIENTATIONS) - 0.5)
    away = np.minimum(away, ORIENTATIONS - away)
    votes = strength[..., None] * np.clip(1 - away, 0, None)
    edge = SIZE_PX // CELLS
    cells = votes.reshape(CELLS, edge, CELLS, edge, ORIENTATIONS).mean((1, 3))
    energy = cv2.blur((cells**2).sum(-1), (3, 3))
    return np.sqrt(cells / np.sqrt(energy + 1e-3)[..., None]).ravel().astype(np.float32)


def _colours(small: FloatImage, inside: FloatImage) -> FloatImage:
    levels = np.clip(small[::2, ::2] * LEVELS, 0, LEVELS - 1).astype(np.intp).reshape(-1, 3)
    numbers = (levels[:, 0] * LEVELS + levels[:, 1]) * LEVELS + levels[:, 2]
    weights = inside[::2, ::2].ravel()
    counts = np.bincount(numbers, weights, LEVELS**3).astype(np.float32)
    seen = np.flatnonzero(counts)
    return counts[seen] @ _VOTES[seen] / max(float(weights.sum()), 1e-6)


def _votes() -> FloatImage:
    """How much each of LEVELS³ colours belongs to each centre, (LEVELS³, 64), rows sum to 1."""
    axis = (np.arange(LEVELS) + 0.5) / LEVELS
    colours = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    distance = ((colours[:, None] - _COLOUR_CENTRES) ** 2).sum(-1)
    votes = np.exp(-distance / (2 * 0.13**2))
    return (votes / (votes.sum(1, keepdims=True) + 1e-6)).astype(np.float32)


_VOTES = _votes()
