"""Errors of the kiosk, as a tree: catch as broadly or as narrowly as you need.

KioskError                          everything below
├── ConfigError                     a file or an argument that a person wrote cannot be used
│   ├── ConfigInvalid               a setting is missing, unknown or out of range
│   ├── DatasetInvalid              a folder of pictures by class cannot be trained on
│   ├── PinRefused                  the PIN that was typed cannot be used or stored
│   ├── InstallRefused              the kiosk cannot be installed on, or removed from, this computer
│   ├── BenchmarkUnavailable        the benchmark does not exist, or did not finish
│   ├── ClusterUnavailable          the Dask cluster cannot be used
│   ├── HubRefused                  no model can be made of the folders of the stations
│   └── KeyUnusable                 the file with the key of starters cannot be used
├── CommandIncomplete               a command ran to its end, but could not do all of its work
│   ├── OutputNotWritten            what an option names cannot be written
│   │   ├── OutputStreamNotWritten  standard output or standard error
│   │   ├── JsonNotWritten          the file of --json
│   │   ├── ReportNotWritten        the file of --report
│   │   ├── BundleNotWritten        the file of --bundle
│   │   └── OverlayNotWritten       a picture of --why
│   ├── PicturesSkipped             some of the pictures cannot be read
│   └── DownloadsDamaged            downloaded models are not what was published
├── StorageError                    the data directory cannot be read or written
│   ├── DataDirInUse                another kiosk uses it
│   ├── SettingsNotWritten          a setting that was changed on the screen is not on the disk
│   ├── SessionNotWritten           a change of the session is not on the disk; the session is as before
│   ├── SessionNotRead              the disk does not give back what is stored of the session
│   ├── SessionNotArchived          the session could not be copied to the archive
│   ├── SessionNotErased            the session is over, but its pictures are still on the disk
│   ├── ArchiveUnusable             an archived session cannot be restored
│   ├── PictureNotEncoded           a picture could not be compressed
│   └── PictureDamaged              a stored picture cannot be decoded
├── ModelError                      there is no trained model that can answer
│   ├── NotEnoughTaught             training needs more classes or samples
│   ├── TaughtWithAnotherNetwork    samples of another extractor have no pictures
│   ├── ModelNotWritten             a model file could not be written
│   ├── ExportedModelDisagrees      the exported file answers differently from the trained head
│   └── StarterUnusable             the model that answers before the first training cannot be used
├── ExportError                     a folder on a drive or in the export directory was not written
│   ├── ExportFailed                the system refused, or there is no room
│   ├── FolderOccupied              something else is in the place of the folder; nothing was changed
│   ├── ReadBackDiffers             a file reads back with other content than was written
│   └── DriveGone                   the drive was pulled before everything was on it
│       └── DriveGoneDuringSave     the same after a visitor pressed SAVE
├── UntrustedFolderError            a folder on a visitor's drive cannot be used
│   ├── FolderRefused               its content breaks a rule
│   ├── SandboxFailed               the process that opened it crashed, or used too much time or memory
│   └── DriveUnreadable             the system cannot read it
├── DeviceError                     a device cannot be used
│   ├── CameraUnavailable           the camera cannot be opened, or delivers no pictures
│   ├── DisplayUnavailable          no window can be opened
│   ├── PinsUnavailable             buttons or lamps are on pins that cannot be used
│   └── PowerRefused                the computer could not be switched off
└── WorkerStuck                     a thread did not stop in time

Every text is one line that ends with what to do next. An error that a visitor can see carries a `Message`, so that it
can be shown in every language. The constructor's arguments stay in `args`, so an error can be pickled.

`learning` and `tpu` have error trees of their own, in English. A command prints those texts; the screen shows the
texts that `app.base.error_texts` chooses by class.
"""

from __future__ import annotations

from pathlib import Path

from app.base.camera_faults import CameraCause, CameraFault
from app.base.i18n import Message, Text, message
from app.base.redaction import redacted


class KioskError(Exception):
    """Base of all errors that the kiosk raises."""

    @property
    def message(self) -> Text:
        """The text for the screen: translatable if the error was raised with a `Message`."""
        return self.args[0] if len(self.args) == 1 and isinstance(self.args[0], Message) else super().__str__()

    def __str__(self) -> str:
        return str(self.message)


