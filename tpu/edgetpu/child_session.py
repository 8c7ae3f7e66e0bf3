"""ChildSession: drives one child process from its start to its end, on the supervisor's thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from tpu.edgetpu.client import ChildClient
from tpu.edgetpu.messages import Close, Done, Failed, Hello, Open, Opened, Refused
from tpu.edgetpu.process import ChildProcess
from tpu.edgetpu.registry import ModelRegistry
from tpu.edgetpu.timeouts import Timeouts
from tpu.edgetpu.wakeup import WakePipe
from tpu.errors import AcceleratorLost, AcceleratorUnavailable

logger = logging.getLogger(__name__)

IDLE_WAIT_S = 3600.0  # while nothing is due: the child's end and the wake pipe end the wait earlier


class ChildSession:
    """Opens the registered models in a child, and watches the child while callers use it.

    Args:
        child: A child that was just started.
        registry: The models to open in it.
        client: The connection of callers to it.
        timeouts: Limits for each step.
        wake_pipe: Wakes this thread when there is something to do.
        stopping: Set when the supervisor stops.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        child: ChildProcess,
        *,
        registry: ModelRegistry,
        client: ChildClient,
        timeouts: Timeouts,
        wake_pipe: WakePipe,
        stopping: threading.Event,
        clock: Callable[[], float],
    ) -> None:
        self._child, self._registry, self._client, self._timeouts = child, registry, client, timeouts
        self._wake_pipe, self._stopping, self._clock = wake_pipe, stopping, clock

    def wait_until_started(self) -> str:
        """Wait until the child has started; return the name of its device.

        Raises:
            AcceleratorLost: If the child dies or hangs.
        """
        name: str = self._await(Hello, self._timeouts.open_s).device
        return name

    def open_models(self) -> None:
        """Open every registered model that is not open yet, and run each once. Callers must be disconnected.

        Raises:
            AcceleratorLost: If the child dies or hangs.
            AcceleratorUnavailable: If the device cannot be opened.
        """
        child = self._child
        while not self._stopping.is_set() and (unopened := self._registry.unopened(child)):
            model = unopened[0]
            child.send(Open(model.key, str(model.path), model.sha256, model.outputs, model.keep_all))
            reply = self._await((Opened, Refused), self._timeouts.open_s)
            if isinstance(reply, Opened):
                self._client.first_call(child, model, lambda: self._await((Done, Failed), self._timeouts.first_call_s))
                if not self._registry.mark_open(model, child):  # it was removed while it was being opened
                    child.send(Close(model.key))
            elif isinstance(reply.error, AcceleratorUnavailable):
                raise reply.error
            else:  # a problem of this model, not of the device
                self._registry.mark_refused(model, reply.error)
                logger.warning("on the Edge TPU, %s", reply.error)

    def watch(self) -> None:
        """Watch the child while callers use it, until the supervisor stops; open models that are added meanwhile.

        Raises:
            AcceleratorLost: If the child dies or hangs.
            AcceleratorUnavailable: If the device cannot be opened for another model.
        """
        child, client = self._child, self._client
        while not self._stopping.is_set():
            late = client.late_call
            if late is not None and self._clock() >= late.deadline_s:
                raise AcceleratorLost("it hangs")
            alive = child.wait(
                IDLE_WAIT_S if late is None else late.deadline_s - self._clock(),
                wake_pipe=self._wake_pipe,
                for_message=late is not None,
            )
            self._wake_pipe.clear()
            if client.failure or not alive:
                raise AcceleratorLost(client.failure or child.end_reason())
            if late is not None and child.receive(0) is not None:
                client.late_call = None  # late, but not hung; the caller has used the CPU, so the answer is dropped
            if self._registry.unopened(child):
                client.disconnect()
                if client.late_call is None:
                    self.open_models()
                client.connect(child)

    def _await(self, kind: Any, timeout_s: float) -> Any:
        """Return the child's next message, which must be of a kind.

        Raises:
            AcceleratorLost: If it dies, sends another message, or takes too long.
        """
        child, deadline_s = self._child, self._clock() + timeout_s
        while (left_s := deadline_s - self._clock()) > 0 and not self._stopping.is_set():
            alive = child.wait(left_s, wake_pipe=self._wake_pipe, for_message=True)
            self._wake_pipe.clear()
            reply = child.receive(0)
            if isinstance(reply, kind):
                return reply
            if reply is not None:
                raise AcceleratorLost(f"it sent an unexpected message ({type(reply).__name__})")
            if not alive:
                raise AcceleratorLost(child.end_reason())
        raise AcceleratorLost(
            "it is stopped" if self._stopping.is_set() else f"it did not answer within {timeout_s:g} s"
        )
