"""The text of the status strip: the Edge TPU answers, the CPU answers instead, or nothing does."""

from __future__ import annotations

from app.base.i18n import Text, message
from app.core.events import BackendChanged
from tpu.edgetpu.supervisor import Phase, Status
from tpu.extractor import EmbeddingExtractor


def backend_now(extractor: EmbeddingExtractor, status: Status | None) -> BackendChanged:
    """Return what answers now.

    Args:
        extractor: The extractor in use; it may have a CPU counterpart.
        status: State of the accelerator; None if none is used.
    """
    if status is None:
        return BackendChanged("CPU")
    if status.phase is Phase.READY:
        return BackendChanged(f"Edge TPU {status.device}", device=status.device)
    if extractor.counterpart_bytes is None:
        return BackendChanged(message("no answer"), extractor.unavailable_reason(), blind=True)
    names: dict[Phase, Text] = {
        Phase.OPENING: message("CPU – opening the Edge TPU"),
        Phase.BROKEN: message("CPU – the Edge TPU does not answer"),
    }
    return BackendChanged(names.get(status.phase, "CPU"), status.reason or None)
