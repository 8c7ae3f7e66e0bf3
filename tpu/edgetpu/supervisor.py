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
from typing import Any

from numpy.typing import NDArray

from tpu.edgetpu.child_session import ChildSession
from tpu.edgetpu.client import ChildClient
from tpu.edgetpu.devices import Accelerator, list_accelerators
from tpu.edgetpu.lock import lock_device
from tpu.edgetpu.process import ChildProcess
from tpu.edgetpu.registry import ModelRegistry, RemoteModel
from tpu.edgetpu.retry_history import RetryHistory
from tpu.edgetpu.timeouts import DEFAULT_TIMEOUTS, Timeouts
from tpu.edgetpu.wakeup import WakePipe
from tpu.errors import AcceleratorLost, DriverMismatch, RuntimeLayerError, StrPath
from tpu.runtime import DEFAULT_DRIVER, Driver, runtime_for_edge_tpu

logger = logging.getLogger(__name__)

ListDevices = Callable[[], Sequence[Accelerator]]


class Phase(Enum):
    """What the accelerator is doing."""

    LOOKING = "looking"
    ABSENT = "absent"
    OPENING = "opening"
    READY = "ready"
    BROKEN = "broken"


@dataclass(frozen=True)
class Status:
    """The state of the accelerator: its phase, its device, and the reason if it does not work."""

    phase: Phase
    device: str = ""
    reason: str = ""


