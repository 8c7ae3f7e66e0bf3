"""The watch over the accelerator: starts its child process, times every step, kills it when it hangs, tries again.

One thread of its own does all that. Threads that have pictures ask over the `Line`, which gives None whenever the
accelerator does not answer at once: then the CPU shall. Nobody else ever waits for a device that is slow to open,
hangs, or is gone.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tpu.child import OUTPUTS_AT, Close, Done, Failed, Hello, Open, Opened, Refused
from tpu.devices import Accelerator, list_accelerators
from tpu.errors import AcceleratorLost, AcceleratorUnavailable, DriverMismatch, ModelUnreadable, RuntimeLayerError
from tpu.line import Line, RemoteModel
from tpu.lock import lock_device
from tpu.patience import PATIENCE, Patience, Record
from tpu.process import ChildProcess
from tpu.runtime import DEFAULT_DRIVER, Driver, runtime_for_edge_tpu

logger = logging.getLogger(__name__)

SILENCE_S = 3600.0  # how long to listen to a child that serves: its death and every wish wake the listener


ListDevices = Callable[[], Sequence[Accelerator]]


class Phase(Enum):
    """Where the accelerator stands."""

    LOOKING = "looking"
    ABSENT = "absent"
    OPENING = "opening"
    READY = "ready"
    BROKEN = "broken"


@dataclass(frozen=True)
class Status:
    """What there is to know of the accelerator: where it stands, and why it does not answer."""

    phase: Phase
    device: str = ""
    reason: str = ""


class Supervisor:
    """Keeps an Edge TPU working in a child process. Threads may share it.

    Args:
        runtime: "auto", "litert", "tflite-runtime" or "pycoral".
        device: "auto", "usb:N" or "pci:N".
        driver: How it is opened.
        patience: How long each step may take.
        list_devices: What is plugged in.
        lock_folder: Where lock files are; None is the system's place.
        announce: Receives every new status, on the supervisor's thread.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        *,
        runtime: str = "auto",
        device: str = "auto",
        driver: Driver = DEFAULT_DRIVER,
        patience: Patience = PATIENCE,
        list_devices: ListDevices = list_accelerators,
        lock_folder: Path | None = None,
        announce: Callable[[Status], None] = lambda _status: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime_for_edge_tpu(runtime)
        self._wanted, self._driver, self._patience = device, driver, patience
        self._list_devices, self._lock_folder = list_devices, lock_folder
        self._announce, self._clock = announce, clock
        self._models: dict[int, RemoteModel] = {}
        self._keys = count(1)
        self._changed = threading.Condition()  # guards _models and _status
        self._status = Status(Phase.LOOKING)
        self._record = Record(patience)
        self._line = Line(answer_s=patience.answer_s, call_s=patience.call_s, wake=self._wake, clock=clock)
        self._stopping = threading.Event()
        self._wake_out, self._wake_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="accelerator", daemon=True)

    # --- for everybody ----------------------------------------------------------------------------------

    def start(self) -> Supervisor:
        """Begin to look for the accelerator."""
        self._thread.start()
        return self

    def close(self) -> None:
        """End the child and the thread; answers are None from now on. A second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        out, into, self._wake_out, self._wake_in = self._wake_out, self._wake_in, -1, -1
        os.close(out)
        os.close(into)

    @property
    def status(self) -> Status:
        """Where it stands now."""
        return self._status

    def wait_until_settled(self, timeout_s: float) -> Status:
        """Wait until it is known whether the accelerator answers; give the status then."""
        with self._changed:
            self._changed.wait_for(lambda: self._status.phase not in (Phase.LOOKING, Phase.OPENING), timeout_s)
            return self._status

    def wait_until_open(self, model: RemoteModel, timeout_s: float) -> bool:
        """Wait until a model is open on the accelerator, or known not to be soon; give whether it is."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    model.open_in is not None
                    or model.refusal is not None
                    or self._status.phase in (Phase.ABSENT, Phase.BROKEN)
                ),
                timeout_s,
            )
            return model.open_in is not None

    def register(
        self,
        path: Path,
        sha256: str,
        *,
        input_detail: Mapping[str, Any],
        output_details: Sequence[Mapping[str, Any]],
        keep_all: bool = False,
    ) -> RemoteModel:
        """Have a compiled model open whenever the accelerator is ready.

        Args:
            path: The file; it is read again at every start of the child.
            sha256: Of its bytes; another file under that path is refused.
            input_detail: Of the interpreter: shape and dtype of the one input.
            output_details: Of the tensors that every call shall give, in this order.
            keep_all: One of them is no output of the model.

        Raises:
            ModelUnreadable: If its input does not fit into the memory shared with the child.
        """
        shape, dtype = _form(input_detail)
        if int(np.prod(shape)) * np.dtype(dtype).itemsize > OUTPUTS_AT:
            raise ModelUnreadable(path, f"its input {shape} is larger than {OUTPUTS_AT >> 20} MiB. Use a smaller one.")
        model = RemoteModel(
            key=next(self._keys),
            path=path,
            sha256=sha256,
            input_shape=shape,
            input_dtype=np.dtype(dtype),
            outputs=tuple(int(detail["index"]) for detail in output_details),
            expected=tuple(
                (tuple(int(n) for n in one["shape"]), np.dtype(one["dtype"]).name) for one in output_details
            ),
            keep_all=keep_all,
        )
        with self._changed:
            self._models[model.key] = model
            self._changed.notify_all()
        self._wake()
        return model

    def unregister(self, model: RemoteModel) -> None:
        """Free a model; a second call does nothing."""
        with self._changed:
            self._models.pop(model.key, None)
        self._line.forget(model)

    def answer(self, model: RemoteModel, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...] | None:
        """Run a model on an input; None when the CPU shall answer instead, a quarter of a second later at most."""
        return self._line.call(model, tensor)

    # --- the thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._try_once()
            except Exception:
                logger.exception("the watch over the accelerator failed")
                self._tell(Phase.BROKEN, reason="it cannot be watched. Restart the kiosk.")
                self._rest(self._patience.longest_retry_s)

    def _try_once(self) -> None:
        """Look for a device and live with it until it ends; then rest as long as that deserves."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._models, self._patience.poll_s):
                return
        devices = self._look()
        usable = [one for one in devices if not one.problem]
        if not usable:
            self._tell(*((Phase.BROKEN, devices[0].device, f"{devices[0].problem}.") if devices else (Phase.ABSENT,)))
            self._rest(self._patience.poll_s)
            return
        device = usable[0]
        lock = lock_device(device.path, self._lock_folder)
        if lock is None:
            self._tell(Phase.BROKEN, device.device, "another kiosk on this machine uses it. Close that one.")
            self._rest(self._patience.poll_s)
            return
        started_s = self._clock()
        ready_s: list[float] = []
        crashed = True
        try:
            reason = self._live(device, lock, ready_s)
        except AcceleratorLost as lost:
            reason = str(DriverMismatch()) if "SIGSEGV" in str(lost) and not ready_s else str(lost)
        except RuntimeLayerError as error:
            reason, crashed = str(error), False
        finally:
            os.close(lock)
        if self._stopping.is_set():
            return
        rest_s = self._record.ended(crashed=crashed, served_s=self._clock() - ready_s[0] if ready_s else 0.0)
        logger.warning("the Edge TPU %s does not answer: %s (%.1f s)", device.device, reason, self._clock() - started_s)
        advice = " Unplug it and plug it in again." if self._record.given_up else ""
        self._tell(Phase.BROKEN, device.device, f"{reason.rstrip('.')}.{advice}")
        self._rest(rest_s)
        while self._record.given_up and not self._stopping.is_set():
            self._rest(self._patience.longest_retry_s)

    def _live(self, device: Accelerator, lock: int, ready_s: list[float]) -> str:
        """Start a child, open what is registered, note when it was ready, and stay; give why it ended.

        Raises:
            AcceleratorLost: If it died or hung.
            AcceleratorUnavailable: If it cannot be opened.
        """
        self._tell(Phase.OPENING, device.device)
        started_s = self._clock()
        child = ChildProcess(
            runtime=self._runtime, driver=self._driver, device=device.device, sysfs=device.path, inherited=(lock,)
        )
        try:
            name = self._await(child, Hello, self._patience.open_s).device
            self._open_registered(child)
            ready_s.append(self._clock())
            logger.info("the Edge TPU %s is ready after %.2f s", name, ready_s[0] - started_s)
            self._line.open(child)
            self._tell(Phase.READY, name)
            return self._serve(child)
        finally:
            self._line.reset()
            with self._changed:
                for model in self._models.values():
                    model.open_in = None
            logger.debug("the accelerator's process ended: %s", child.kill())

    def _serve(self, child: ChildProcess) -> str:
        """Stay while callers use the child; give why it must end."""
        line = self._line
        while not self._stopping.is_set():
            late = line.outstanding
            if late is not None and self._clock() >= late.until_s:
                raise AcceleratorLost("it hangs")
            alive = child.listen(
                SILENCE_S if late is None else late.until_s - self._clock(), wake=self._wake_out, pipe=late is not None
            )
            self._drain()
            if line.condemned or not alive:
                raise AcceleratorLost(line.condemned or child.last_words())
            if late is not None and child.receive(0) is not None:
                line.outstanding = None  # late, but it lives: its answer is for a picture long gone
            if self._unopened(child):
                line.close()
                if line.outstanding is None:
                    self._open_registered(child)
                line.open(child)
        return ""

    def _unopened(self, child: ChildProcess) -> list[RemoteModel]:
        with self._changed:
            return [model for model in self._models.values() if model.needs_opening_in(child)]

    def _open_registered(self, child: ChildProcess) -> None:
        """Open every model that is not open yet, and let each answer once; nobody else speaks with the child.

        Raises:
            AcceleratorLost: If the child dies or hangs at it.
            AcceleratorUnavailable: If the device cannot be opened.
        """
        while not self._stopping.is_set() and (unopened := self._unopened(child)):
            model = unopened[0]
            child.send(Open(model.key, str(model.path), model.sha256, model.outputs, model.keep_all))
            reply = self._await(child, (Opened, Refused), self._patience.open_s)
            if isinstance(reply, Opened):
                self._line.first_call(
                    child, model, lambda: self._await(child, (Done, Failed), self._patience.first_call_s)
                )
                self._opened(child, model)
            elif isinstance(reply.error, AcceleratorUnavailable):
                raise reply.error
            else:  # this model's fault, not the device's
                with self._changed:
                    model.refusal = reply.error
                    self._changed.notify_all()
                logger.warning("on the Edge TPU, %s", reply.error)

    def _opened(self, child: ChildProcess, model: RemoteModel) -> None:
        with self._changed:
            wanted = model.key in self._models
            model.open_in = child if wanted else None
            self._changed.notify_all()
        if not wanted:  # closed while it was being opened
            child.send(Close(model.key))

    def _await(self, child: ChildProcess, kind: Any, timeout_s: float) -> Any:
        """What the child says next, which must be of that kind.

        Raises:
            AcceleratorLost: If it dies, says something else, or takes too long.
        """
        until_s = self._clock() + timeout_s
        while (left_s := until_s - self._clock()) > 0 and not self._stopping.is_set():
            alive = child.listen(left_s, wake=self._wake_out, pipe=True)
            self._drain()
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

    # --- small things -----------------------------------------------------------------------------------

    def _look(self) -> list[Accelerator]:
        devices = [one for one in self._list_devices() if self._wanted in ("auto", one.device)]
        self._record.seen(devices, self._clock())
        return devices

    def _rest(self, seconds: float) -> None:
        """Sleep, but no longer than until the accelerator is plugged in anew."""
        until_s = self._clock() + seconds
        while not self._stopping.is_set() and (left_s := until_s - self._clock()) > 0:
            self._stopping.wait(min(left_s, self._patience.poll_s))
            devices = [one for one in self._list_devices() if self._wanted in ("auto", one.device)]
            if self._record.seen(devices, self._clock()):
                return

    def _tell(self, phase: Phase, device: str = "", reason: str = "") -> None:
        status = Status(phase, device, reason)
        with self._changed:
            if status == self._status:
                return
            self._status = status
            self._changed.notify_all()
        self._announce(status)

    def _wake(self) -> None:
        try:
            os.write(self._wake_in, b"!")
        except OSError:
            return  # it is awake already, or closed

    def _drain(self) -> None:
        try:
            os.read(self._wake_out, 4096)
        except BlockingIOError:
            return


def _form(detail: Mapping[str, Any]) -> tuple[tuple[int, ...], str]:
    """Shape and dtype of a tensor."""
    return tuple(int(edge) for edge in detail["shape"]), np.dtype(detail["dtype"]).name