class ConfigError(KioskError, ValueError):
    """A file or an argument that a person wrote cannot be used."""


class ConfigInvalid(ConfigError):
    """A setting is missing, unknown or out of range."""


class DatasetInvalid(ConfigError):
    """A folder of pictures by class cannot be trained on."""


class PinRefused(ConfigError):
    """The PIN that was typed cannot be used, or cannot be stored."""


class InstallRefused(ConfigError):
    """The kiosk cannot be installed on, or removed from, this computer."""


class BenchmarkUnavailable(ConfigError):
    """The benchmark does not exist, or did not finish."""


class ClusterUnavailable(ConfigError):
    """The Dask cluster that --dask names cannot be used."""


class HubRefused(ConfigError):
    """No model can be made of the folders of the stations, or a file that the hub needs cannot be used."""


class KeyUnusable(ConfigError):
    """The file with the key of starters cannot be used. No text shows the key."""


class CommandIncomplete(KioskError):
    """A command ran to its end, but could not do all of its work."""


class OutputNotWritten(CommandIncomplete):
    """What an option of the command line names cannot be written; `reason` is what the system says."""

    another = ""  # what to name instead, and with which option

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    @property
    def message(self) -> Text:
        """The text for the terminal."""
        return f"cannot write {self.path}: {self.reason}. Name another {self.another}."


class OutputStreamNotWritten(OutputNotWritten):
    """Standard output or standard error cannot be written: the disk that it goes to is full, for example."""

    @property
    def message(self) -> Text:
        """The text for the terminal."""
        return f"cannot write {self.path}: {self.reason}. Send it to another place, or make room there."


class JsonNotWritten(OutputNotWritten):
    """The file of `--json` cannot be written."""

    another = "file with --json"


class ReportNotWritten(OutputNotWritten):
    """The file of `--report` cannot be written."""

    another = "file with --report"


class BundleNotWritten(OutputNotWritten):
    """The file of `--bundle` cannot be written."""

    another = "file with --bundle"


class OverlayNotWritten(OutputNotWritten):
    """A picture of `--why` cannot be written."""

    another = "folder with --why"


class PicturesSkipped(CommandIncomplete):
    """Some of the pictures cannot be read; each of them was named in a warning."""

    def __init__(self, skipped: int, total: int) -> None:
        super().__init__(skipped, total)
        self.skipped, self.total = skipped, total

    @property
    def message(self) -> Text:
        """The text for the terminal."""
        return f"cannot read {self.skipped} of {self.total} pictures. Replace the files named above."


class DownloadsDamaged(CommandIncomplete):
    """Downloaded models are not what was published."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(names)
        self.names = names

    @property
    def message(self) -> Text:
        """The text for the terminal."""
        return f"damaged: {', '.join(self.names)}. Pull them again."


class StorageError(KioskError):
    """The data directory cannot be read or written."""


class DataDirInUse(StorageError):
    """Another kiosk uses this data directory."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.data_dir = data_dir

    @property
    def message(self) -> Text:
        """The text for the terminal and the log."""
        return f"another kiosk uses {self.data_dir}. Close it, or give this one a folder of its own: --data-dir DIR."


class SettingsNotWritten(StorageError):
    """A setting that was changed on the screen is not on the disk; the kiosk uses it until it stops."""

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message("This setting holds until the kiosk stops: it could not be written. Make room on the disk.")


class SessionNotWritten(StorageError):
    """A change of the session is not on the disk; the session is as it was before."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message(
            "the session could not be written ({reason}). Make room on the disk; all else is kept.", reason=self.reason
        )


class SessionNotRead(StorageError):
    """The disk does not give back what is stored of the session; it is as it was before."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message("The pictures could not be read from the disk ({reason}). Please try again.", reason=self.reason)


class SessionNotArchived(StorageError):
    """The session could not be copied to the archive."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message("the session could not be put away ({reason}). Make room on the disk.", reason=self.reason)


class SessionNotErased(StorageError):
    """The session is over, but its pictures are still on the disk: nobody may begin before they are erased."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message(
            "The last pictures cannot be erased yet ({reason}). It tries again by itself. "
            "Please call a member of staff.",
            reason=self.reason,
        )


