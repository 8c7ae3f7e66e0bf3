"""Texts for the reasons why a file of unknown origin is refused.

No text that comes from a guarded process is shown: the file may control that process. Details go to the log.
"""

from __future__ import annotations

from app.base.i18n import Message, message
from tpu.errors import InferenceFailed, LabelCountMismatch, ModelStopped, NotAClassifier, RuntimeLayerError

REFUSALS: dict[str, Message] = {
    "members": message("session.npz holds more than the samples."),
    "damaged": message("session.npz is damaged."),
    "bomb": message("session.npz would unpack to more than a session holds."),
    "odd_embeddings": message("{array} in session.npz is not what the kiosk writes.", array="embeddings"),
    "odd_label_indices": message("{array} in session.npz is not what the kiosk writes.", array="label_indices"),
    "odd_holds": message("{array} in session.npz is not what the kiosk writes.", array="holds"),
    "odd_made": message("{array} in session.npz is not what the kiosk writes.", array="made"),
    "odd_made_source": message("{array} in session.npz is not what the kiosk writes.", array="made_source"),
}
"""By the code word that the child process returns."""

STOPPED: dict[str, Message] = {
    "time": message("it takes too long, so it was stopped."),
    "memory": message("it takes more memory than a folder of the kiosk needs, so it was stopped."),
    "crash": message("it is damaged, or made to do harm: looking into it ended in a crash."),
}
"""By why a guarded process was ended (`tpu.errors.ModelStopped.kind`)."""

TOO_SLOW = message("it cannot be used: {reason}", reason=message("it takes too long for one picture."))

_BY_KIND: tuple[tuple[type[RuntimeLayerError], Message], ...] = (
    (NotAClassifier, message("it does not end in probabilities. Use a model that TRAIN exported.")),
    (LabelCountMismatch, message("its model and its list of names do not match.")),
    (InferenceFailed, message("its model gives no answer.")),
)


def refusal_of(error: RuntimeLayerError) -> Message:
    """Return why a model of unknown origin is refused."""
    if isinstance(error, ModelStopped) and error.kind == "late":
        return message("it takes too long for one picture.")
    if isinstance(error, ModelStopped) and error.kind == "error":
        return message("its model gives no answer.")
    found = next((text for kind, text in _BY_KIND if isinstance(error, kind)), None)
    return found or message("its model is damaged, or made for another machine.")
