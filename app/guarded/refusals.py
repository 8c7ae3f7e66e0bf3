"""Texts for the reasons with which the sandbox refuses a file, by the code word that it returns.

No text of the sandbox itself is shown: the file may control that process. Details go to the log.
"""

from __future__ import annotations

from app.base.i18n import Message, message

REFUSALS: dict[str, Message] = {
    "slow": message("it takes too long for one picture."),
    "no_probabilities": message("its answers are no probabilities."),
    "no_classifier": message("it does not end in probabilities. Use a model that TRAIN exported."),
    "other_classes": message("its model tells other classes apart than its labels name."),
    "no_model": message("its model is damaged, or made for another machine."),
    "no_answer": message("its model gives no answer."),
    "members": message("session.npz holds more than the samples."),
    "damaged": message("session.npz is damaged."),
    "bomb": message("session.npz would unpack to more than a session holds."),
    "odd_embeddings": message("{array} in session.npz is not what the kiosk writes.", array="embeddings"),
    "odd_label_indices": message("{array} in session.npz is not what the kiosk writes.", array="label_indices"),
    "odd_holds": message("{array} in session.npz is not what the kiosk writes.", array="holds"),
    "odd_made": message("{array} in session.npz is not what the kiosk writes.", array="made"),
    "odd_made_source": message("{array} in session.npz is not what the kiosk writes.", array="made_source"),
}