class EdgeTpuSupervisor:
    """Keeps an Edge TPU working in a child process. Threads may share it.

    Args:
        runtime: "auto", "litert", "tflite-runtime" or "pycoral".
        device: "auto", "usb:N" or "pci:N".
        driver: The driver library and its options.
        timeouts: Limits for each step.
        list_devices: Returns the devices that are plugged in.
        lock_folder: Folder of lock files; see `lock_device`.
        on_status: Called with every new status, on the supervisor's thread.
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
        lock_folder: StrPath | None = None,
        on_status: Callable[[Status], None] = lambda _status: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime_for_edge_tpu(runtime)
        self._wanted, self._driver, self._timeouts = device, driver, timeouts
        self._list_devices, self._lock_folder = list_devices, lock_folder
        self._on_status, self._clock = on_status, clock
        self._registry, self._wake_pipe = ModelRegistry(), WakePipe()
        self._changed = self._registry.changed  # guards _status, too
        self._status = Status(Phase.LOOKING)
        self._history = RetryHistory(timeouts)
        self._client = ChildClient(
            answer_s=timeouts.answer_s, call_s=timeouts.call_s, wake=self._wake_pipe.wake, clock=clock
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="accelerator", daemon=True)

    def start(self) -> EdgeTpuSupervisor:
        """Start the supervisor's thread; return self."""
        self._thread.start()
        return self

    def close(self) -> None:
        """End the child and the thread; `answer` returns None from now on. A second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._wake_pipe.wake()
        if self._thread.is_alive():
            self._thread.join()
        self._wake_pipe.close()

    @property
    def status(self) -> Status:
        """The current state."""
        return self._status

    def wait_until_settled(self, timeout_s: float) -> Status:
        """Wait until it is known whether the accelerator works; return the status."""
        with self._changed:
            self._changed.wait_for(lambda: self._status.phase not in (Phase.LOOKING, Phase.OPENING), timeout_s)
            return self._status

    def wait_until_open(self, model: RemoteModel, timeout_s: float) -> bool:
        """Wait until a model is open on the accelerator or cannot be opened now; return whether it is open."""
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
        path: StrPath,
        sha256: str,
        *,
        input_detail: Mapping[str, Any],
        output_details: Sequence[Mapping[str, Any]],
        keep_all: bool = False,
    ) -> RemoteModel:
        """Register a compiled model, to be open whenever the accelerator is ready.

        Args:
            path: The file. It is read again at every start of the child.
            sha256: Of its bytes, hexadecimal; a changed file is refused.
            input_detail: The interpreter's entry for its one input.
            output_details: The interpreter's entries for the tensors that every call should return, in this order.
            keep_all: Whether one of them is not an output of the model.

        Raises:
            ModelUnsupported: If its input is larger than the memory shared with the child.
        """
        model = self._registry.add(
            path, sha256, input_detail=input_detail, output_details=output_details, keep_all=keep_all
        )
        self._wake_pipe.wake()
        return model

    def unregister(self, model: RemoteModel) -> None:
        """Free a model; a second call does nothing."""
        self._registry.remove(model)
        self._client.release(model)

    def answer(self, model: RemoteModel, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...] | None:
        """Run a model on an input tensor; return None within `answer_s` if the caller should use the CPU."""
        return self._client.call(model, tensor)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._try_once()
            except Exception:  # a bug must not stop the kiosk: it continues on the CPU
                logger.exception("the supervisor of the accelerator failed")
                self._set_status(Phase.BROKEN, reason="its supervisor failed. Restart the kiosk.")
                self._pause(self._timeouts.longest_retry_s)

    def _try_once(self) -> None:
        """Look for a device and run it until it fails; then wait before the next try."""
        if not self._registry.wait_for_one(self._timeouts.poll_s):
            return
        devices = self._devices()
        self._history.record_devices(devices, self._clock())
        usable = [one for one in devices if not one.problem]
        if not usable:
            if devices:
                self._set_status(Phase.BROKEN, devices[0].device, f"{devices[0].problem}.")
            else:
                self._set_status(Phase.ABSENT)
            self._pause(self._timeouts.poll_s)
            return
        device = usable[0]
        lock = lock_device(device.path, self._lock_folder)
        if lock is None:
            self._set_status(Phase.BROKEN, device.device, "another kiosk on this machine uses it. Close that one.")
            self._pause(self._timeouts.poll_s)
            return
        started_s = self._clock()
        ready_since_s: list[float] = []
        crashed, reason = True, "it is stopped"
        try:
            self._run_child(device, lock, ready_since_s)
        except AcceleratorLost as lost:
            reason = str(DriverMismatch()) if "SIGSEGV" in str(lost) and not ready_since_s else str(lost)
        except RuntimeLayerError as error:
            reason, crashed = str(error), False
        finally:
            os.close(lock)
        if self._stopping.is_set():
            return
        ready_s = self._clock() - ready_since_s[0] if ready_since_s else 0.0
        delay_s = self._history.record_end(crashed=crashed, ready_s=ready_s)
        logger.warning("the Edge TPU %s does not answer: %s (%.1f s)", device.device, reason, self._clock() - started_s)
        advice = " Unplug it and plug it in again." if self._history.given_up else ""
        self._set_status(Phase.BROKEN, device.device, f"{reason.rstrip('.')}.{advice}")
        self._pause(delay_s)
        while self._history.given_up and not self._stopping.is_set():
            self._pause(self._timeouts.longest_retry_s)

    def _run_child(self, device: Accelerator, lock: int, ready_since_s: list[float]) -> None:
        """Start a child, open the registered models, and watch the child until it fails or the supervisor stops.

        Args:
            device: The device to open.
            lock: File descriptor of its lock, for the child to inherit.
            ready_since_s: The time at which the child became ready is appended to it.

        Raises:
            AcceleratorLost: If the child died or hung.
            AcceleratorUnavailable: If the device cannot be opened.
        """
        self._set_status(Phase.OPENING, device.device)
        started_s = self._clock()
        child = ChildProcess(
            runtime=self._runtime, driver=self._driver, device=device.device, device_path=device.path, inherited=(lock,)
        )
        session = ChildSession(
            child,
            registry=self._registry,
            client=self._client,
            timeouts=self._timeouts,
            wake_pipe=self._wake_pipe,
            stopping=self._stopping,
            clock=self._clock,
        )
        try:
            name = session.wait_until_started()
            session.open_models()
            ready_since_s.append(self._clock())
            logger.info("the Edge TPU %s is ready after %.2f s", name, ready_since_s[0] - started_s)
            self._client.connect(child)
            self._set_status(Phase.READY, name)
            session.watch()
        finally:
            self._client.reset()
            self._registry.mark_all_closed()
            logger.debug("the accelerator's process ended: %s", child.kill())

    def _devices(self) -> list[Accelerator]:
        return [one for one in self._list_devices() if self._wanted in ("auto", one.device)]

    def _pause(self, seconds: float) -> None:
        """Wait, but return early if the accelerator is plugged in again."""
        until_s = self._clock() + seconds
        while not self._stopping.is_set() and (left_s := until_s - self._clock()) > 0:
            self._stopping.wait(min(left_s, self._timeouts.poll_s))
            if self._history.record_devices(self._devices(), self._clock()):
                return

    def _set_status(self, phase: Phase, device: str = "", reason: str = "") -> None:
        status = Status(phase, device, reason)
        with self._changed:
            if status == self._status:
                return
            self._status = status
            self._changed.notify_all()
        self._on_status(status)
