"""Why a camera delivers no pictures: a cause that the screen can explain, and which camera it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CameraCause(Enum):
    """What is wrong with a camera, as far as a person in front of it can do something about it."""

    NOT_CONNECTED = "not connected"  # the one that is wanted, or was there before
    NONE = "none"  # no camera at all
    SILENT = "silent"  # it is connected and sends nothing
    FROZEN = "frozen"
    BUSY = "busy"  # another program uses it
    NOT_OPENED = "not opened"  # the system does not say why
    FORBIDDEN = "forbidden"
    NETWORK = "network"  # a stream that does not answer
    MODULE_CABLE = "module cable"  # the flat cable of a camera module
    PROGRAM = "program"  # the program of a camera module is missing, too old, or ended
    FILE = "file"  # a video or folder that cannot be shown
    OTHER = "other"


@dataclass(frozen=True)
class CameraFault:
    """A camera that was tried.

    Attributes:
        source: Its name as the settings write it, without a password.
        cause: What is wrong.
    """

    source: str
    cause: CameraCause