class ArchiveUnusable(StorageError):
    """An archived session cannot be restored."""


class PictureNotEncoded(StorageError):
    """A picture could not be compressed."""

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message("the picture could not be compressed. Press the button again.")


class PictureDamaged(StorageError):
    """A stored picture cannot be decoded."""

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message("a stored picture is damaged. Take it back with UNDO, or RESET the session.")


class ModelError(KioskError):
    """There is no trained model that can answer."""


class NotEnoughTaught(ModelError, ValueError):
    """Training needs more classes or samples."""


class TaughtWithAnotherNetwork(ModelError):
    """Samples of another extractor have no pictures, so they cannot be embedded again, and no model be trained."""

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message(
            "This was taught with an earlier network, and its pictures were not kept. So nothing can be added to it, "
            "but it still answers. Press RESET to begin again."
        )


class ModelNotWritten(ModelError):
    """A model file could not be written; the file that was there before is unchanged."""

    def __init__(self, folder: Path, reason: Text) -> None:
        super().__init__(folder, reason)
        self.folder, self.reason = folder, reason

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message(
            "the model could not be written to {folder}: {reason}. Make room there and press TRAIN again.",
            folder=self.folder,
            reason=self.reason,
        )


class ExportedModelDisagrees(ModelError):
    """The exported file answers differently from the trained head."""


class StarterUnusable(ModelError):
    """The model that answers before the first training cannot be used."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message(
            "The starter in {folder} cannot be used. Name a folder that SAVE wrote in idle.starter.", folder=self.folder
        )


class ExportError(KioskError):
    """A folder on a drive or in the export directory was not written."""


class ExportFailed(ExportError):
    """The system refused to write the folder, or there is no room for it."""


class FolderOccupied(ExportError):
    """Something else is in the place of the folder; nothing was changed."""


class ReadBackDiffers(ExportError):
    """A file reads back with other content than was written."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.file = file

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message("{file} reads back changed: the drive is failing. Use another drive.", file=self.file)


class DriveGone(ExportError):
    """The drive was pulled before everything was on it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message("the drive {drive} was pulled too early. Plug it in and write to it again.", drive=self.name)


class DriveGoneDuringSave(DriveGone):
    """The drive was pulled after a visitor pressed SAVE and before everything was on it."""

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message(
            "the drive {drive} was pulled too early. Plug it in again, then press SAVE again.", drive=self.name
        )


class UntrustedFolderError(KioskError):
    """A folder on a visitor's drive cannot be used."""


class FolderRefused(UntrustedFolderError):
    """The content of the folder breaks a rule."""


class SandboxFailed(UntrustedFolderError):
    """The process that opened the folder's files crashed, or used too much time or memory."""


class DriveUnreadable(UntrustedFolderError):
    """The system cannot read the folder."""


class DeviceError(KioskError):
    """A device cannot be used."""


class CameraUnavailable(DeviceError):
    """The camera cannot be opened, or delivers no pictures. `source` shows no password.

    `faults` names every camera that was tried, if there was more than this one.
    """

    def __init__(
        self,
        source: str,
        reason: Text,
        cause: CameraCause = CameraCause.OTHER,
        faults: tuple[CameraFault, ...] = (),
    ) -> None:
        source = redacted(source)
        super().__init__(source, reason, cause, faults)
        self.source, self.reason, self.cause = source, reason, cause
        self.faults = faults or (CameraFault(source, cause),)

    @property
    def message(self) -> Text:
        """The text for the screen."""
        return message("camera {source}: {reason}", source=self.source, reason=self.reason)


class DisplayUnavailable(DeviceError):
    """No window can be opened."""


class PinsUnavailable(DeviceError):
    """Buttons or lamps are on pins that cannot be used."""


class PowerRefused(DeviceError):
    """The computer could not be switched off."""


class WorkerStuck(KioskError):
    """A thread did not stop in time."""

    def __init__(self, name: str, waited_s: float) -> None:
        super().__init__(name, waited_s)
        self.name, self.waited_s = name, waited_s

    @property
    def message(self) -> Text:
        """The text for the terminal and the log."""
        return f"the {self.name} worker did not stop within {self.waited_s:.0f} s. Restart the kiosk."
