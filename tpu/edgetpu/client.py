"""The line to the accelerator's child: whoever has a picture asks here, and never waits long.

While the child is ready, callers speak with it one at a time. A call that takes too long is left *outstanding*: the
caller goes away without an answer, and the supervisor decides whether it was only late. A child that breaks its word
is *condemned*: nobody speaks with it any more, and the supervisor ends it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tpu.edgetpu.messages import Close, Done, Failed, Run
from tpu.edgetpu.process import ChildProcess
from tpu.edgetpu.registry import RemoteModel
from tpu.errors import AcceleratorLost, DriverMismatch
from tpu.runtime import failure


@dataclass(frozen=True)
class Outstanding:
    """A call that nobody waits for any more, and when it counts as hung."""

    number: int
    until_s: float


class ChildClient:
    """What callers and supervisor share.

    Args:
        answer_s: How long a caller waits at most.
        call_s: How long a call may take before it counts as hung.
        wake: Tells the supervisor that there is something to do.
        clock: Monotonic seconds.

    Attributes:
        outstanding: The call that is late.
        condemned: Why the child must end; empty while it keeps its word.
    """

    def __init__(
        self, *, answer_s: float, call_s: float, wake: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._answer_s, self._call_s, self._wake, self._clock = answer_s, call_s, wake, clock
        self._turn = threading.Lock()
        self._child: ChildProcess | None = None
        self._numbers = count(1)
        self.outstanding: Outstanding | None = None
        self.condemned = ""

    def open(self, child: ChildProcess) -> None:
        """Let callers speak with a child that is ready."""
        with self._turn:
            self._child = child

    def close(self) -> None:
        """Let nobody speak with the child; when this returns, nobody does."""
        with self._turn:
            self._child = None

    def reset(self) -> None:
        """Forget what was wrong with the child before."""
        self.close()
        self.outstanding, self.condemned = None, ""

    def call(self, model: RemoteModel, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...] | None:
        """Run a model on an input; None when the CPU shall answer instead, `answer_s` from now at the latest."""
        until_s = self._clock() + self._answer_s
        if model.open_in is None or self.outstanding is not None:
            return None
        if not self._turn.acquire(timeout=self._answer_s):
            return None
        try:
            child = self._child_with(model)
            if child is None:
                return None
            number = next(self._numbers)
            child.write_input(tensor)
            child.send(Run(number, model.key))
            reply = child.receive(max(0.0, until_s - self._clock()))
            if reply is None:
                self.outstanding = Outstanding(number, until_s - self._answer_s + self._call_s)
                self._wake()
                return None
            return results(child, model, number, reply)
        except AcceleratorLost as lost:
            self.condemned = str(lost)
            self._wake()
            return None
        finally:
            self._turn.release()

    def _child_with(self, model: RemoteModel) -> ChildProcess | None:
        """The child, if it has the model open and nothing is wrong with it."""
        if self.outstanding is not None or self.condemned or self._child is not model.open_in:
            return None
        return self._child

    def forget(self, model: RemoteModel) -> None:
        """Have the child free a model, if it has it open."""
        with self._turn:
            child, model.open_in = self._child_with(model), None
            if child is None:
                return
            try:
                child.send(Close(model.key))
            except AcceleratorLost:
                self._wake()

    def first_call(self, child: ChildProcess, model: RemoteModel, wait: Callable[[], object]) -> None:
        """Let a model that was just opened answer a black picture; `wait` gives the reply.

        Raises:
            AcceleratorUnavailable: If it does not answer as it should.
        """
        number = next(self._numbers)
        child.write_input(np.zeros(model.input_shape, model.input_dtype))
        child.send(Run(number, model.key))
        reply = wait()
        if isinstance(reply, Failed):
            meant = failure(RuntimeError(reply.reason), "calling")
            if isinstance(meant, DriverMismatch):
                raise meant
        results(child, model, number, reply)


def results(child: ChildProcess, model: RemoteModel, number: int, reply: object) -> tuple[NDArray[Any], ...]:
    """The outputs of a call, if they are what the model promises.

    Raises:
        AcceleratorLost: If they are not; the child cannot be trusted any more.
    """
    if isinstance(reply, Failed):
        raise AcceleratorLost(f"it failed ({reply.reason.splitlines()[0] if reply.reason else 'without a word'})")
    if not isinstance(reply, Done) or reply.number != number:
        raise AcceleratorLost(f"it answered out of turn ({type(reply).__name__})")
    if tuple((shape, dtype) for _at, shape, dtype in reply.outputs) != model.expected:
        raise AcceleratorLost("its results have another shape than the model's")
    return child.read_outputs(reply)
