"""What can go wrong in the kiosk. Every text is fit for the person standing at it and names the next step.

    KioskError
    ├── ConfigInvalid
    ├── SettingsNotKept
    ├── DataDirInUse
    ├── CameraUnavailable
    ├── DisplayUnavailable
    ├── PinsUnavailable
    ├── InstallRefused
    ├── SessionUnreadable
    ├── SampleNotStored
    ├── ArchiveUnusable
    ├── StarterUnusable
    ├── PowerRefused
    ├── NotEnoughTaught
    ├── DatasetInvalid
    ├── ExportedModelDisagrees
    ├── ExportFailed
    │   └── DriveGone
    ├── FolderRefused
    ├── BenchmarkUnavailable
    └── WorkerStuck

Errors of `learning` and `tpu` have trees of their own, in English: those packages know nothing of languages. A command
prints them as they are; at the kiosk `app.base.error_texts` tells their kind.
"""

from __future__ import annotations

from app.base.i18n import Message, Text, message


class KioskError(Exception):
    """Base of all errors that the kiosk itself raises. Raised with a `Message` it can be told in every language."""

    @property
    def message(self) -> Text:
        """What to show: in the visitor's language where the error was raised with a message."""
        return self.args[0] if len(self.args) == 1 and isinstance(self.args[0], Message) else str(self)


class ConfigInvalid(KioskError, ValueError):
    """A setting is missing, unknown or out of range."""


class SettingsNotKept(KioskError):
    """A setting that was changed on the screen could not be written."""


class DataDirInUse(KioskError):
    """Another kiosk keeps its session in this folder."""


class CameraUnavailable(KioskError):
    """The camera cannot be opened, or delivers no pictures."""

    def __init__(self, source: str, reason: Text) -> None:
        super().__init__(source, reason)
        self.source, self.reason = source, reason

    @property
    def message(self) -> Text:
        return message("camera {source}: {reason}", source=self.source, reason=self.reason)

    def __str__(self) -> str:
        return str(self.message)


class DisplayUnavailable(KioskError):
    """No window can be opened."""


class PinsUnavailable(KioskError):
    """Buttons or lamps are on pins that cannot be used."""


class InstallRefused(KioskError):
    """The kiosk cannot be made to start with the power on this computer, or cannot be taken away."""


class SessionUnreadable(KioskError):
    """The session on disk cannot be opened."""


class SampleNotStored(KioskError):
    """A sample could not be made durable."""


class ArchiveUnusable(KioskError):
    """A session that was kept cannot be brought back."""


class StarterUnusable(KioskError):
    """The model that should answer before anybody taught cannot."""


class PowerRefused(KioskError):
    """The machine could not be switched off."""


class NotEnoughTaught(KioskError, ValueError):
    """Fewer classes or samples than training needs."""


class DatasetInvalid(KioskError, ValueError):
    """A folder of pictures by class cannot be used."""


class ExportedModelDisagrees(KioskError):
    """The exported file answers unlike the model it was made from."""


class ExportFailed(KioskError, OSError):
    """The folder for the visitor could not be written whole."""


class DriveGone(ExportFailed):
    """The drive was pulled before everything was on it. `by_save` tells a visitor's SAVE from what staff write."""

    def __init__(self, name: str, by_save: bool = True) -> None:
        super().__init__(name, by_save)
        self.name, self.by_save = name, by_save

    @property
    def message(self) -> Text:
        if not self.by_save:
            return message("the drive {drive} was pulled too early. Plug it in and write to it again.", drive=self.name)
        return message(
            "the drive {drive} was pulled too early. Plug it in again, then press SAVE again.", drive=self.name
        )

    def __str__(self) -> str:
        return str(self.message)


class FolderRefused(KioskError):
    """What a stranger's drive holds is not used."""


class BenchmarkUnavailable(KioskError):
    """No such benchmark, or it did not finish."""


class WorkerStuck(KioskError):
    """A thread did not stop when told to."""

    def __init__(self, name: str, waited_s: float) -> None:
        super().__init__(name, waited_s)
        self.name, self.waited_s = name, waited_s

    def __str__(self) -> str:
        return f"the {self.name} worker did not stop within {self.waited_s:.0f} s. Restart the kiosk."
