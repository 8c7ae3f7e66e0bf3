"""Matrix products that say by themselves whether a result is a number.

NumPy reads the processor's error flags after a product. On some processors and BLAS libraries (arm64, macOS) unused
lanes of a vector set these flags, and NumPy then warns of a division by zero that never happened. So the flags are
ignored, and the result is checked instead.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.errors import InvalidEmbeddings


def product(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Return `left @ right`, of the type that NumPy gives it.

    Args:
        left: Finite numbers, (N, K) or (K,).
        right: Finite numbers, (K, M) or (K,).

    Raises:
        InvalidEmbeddings: If a value of the result is not finite, because the embeddings are too large.
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        found = np.asarray(left @ right)
    if not np.isfinite(found).all():
        raise InvalidEmbeddings(
            "the embeddings are too large to compute with: a sum of products is not finite. "
            "Divide all of them by the same number, or use another extractor."
        )
    return found
