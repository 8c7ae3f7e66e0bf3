"""An accelerator for programs that run once: opened for a model that is compiled for it, closed with the program."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tpu.edgetpu.devices import list_accelerators
from tpu.edgetpu.supervisor import EdgeTpuSupervisor, ListDevices, Phase
from tpu.edgetpu.timeouts import DEFAULT_TIMEOUTS
from tpu.errors import AcceleratorUnavailable
from tpu.runtime import CPU, DEFAULT_DRIVER, EDGE_TPU_OPERATOR, Driver, refuse_missing

logger = logging.getLogger(__name__)


@contextmanager
def accelerator_for(
    model: Path,
    *,
    runtime: str = "auto",
    device: str = "auto",
    driver: Driver = DEFAULT_DRIVER,
    list_devices: ListDevices = list_accelerators,
) -> Iterator[EdgeTpuSupervisor | None]:
    """Give the accelerator that a model needs; None when it runs on the CPU alone.

    Args:
        model: A `.tflite` file.
        runtime, device, driver, list_devices: As for EdgeTpuSupervisor; "cpu" needs none.

    Raises:
        RuntimeNotInstalled: If the runtime is unknown or not there.
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


def settle(accelerator: EdgeTpuSupervisor | None, device: str) -> None:
    """Wait until it is known whether the accelerator answers, once a model is registered with it.

    Raises:
        AcceleratorUnavailable: If it was asked for by name and does not.
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
        logger.warning("the Edge TPU does not answer, the CPU does: %s", reason)


def is_compiled(model: Path) -> bool:
    """Whether a file is compiled for the Edge TPU; a file that cannot be read is not."""
    try:
        return EDGE_TPU_OPERATOR in model.read_bytes()
    except OSError:
        return False
