"""Use an accelerator in a program that runs once, such as `train`: open it for one model, close it at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from tpu.edgetpu.devices import list_accelerators
from tpu.edgetpu.supervisor import EdgeTpuSupervisor, ListDevices, Phase
from tpu.edgetpu.timeouts import DEFAULT_TIMEOUTS
from tpu.errors import AcceleratorUnavailable, ModelUnreadable, StrPath
from tpu.model_file import read_model_file
from tpu.runtime import CPU, DEFAULT_DRIVER, EDGE_TPU_OPERATOR, Driver, refuse_missing

logger = logging.getLogger(__name__)


@contextmanager
def accelerator_for(
    model: StrPath,
    *,
    runtime: str = "auto",
    device: str = "auto",
    driver: Driver = DEFAULT_DRIVER,
    list_devices: ListDevices = list_accelerators,
) -> Iterator[EdgeTpuSupervisor | None]:
    """Start the accelerator for a model inside a `with` block; None if the model runs on the CPU only.

    Args:
        model: A `.tflite` file.
        runtime, device, driver, list_devices: See `EdgeTpuSupervisor`; the device "cpu" starts none.

    Raises:
        RuntimeNotInstalled: If the runtime is unknown or not installed.
    """
    refuse_missing(runtime)
    if device == CPU or not is_compiled(model):
        yield None
        return
    supervisor = EdgeTpuSupervisor(runtime=runtime, device=device, driver=driver, list_devices=list_devices).start()
    try:
        yield supervisor
    finally:
        supervisor.close()


def wait_until_usable(accelerator: EdgeTpuSupervisor | None, device: str) -> None:
    """Wait until it is known whether the accelerator works. Call it after opening a model on the accelerator.

    Raises:
        AcceleratorUnavailable: If `device` names an Edge TPU and it does not work. With "auto" this is only logged.
    """
    if accelerator is None:
        return
    status = accelerator.wait_until_settled(2 * DEFAULT_TIMEOUTS.open_s)
    if status.phase is Phase.READY:
        return
    reason = status.reason or "it is not plugged in"
    if device != "auto":
        raise AcceleratorUnavailable(f"the Edge TPU {device}: {reason.rstrip('.')}. Use --device auto or cpu to go on.")
    if status.phase is not Phase.ABSENT:
        logger.warning("the Edge TPU does not answer, the CPU is used: %s", reason)


def is_compiled(model: StrPath) -> bool:
    """Return whether a file is compiled for the Edge TPU; False if it cannot be read."""
    try:
        return EDGE_TPU_OPERATOR in read_model_file(model)
    except ModelUnreadable:
        return False
