"""Send pictures to the accelerator's child process, and give up after `answer_s`.

Callers use the child one at a time. If a call takes too long, its caller returns without an answer and leaves a
`LateCall`; the supervisor's thread then decides whether the child is only late or hangs. If the child ends or sends a
wrong answer, `failure` says why; no call is made any more and the supervisor ends the child.
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
from tpu.runtime import translated


@dataclass(frozen=True)
class LateCall:
    """A call whose caller has given up, and the time at which it counts as hung."""

    number: int
    deadline_s: float


class ChildClient:
    """The connection of callers to the child process. Threads may share it.

    Args:
        answer_s: The longest that a caller waits.
        call_s: The longest that a call may take before it counts as hung.
        wake: Wakes the supervisor's thread.
        clock: Monotonic seconds.

    Attributes:
        late_call: The call that has not been answered in time, if there is one.
        failure: Why the child must be ended; empty while it works.
    """

    def __init__(
        self, *, answer_s: float, call_s: float, wake: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._answer_s, self._call_s, self._wake, self._clock = answer_s, call_s, wake, clock
        self._turn = threading.Lock()
        self._child: ChildProcess | None = None
        self._numbers = count(1)
        self.late_call: LateCall | None = None
        self.failure = ""

    def connect(self, child: ChildProcess) -> None:
        """Let callers use a child that is ready."""
        with self._turn:
            self._child = child

    def disconnect(self) -> None:
        """Wait until the current call returns, then let no caller use the child."""
        with self._turn:
            self._child = None

    def reset(self) -> None:
        """Disconnect, and forget the problems of the child."""
        self.disconnect()
        self.late_call, self.failure = None, ""

    def call(self, model: RemoteModel, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...] | None:
        """Run a model on an input tensor; return None within `answer_s` if the caller should use the CPU."""
        deadline_s = self._clock() + self._answer_s
        if model.open_in is None or self.late_call is not None:
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
            reply = child.receive(max(0.0, deadline_s - self._clock()))
            if reply is None:
                self.late_call = LateCall(number, deadline_s - self._answer_s + self._call_s)
                self._wake()
                return None
            return checked_outputs(child, model, number, reply)
        except AcceleratorLost as lost:
            self.failure = str(lost)
            self._wake()
            return None
        finally:
            self._turn.release()

    def release(self, model: RemoteModel) -> None:
        """Tell the child to free a model, if it has it open."""
        with self._turn:
            child, model.open_in = self._child_with(model), None
            if child is None:
                return
            try:
                child.send(Close(model.key))
            except AcceleratorLost:
                self._wake()

    def first_call(self, child: ChildProcess, model: RemoteModel, wait: Callable[[], object]) -> None:
        """Run a newly opened model on a black picture.

        Args:
            child: The child that has opened the model; it is not connected yet.
            model: The model.
            wait: Returns the child's reply.

        Raises:
            DriverMismatch: If the reply is an error that means an old driver.
            AcceleratorLost: If the reply is another error, or not what the model should return.
        """
        number = next(self._numbers)
        child.write_input(np.zeros(model.input_shape, model.input_dtype))
        child.send(Run(number, model.key))
        reply = wait()
        if isinstance(reply, Failed):
            error = translated(RuntimeError(reply.reason), model.path, "calling")
            if isinstance(error, DriverMismatch):
                raise error
        checked_outputs(child, model, number, reply)

    def _child_with(self, model: RemoteModel) -> ChildProcess | None:
        """Return the child if it works and has the model open."""
        if self.late_call is not None or self.failure or self._child is not model.open_in:
            return None
        return self._child


def checked_outputs(child: ChildProcess, model: RemoteModel, number: int, reply: object) -> tuple[NDArray[Any], ...]:
    """Return the outputs of a call, after checking the reply.

    Raises:
        AcceleratorLost: If the reply is an error, belongs to another call, or has outputs of another shape or dtype.
    """
    if isinstance(reply, Failed):
        raise AcceleratorLost(f"it failed ({reply.reason.splitlines()[0] if reply.reason else 'without a reason'})")
    if not isinstance(reply, Done) or reply.number != number:
        raise AcceleratorLost(f"it sent an unexpected message ({type(reply).__name__})")
    if tuple((shape, dtype) for _offset, shape, dtype in reply.outputs) != model.output_forms:
        raise AcceleratorLost("its results have another shape than the model's")
    return child.read_outputs(reply)
