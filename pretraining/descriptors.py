"""Descriptors of a clean thing that the network learns to predict: outline, edges, colours and surface."""

from __future__ import annotations

import cv2
import numpy as np

from pretraining.textures import FloatImage
from pretraining.things import Side

SIZE_PX = 64
ORIENTATIONS, CELLS = 9, 8
OCTAVES = 3
LIT_PX = 2.0  # smoothing of the relief that `scene` lights
FAINT = 0.01  # smaller deviations are invisible
NOTHING = 1e-6  # smaller weights count as none
SURFACE = 3 + 2 * (1 + 3 * OCTAVES)  # number of values that describe a surface
LEVELS = 16  # of red, green and blue in the histogram
_CELL_OF = np.kron(np.arange(CELLS**2).reshape(CELLS, CELLS), np.ones((SIZE_PX // CELLS,) * 2, np.intp)).ravel()
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


def describe_surface(side: Side) -> FloatImage:
    """Describe what a thing is made of, independent of its outline, pose and colour.

    Args:
        side: The side that faces the camera.

    Returns:
        float32 (SURFACE,): gloss, metal, opacity; then, for the lit relief and for the luminance: how much it has one
        direction, and for each octave band the logarithm of the standard deviation, the mean absolute value divided by
        it (low for a sparse pattern), and the skewness.
    """
    grey = cv2.cvtColor(np.clip(side.albedo, 0, 1).astype(np.float32), cv2.COLOR_RGB2GRAY)
    grey /= float((grey * side.mask).sum() / (side.mask.sum() + 1e-3)) + 0.05
    parts: list[float] = [side.gloss, side.metal, side.opacity]
    smooth, inside = (cv2.GaussianBlur(part, (0, 0), LIT_PX) for part in (side.height * side.mask, side.mask))
    for surface in (smooth / (inside + NOTHING), grey):
        bands = _bands(surface, side.mask)
        parts += [_directed(*bands[0]), *(value for band in bands for value in _spread(*band))]
    return np.array(parts, np.float32)


def _bands(surface: FloatImage, mask: FloatImage) -> list[tuple[FloatImage, FloatImage]]:
    """Octave bands from half the size down (finer ones are in no picture), each with the weight of every place."""
    bands = []
    fine, weights = _halved(surface, mask)
    for _ in range(OCTAVES):
        coarse, fewer = _halved(fine, weights)
        bands.append((fine - _doubled(coarse, fewer), _inner(weights)))
        fine, weights = coarse, fewer
    return bands


def _halved(rough: FloatImage, weights: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Halve the size, using only places inside the thing."""
    inside = cv2.pyrDown(weights)
    return cv2.pyrDown(rough * weights) / (inside + NOTHING), inside


def _doubled(coarse: FloatImage, weights: FloatImage) -> FloatImage:
    return cv2.pyrUp(coarse * weights) / (cv2.pyrUp(weights) + NOTHING)


def _inner(weights: FloatImage) -> FloatImage:
    """Weights that sum to 1 for places away from the outline; for all places if none is away from it."""
    inner = np.where(cv2.erode(weights, np.ones((3, 3), np.uint8)) > 0.9, weights, 0)
    if inner.sum() < 0.05 * weights.sum():
        inner = weights
    return (inner / (inner.sum() + NOTHING)).astype(np.float32)


def _spread(band: FloatImage, share: FloatImage) -> tuple[float, float, float]:
    """Logarithm of the deviation, mean absolute value divided by it, and limited skewness; 0.8 and 0 if it is faint."""
    values, weights = band.ravel(), share.ravel()
    square = values * values
    deviation = float(np.sqrt(weights @ square)) + FAINT
    sparse = (float(weights @ np.abs(values)) + 0.8 * FAINT) / deviation
    return np.log(deviation), sparse, np.tanh(abs(float(weights @ (square * values))) / deviation**3)


def _directed(band: FloatImage, share: FloatImage) -> float:
    """Coherence of the structure tensor: 0 for a surface that is equal in all directions, 1 for stripes."""
    x, y = (cv2.Sobel(band, cv2.CV_32F, *order, ksize=3, scale=1 / 4) for order in ((1, 0), (0, 1)))
    xx, yy, xy = (float((share * part).sum()) for part in (x * x, y * y, x * y))
    return float(np.hypot(xx - yy, 2 * xy) / (xx + yy + FAINT**2))


def _edges(grey: FloatImage) -> FloatImage:
    """Histogram of oriented gradients in 8×8 cells, normalised by neighbouring cells. Source: Dalal and Triggs 2005."""
    x, y = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3)
    strength = np.sqrt(x**2 + y**2).ravel()
    position = cv2.phase(x, y).ravel() * np.float32(ORIENTATIONS / np.pi) - 0.5
    lower = np.floor(position).astype(np.intp)
    of_upper = strength * (position - lower)
    votes = np.zeros(CELLS * CELLS * ORIENTATIONS)  # each pixel votes for the two nearest orientations
    for orientation, shares in ((lower, strength - of_upper), (lower + 1, of_upper)):
        votes += np.bincount(_CELL_OF * ORIENTATIONS + orientation % ORIENTATIONS, shares, len(votes))
    cells = votes.reshape(CELLS, CELLS, ORIENTATIONS) / (SIZE_PX // CELLS) ** 2
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
    """The membership of each of LEVELS³ colours in each of 64 centres, (LEVELS³, 64); rows sum to 1."""
    axis = (np.arange(LEVELS) + 0.5) / LEVELS
    colours = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    distance = ((colours[:, None] - _COLOUR_CENTRES) ** 2).sum(-1)
    votes = np.exp(-distance / (2 * 0.13**2))
    return (votes / (votes.sum(1, keepdims=True) + 1e-6)).astype(np.float32)


_VOTES = _votes()
