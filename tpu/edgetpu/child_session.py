"""The service of one child: its models are opened, callers are let to it, and its end or its hanging is noticed."""

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

SILENCE_S = 3600.0  # how long to listen to a child that serves: its death and every wish wake the listener


class ChildSession:
    """Used by one thread, the supervisor's.

    Args:
        child: Just started.
        registry: What shall be open in it.
        line: By which callers ask it.
        timeouts: How long each step may take.
        bell: Rings when there is something to do.
        stopping: Set when all of it shall end.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        child: ChildProcess,
        *,
        registry: ModelRegistry,
        line: ChildClient,
        timeouts: Timeouts,
        bell: WakePipe,
        stopping: threading.Event,
        clock: Callable[[], float],
    ) -> None:
        self._child, self._registry, self._line, self._timeouts = child, registry, line, timeouts
        self._bell, self._stopping, self._clock = bell, stopping, clock

    def greet(self) -> str:
        """Wait until the child is there; give the device's name.

        Raises:
            AcceleratorLost: If it dies or hangs.
        """
        name: str = self._await(Hello, self._timeouts.open_s).device
        return name

    def serve(self) -> None:
        """Stay while callers use the child, until it is to stop; models that come are opened meanwhile.

        Raises:
            AcceleratorLost: If it dies or hangs.
            AcceleratorUnavailable: If the device cannot be opened for another model.
        """
        child, line = self._child, self._line
        while not self._stopping.is_set():
            late = line.outstanding
            if late is not None and self._clock() >= late.until_s:
                raise AcceleratorLost("it hangs")
            alive = child.listen(
                SILENCE_S if late is None else late.until_s - self._clock(),
                wake=self._bell.fileno,
                pipe=late is not None,
            )
            self._bell.silence()
            if line.condemned or not alive:
                raise AcceleratorLost(line.condemned or child.last_words())
            if late is not None and child.receive(0) is not None:
                line.outstanding = None  # late, but it lives: its answer is for a picture long gone
            if self._registry.unopened(child):
                line.close()
                if line.outstanding is None:
                    self.open_models()
                line.open(child)

    def open_models(self) -> None:
        """Open every model that is not open yet, and let each answer once; nobody else speaks with the child.

        Raises:
            AcceleratorLost: If the child dies or hangs at it.
            AcceleratorUnavailable: If the device cannot be opened.
        """
        child = self._child
        while not self._stopping.is_set() and (unopened := self._registry.unopened(child)):
            model = unopened[0]
            child.send(Open(model.key, str(model.path), model.sha256, model.outputs, model.keep_all))
            reply = self._await((Opened, Refused), self._timeouts.open_s)
            if isinstance(reply, Opened):
                self._line.first_call(child, model, lambda: self._await((Done, Failed), self._timeouts.first_call_s))
                if not self._registry.opened(model, child):  # closed while it was being opened
                    child.send(Close(model.key))
            elif isinstance(reply.error, AcceleratorUnavailable):
                raise reply.error
            else:  # this model's fault, not the device's
                self._registry.refused(model, reply.error)
                logger.warning("on the Edge TPU, %s", reply.error)

    def _await(self, kind: Any, timeout_s: float) -> Any:
        """What the child says next, which must be of that kind.

        Raises:
            AcceleratorLost: If it dies, says something else, or takes too long.
        """
        child, until_s = self._child, self._clock() + timeout_s
        while (left_s := until_s - self._clock()) > 0 and not self._stopping.is_set():
            alive = child.listen(left_s, wake=self._bell.fileno, pipe=True)
            self._bell.silence()
            reply = child.receive(0)
            if isinstance(reply, kind):
                return reply
            if reply is not None:
                raise AcceleratorLost(f"it answered out of turn ({type(reply).__name__})")
            if not alive:
                raise AcceleratorLost(child.last_words())
        raise AcceleratorLost(
            "it is stopped" if self._stopping.is_set() else f"it did not answer within {timeout_s:g} s"
        )
