"""The compiled models that shall be open whenever the accelerator is ready, and which child has them open."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from tpu.edgetpu.messages import OUTPUTS_OFFSET_BYTES
from tpu.edgetpu.process import ChildProcess
from tpu.errors import ModelUnreadable, RuntimeLayerError


@dataclass(eq=False)
class RemoteModel:
    """A compiled model that shall be open whenever the accelerator is ready. `EdgeTpuSupervisor.register` makes it.

    Attributes:
        outputs: Indices of the tensors that every call gives.
        expected: Their shapes and dtypes.
        keep_all: One of them is no output of the model.
        open_in: The child that has it open; None while none has.
        refusal: Why the accelerator does not take this very model; None while nothing is wrong with it.
    """

    key: int
    path: Path
    sha256: str
    input_shape: tuple[int, ...]
    input_dtype: np.dtype[Any]
    outputs: tuple[int, ...]
    expected: tuple[tuple[tuple[int, ...], str], ...]
    keep_all: bool
    open_in: ChildProcess | None = None
    refusal: RuntimeLayerError | None = None

    def needs_opening_in(self, child: ChildProcess) -> bool:
        """Whether a child should have it open and has not."""
        return self.open_in is not child and self.refusal is None


class ModelRegistry:
    """Threads may share it.

    Attributes:
        changed: Guards it, and is notified of every change.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._models: dict[int, RemoteModel] = {}
        self._keys = count(1)

    def wait_for_one(self, timeout_s: float) -> bool:
        """Wait until there is a model; give whether there is."""
        with self.changed:
            return bool(self.changed.wait_for(lambda: self._models, timeout_s))

    def add(
        self,
        path: Path,
        sha256: str,
        *,
        input_detail: Mapping[str, Any],
        output_details: Sequence[Mapping[str, Any]],
        keep_all: bool = False,
    ) -> RemoteModel:
        """Have a model open from now on; see `EdgeTpuSupervisor.register`.

        Raises:
            ModelUnreadable: If its input does not fit into the memory shared with the child.
        """
        shape, dtype = _form(input_detail)
        if int(np.prod(shape)) * np.dtype(dtype).itemsize > OUTPUTS_OFFSET_BYTES:
            raise ModelUnreadable(
                path, f"its input {shape} is larger than {OUTPUTS_OFFSET_BYTES >> 20} MiB. Use a smaller one."
            )
        model = RemoteModel(
            key=next(self._keys),
            path=path,
            sha256=sha256,
            input_shape=shape,
            input_dtype=np.dtype(dtype),
            outputs=tuple(int(detail["index"]) for detail in output_details),
            expected=tuple(map(_form, output_details)),
            keep_all=keep_all,
        )
        with self.changed:
            self._models[model.key] = model
            self.changed.notify_all()
        return model

    def remove(self, model: RemoteModel) -> None:
        """Have it open no longer; a second call does nothing."""
        with self.changed:
            self._models.pop(model.key, None)

    def unopened(self, child: ChildProcess) -> list[RemoteModel]:
        """What the child should have open and has not."""
        with self.changed:
            return [model for model in self._models.values() if model.needs_opening_in(child)]

    def opened(self, model: RemoteModel, child: ChildProcess) -> bool:
        """Note that the child has opened it; False if nobody wants it any more."""
        with self.changed:
            wanted = model.key in self._models
            model.open_in = child if wanted else None
            self.changed.notify_all()
        return wanted

    def refused(self, model: RemoteModel, error: RuntimeLayerError) -> None:
        """Note that the accelerator does not take this very model."""
        with self.changed:
            model.refusal = error
            self.changed.notify_all()

    def all_closed(self) -> None:
        """Note that the child is gone."""
        with self.changed:
            for model in self._models.values():
                model.open_in = None


def _form(detail: Mapping[str, Any]) -> tuple[tuple[int, ...], str]:
    """Shape and dtype of a tensor."""
    return tuple(int(edge) for edge in detail["shape"]), np.dtype(detail["dtype"]).name
