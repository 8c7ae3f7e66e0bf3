"""The compiled models that should be open while the accelerator is ready, and the child that has them open."""

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
from tpu.errors import ModelUnsupported, RuntimeLayerError, StrPath


@dataclass(eq=False)
class RemoteModel:
    """A compiled model that runs in the child process. `EdgeTpuSupervisor.register` returns it.

    Attributes:
        key: Its number in messages.
        path: Its file, absolute.
        sha256: Of the file, hexadecimal.
        input_shape, input_dtype: Of its one input.
        outputs: Indices of the tensors that every call returns.
        output_forms: Their shapes and dtypes.
        keep_all: Whether one of them is not an output of the model.
        open_in: The child that has it open; None if none has.
        refusal: Why the accelerator cannot run this model; None if nothing is known against it.
    """

    key: int
    path: Path
    sha256: str
    input_shape: tuple[int, ...]
    input_dtype: np.dtype[Any]
    outputs: tuple[int, ...]
    output_forms: tuple[tuple[tuple[int, ...], str], ...]
    keep_all: bool
    open_in: ChildProcess | None = None
    refusal: RuntimeLayerError | None = None

    def needs_opening_in(self, child: ChildProcess) -> bool:
        """Return whether a child should open it and has not yet."""
        return self.open_in is not child and self.refusal is None


class ModelRegistry:
    """Threads may share it.

    Attributes:
        changed: The lock of the registry; it is notified of every change.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._models: dict[int, RemoteModel] = {}
        self._keys = count(1)

    def wait_for_one(self, timeout_s: float) -> bool:
        """Wait until a model is registered; return whether one is."""
        with self.changed:
            return bool(self.changed.wait_for(lambda: self._models, timeout_s))

    def add(
        self,
        path: StrPath,
        sha256: str,
        *,
        input_detail: Mapping[str, Any],
        output_details: Sequence[Mapping[str, Any]],
        keep_all: bool = False,
    ) -> RemoteModel:
        """Register a model; see `EdgeTpuSupervisor.register`.

        Raises:
            ModelUnsupported: If its input is larger than the memory shared with the child.
        """
        shape, dtype = _form(input_detail)
        if int(np.prod(shape)) * np.dtype(dtype).itemsize > OUTPUTS_OFFSET_BYTES:
            limit_mib = OUTPUTS_OFFSET_BYTES >> 20
            raise ModelUnsupported(path, f"its input {shape} is larger than {limit_mib} MiB. Use a smaller one.")
        model = RemoteModel(
            key=next(self._keys),
            path=Path(path).absolute(),
            sha256=sha256,
            input_shape=shape,
            input_dtype=np.dtype(dtype),
            outputs=tuple(int(detail["index"]) for detail in output_details),
            output_forms=tuple(map(_form, output_details)),
            keep_all=keep_all,
        )
        with self.changed:
            self._models[model.key] = model
            self.changed.notify_all()
        return model

    def remove(self, model: RemoteModel) -> None:
        """Remove a model; a second call does nothing."""
        with self.changed:
            self._models.pop(model.key, None)

    def unopened(self, child: ChildProcess) -> list[RemoteModel]:
        """Return the models that a child should open and has not yet."""
        with self.changed:
            return [model for model in self._models.values() if model.needs_opening_in(child)]

    def mark_open(self, model: RemoteModel, child: ChildProcess) -> bool:
        """Record that a child has opened a model; return False if the model was removed meanwhile."""
        with self.changed:
            wanted = model.key in self._models
            model.open_in = child if wanted else None
            self.changed.notify_all()
        return wanted

    def mark_refused(self, model: RemoteModel, error: RuntimeLayerError) -> None:
        """Record that the accelerator cannot run a model."""
        with self.changed:
            model.refusal = error
            self.changed.notify_all()

    def mark_all_closed(self) -> None:
        """Record that the child has ended."""
        with self.changed:
            for model in self._models.values():
                model.open_in = None


def _form(detail: Mapping[str, Any]) -> tuple[tuple[int, ...], str]:
    """Shape and dtype of a tensor."""
    return tuple(int(edge) for edge in detail["shape"]), np.dtype(detail["dtype"]).name
