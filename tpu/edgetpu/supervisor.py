"""Keep an Edge TPU working: start its child process, limit the time of every step, kill it if it hangs, retry.

A thread of the supervisor does this. Other threads send pictures through the `ChildClient`, which returns None if the
accelerator does not answer in time; the caller then uses the CPU. So no other thread waits for a device that is slow
to open, hangs or is unplugged.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tpu.edgetpu.child_session import ChildSession
from tpu.edgetpu.client import ChildClient
from tpu.edgetpu.devices import Accelerator, list_accelerators
from tpu.edgetpu.lock import lock_device
from tpu.edgetpu.process import ChildProcess
from tpu.edgetpu.registry import ModelRegistry, RemoteModel
from tpu.edgetpu.timeouts import DEFAULT_TIMEOUTS, RetryHistory, Timeouts
from tpu.edgetpu.wakeup import WakePipe
from tpu.errors import AcceleratorLost, DriverMismatch, RuntimeLayerError
from tpu.runtime import DEFAULT_DRIVER, Driver, runtime_for_edge_tpu

logger = logging.getLogger(__name__)

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


class EdgeTpuSupervisor:
    """Keeps an Edge TPU working in a child process. Threads may share it.

    Args:
        runtime: "auto", "litert", "tflite-runtime" or "pycoral".
        device: "auto", "usb:N" or "pci:N".
        driver: How it is opened.
        timeouts: How long each step may take.
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
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        list_devices: ListDevices = list_accelerators,
        lock_folder: Path | None = None,
        announce: Callable[[Status], None] = lambda _status: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime_for_edge_tpu(runtime)
        self._wanted, self._driver, self._timeouts = device, driver, timeouts
        self._list_devices, self._lock_folder = list_devices, lock_folder
        self._announce, self._clock = announce, clock
        self._registry, self._bell = ModelRegistry(), WakePipe()
        self._changed = self._registry.changed  # guards _status, too
        self._status = Status(Phase.LOOKING)
        self._record = RetryHistory(timeouts)
        self._line = ChildClient(answer_s=timeouts.answer_s, call_s=timeouts.call_s, wake=self._bell.ring, clock=clock)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="accelerator", daemon=True)

    # --- for everybody ----------------------------------------------------------------------------------

    def start(self) -> EdgeTpuSupervisor:
        """Begin to look for the accelerator."""
        self._thread.start()
        return self

    def close(self) -> None:
        """End the child and the thread; answers are None from now on. A second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._bell.ring()
        if self._thread.is_alive():
            self._thread.join()
        self._bell.close()

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
        model = self._registry.add(
            path, sha256, input_detail=input_detail, output_details=output_details, keep_all=keep_all
        )
        self._bell.ring()
        return model

    def unregister(self, model: RemoteModel) -> None:
        """Free a model; a second call does nothing."""
        self._registry.remove(model)
        self._line.forget(model)

    def answer(self, model: RemoteModel, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...] | None:
        """Run a model on an input; None when the CPU shall answer instead, a quarter of a second later at most."""
        return self._line.call(model, tensor)

    # --- the thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._try_once()
            except Exception:  # whatever it is, the kiosk goes on with the CPU
                logger.exception("the watch over the accelerator failed")
                self._tell(Phase.BROKEN, reason="it cannot be watched. Restart the kiosk.")
                self._rest(self._timeouts.longest_retry_s)

    def _try_once(self) -> None:
        """Look for a device and live with it until it ends; then rest as long as that deserves."""
        if not self._registry.wait_for_one(self._timeouts.poll_s):
            return
        devices = self._look()
        usable = [one for one in devices if not one.problem]
        if not usable:
            self._tell(*((Phase.BROKEN, devices[0].device, f"{devices[0].problem}.") if devices else (Phase.ABSENT,)))
            self._rest(self._timeouts.poll_s)
            return
        device = usable[0]
        lock = lock_device(device.path, self._lock_folder)
        if lock is None:
            self._tell(Phase.BROKEN, device.device, "another kiosk on this machine uses it. Close that one.")
            self._rest(self._timeouts.poll_s)
            return
        started_s = self._clock()
        ready_s: list[float] = []
        crashed, reason = True, "it is stopped"
        try:
            self._live(device, lock, ready_s)
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
            self._rest(self._timeouts.longest_retry_s)

    def _live(self, device: Accelerator, lock: int, ready_s: list[float]) -> None:
        """Start a child, open what is registered, note when it was ready, and stay until all ends.

        Raises:
            AcceleratorLost: If it died or hung.
            AcceleratorUnavailable: If it cannot be opened.
        """
        self._tell(Phase.OPENING, device.device)
        started_s = self._clock()
        child = ChildProcess(
            runtime=self._runtime, driver=self._driver, device=device.device, device_path=device.path, inherited=(lock,)
        )
        service = ChildSession(
            child,
            registry=self._registry,
            line=self._line,
            timeouts=self._timeouts,
            bell=self._bell,
            stopping=self._stopping,
            clock=self._clock,
        )
        try:
            name = service.greet()
            service.open_models()
            ready_s.append(self._clock())
            logger.info("the Edge TPU %s is ready after %.2f s", name, ready_s[0] - started_s)
            self._line.open(child)
            self._tell(Phase.READY, name)
            service.serve()
        finally:
            self._line.reset()
            self._registry.all_closed()
            logger.debug("the accelerator's process ended: %s", child.kill())

    # --- small things -----------------------------------------------------------------------------------

    def _look(self) -> list[Accelerator]:
        devices = [one for one in self._list_devices() if self._wanted in ("auto", one.device)]
        self._record.seen(devices, self._clock())
        return devices

    def _rest(self, seconds: float) -> None:
        """Sleep, but no longer than until the accelerator is plugged in anew."""
        until_s = self._clock() + seconds
        while not self._stopping.is_set() and (left_s := until_s - self._clock()) > 0:
            self._stopping.wait(min(left_s, self._timeouts.poll_s))
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
