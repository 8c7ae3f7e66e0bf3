"""An interpreter that runs in the guarded child, with the methods of those that run here.

If the child was replaced, the model is opened in the new one before its next answer. All of it together takes no longer
than the caller waits; a model that is not open by then answers a later call.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
import weakref
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tpu.errors import ModelStopped, StrPath
from tpu.guarded.messages import LARGEST_TENSOR_BYTES, MOST_TENSORS, BadReply, checked_detail, places, size_bytes
from tpu.guarded.process import CallRefused, ChildFailed, ChildReplaced, GuardedChild

_KEYS = count(1)
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
WRITE_SEAL = fcntl.F_SEAL_WRITE
_Details = list[dict[str, Any]]


class GuardedInterpreter:
    """A model in the guarded child. Use it from one thread at a time; the child may serve others.

    Args:
        child: The process; models may share it.
        model: The bytes of a `.tflite` file.
        path: That file, for errors.
        runtime: "litert" or "tflite-runtime".
        further: Tensors to read after each call besides the output.

    Raises:
        RuntimeError: If the runtime cannot read the model.
        ModelStopped: If the child crashes over it, hangs, or needs too much memory.
    """

    def __init__(
        self, child: GuardedChild, model: bytes, path: StrPath, *, runtime: str, further: Sequence[int] = ()
    ) -> None:
        self._child, self._path, self._runtime, self._further = child, path, runtime, tuple(further)
        self._size, self._file = len(model), _sealed_file(model)
        self._key = next(_KEYS)
        self._memory: mmap.mmap | None = None
        self._memory_file = -1
        self._generation = 0  # of the child in which it is open
        self._steps: list[Callable[[float], int]] = []  # what is left to do until it is open again
        self._number: int | None = None  # of the message of the first of these steps, once it is sent
        child.use()
        self._close = weakref.finalize(self, _close, child, self._key, [self._file])
        until_s = time.monotonic() + child.limits.open_s
        with self._translated(), child.lock:
            reply = self._first_opened(until_s)
        self._inputs, self._outputs, self._further_details = self._details(reply)

    def get_input_details(self) -> list[dict[str, Any]]:
        """Return index, shape, dtype and quantization of the inputs, at most MOST_TENSORS of them."""
        return self._inputs

    def get_output_details(self) -> list[dict[str, Any]]:
        """Return the same for the outputs."""
        return self._outputs

    def get_tensor_details(self) -> list[dict[str, Any]]:
        """Return the same for the further tensors."""
        return self._further_details

    def allocate_tensors(self) -> None:
        """Reserve memory for all tensors.

        Raises:
            RuntimeError: If the runtime cannot run the model.
            ModelStopped: See the class.
        """
        self._sizes = [size_bytes(one) for one in (self._inputs[0], *self._outputs, *self._further_details)]
        if max(self._sizes) > LARGEST_TENSOR_BYTES or sum(self._sizes) > 2 * LARGEST_TENSOR_BYTES:
            raise RuntimeError("its input or output is larger than any picture's")
        self._places = places(self._sizes)
        self._memory_file = _sized_file(self._places[-1])
        self._close.detach()
        self._close = weakref.finalize(self, _close, self._child, self._key, [self._file, self._memory_file])
        self._memory = mmap.mmap(self._memory_file, self._places[-1])
        until_s = time.monotonic() + self._child.limits.open_s
        with self._translated(), self._child.lock:
            self._child.reply(self._send_allocate(until_s), until_s)

    def set_tensor(self, index: int, value: NDArray[Any]) -> None:
        """Copy `value` into the input."""
        assert index == self._inputs[0]["index"]
        memory = self._allocated()
        np.frombuffer(memory, value.dtype, value.size)[:] = value.reshape(-1)

    def get_tensor(self, index: int) -> NDArray[Any]:
        """Return a copy of the output or of a further tensor."""
        details = [*self._outputs, *self._further_details]
        place, detail = next((at, one) for at, one in enumerate(details, start=1) if one["index"] == index)
        dtype = np.dtype(detail["dtype"])
        values = np.frombuffer(self._allocated(), dtype, self._sizes[place] // dtype.itemsize, self._places[place])
        return values.reshape(detail["shape"]).copy()

    def invoke(self) -> None:
        """Run the model once.

        Raises:
            RuntimeError: If the runtime reports an error.
            ModelStopped: If the child ended, was ended, or does not answer in time.
        """
        until_s = time.monotonic() + self._child.limits.answer_s
        with self._translated():
            if not self._child.lock.acquire(timeout=self._child.limits.answer_s):
                raise ChildFailed("late")
            try:
                try:
                    self._run(until_s)
                except ChildReplaced:
                    self._run(until_s)
            finally:
                self._child.lock.release()

    def _first_opened(self, until_s: float) -> dict[str, Any]:
        try:
            self._child.start(self._runtime, until_s)
            number = self._send_open(until_s)
        except ChildReplaced:
            self._child.start(self._runtime, until_s)
            number = self._send_open(until_s)
        self._generation = self._child.generation
        return self._child.reply(number, until_s)

    def _run(self, until_s: float) -> None:
        self._open_again(until_s)
        number = self._child.send({"do": "run", "key": self._key}, until_s)
        self._child.reply(number, until_s)

    def _open_again(self, until_s: float) -> None:
        """Open the model in a child that replaced the one before; go on with it where an earlier call gave up."""
        child = self._child
        child.start(self._runtime, until_s)
        if self._generation != child.generation:
            self._generation, self._number = child.generation, None
            self._steps = [self._send_open, self._send_allocate]
        while self._steps:
            if self._number is None:
                self._number = self._steps[0](until_s)
            try:
                child.reply(self._number, until_s)
            except CallRefused:
                self._number = None
                raise
            self._number = None
            self._steps.pop(0)

    def _send_open(self, until_s: float) -> int:
        os.lseek(self._file, 0, os.SEEK_SET)
        message = {"do": "open", "key": self._key, "size": self._size, "further": self._further}
        return self._child.send({**message, "keep_all": bool(self._further)}, until_s, files=[self._file], opens=True)

    def _send_allocate(self, until_s: float) -> int:
        message = {"do": "allocate", "key": self._key, "sizes": self._sizes}
        return self._child.send(message, until_s, files=[self._memory_file], opens=True)

    def _details(
        self, reply: dict[str, Any]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
        try:
            lists = [[checked_detail(one) for one in reply[name]] for name in ("inputs", "outputs", "further")]
        except (BadReply, KeyError, TypeError) as error:
            self._child.kill()
            raise ModelStopped(self._path, "crash") from error
        if len(lists[2]) != len(self._further) or max(map(len, lists)) > MOST_TENSORS:
            raise ModelStopped(self._path, "crash")
        return lists[0], lists[1], lists[2]

    def _allocated(self) -> mmap.mmap:
        if self._memory is None:
            raise RuntimeError("it is not allocated")
        return self._memory

    def _translated(self) -> _Translated:
        return _Translated(self._path)


class _Translated:
    """Turns failures of the child into errors of this package, inside a `with` block."""

    def __init__(self, path: StrPath) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ChildFailed):
            raise ModelStopped(self._path, error.kind) from error
        if isinstance(error, CallRefused):
            raise _as_here(str(error)) from error


def _as_here(reason: str) -> RuntimeError:
    """Return the error that an interpreter in this process raises."""
    return RuntimeError(reason)


def _close(child: GuardedChild, key: int, files: list[int]) -> None:
    """Free a model in the child, and close the files that hold it."""
    for file in files:
        os.close(file)
    child.forget(key)


def _sealed_file(data: bytes) -> int:
    """Return a file in memory that nobody can change."""
    file = os.memfd_create("model", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(file, "wb", closefd=False) as opened:
        opened.write(data)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, SEALS | WRITE_SEAL)
    return file


def _sized_file(size: int) -> int:
    """Return a file in memory whose size nobody can change: a shorter one would end the process that reads it."""
    file = os.memfd_create("tensors", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(file, size)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, SEALS)
    return file
