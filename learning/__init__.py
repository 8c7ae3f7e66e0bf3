"""Train a classifier on image embeddings and append it to the extractor's `.tflite` file.

The names below are loaded when they are first used, so that importing one module of this package (the command line
needs `learning.errors` at every start) does not load numpy and the TFLite schema.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from learning.fit import fit_head
    from learning.softmax_regression import SoftmaxRegression
    from learning.tflite_export import append_head

__all__ = ["SoftmaxRegression", "append_head", "fit_head"]

_MODULES = {
    "SoftmaxRegression": "learning.softmax_regression",
    "append_head": "learning.tflite_export",
    "fit_head": "learning.fit",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
