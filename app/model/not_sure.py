"""Apply the setting `[model] not_sure` to a model file, so that its answers are those of the kiosk with that setting.

The kiosk's own file keeps the test that the training found, and the screen applies the setting to its results: a change
takes effect at once. A folder that leaves the kiosk has no settings, so the setting is written into its model files.
"""

from __future__ import annotations

import io
import zipfile

import numpy as np

from app.base.not_sure import STRICT_FACTOR, NotSure, strict_threshold
from app.config.schema import ModelSettings
from learning.novelty import NOVELTY_FILE, with_limit


def applied_threshold(settings: ModelSettings, threshold: float) -> float:
    """Return the top probability that an answer needs with these settings, from that of a model: 0..1."""
    setting = NotSure(settings.not_sure)
    if setting is NotSure.OFF:
        return 0.0
    floored = max(threshold, settings.not_sure_below)
    return strict_threshold(floored) if setting is NotSure.STRICT else floored


def with_settings_applied(model: bytes, settings: ModelSettings) -> bytes:
    """Return a model file whose novelty test refuses what the kiosk refuses with these settings.

    Args:
        model: A file that `learning.tflite_export.append_head` made, with or without a novelty test.
        settings: With `not_sure = "off"` the result has no test; with "strict" its limits are tighter.
    """
    if NotSure(settings.not_sure) is NotSure.NORMAL and not settings.not_sure_below:
        return model
    try:
        with zipfile.ZipFile(io.BytesIO(model)) as archive:
            entries = archive.infolist()
            begins = min(entry.header_offset for entry in entries)
            files = [(entry, archive.read(entry)) for entry in entries]
    except (zipfile.BadZipFile, ValueError):
        return model
    stream = io.BytesIO(model[:begins])
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for entry, data in files:
            changed = _changed_test(data, settings) if entry.filename == NOVELTY_FILE else data
            if changed is not None:
                archive.writestr(zipfile.ZipInfo(entry.filename, entry.date_time), changed)
    return stream.getvalue()


def _changed_test(data: bytes, settings: ModelSettings) -> bytes | None:
    setting = NotSure(settings.not_sure)
    if setting is NotSure.OFF:
        return None
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        test = {name: arrays[name] for name in arrays.files}
    if setting is NotSure.STRICT:
        test = with_limit(test, 1 / STRICT_FACTOR)
    test["threshold"] = np.float32(applied_threshold(settings, float(test["threshold"])))
    stream = io.BytesIO()
    np.savez(stream, **test)
    return stream.getvalue()
