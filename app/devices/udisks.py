"""Mounts what is plugged in, and switches it off again, through udisks2 where that runs.

The D-Bus library (jeepney, extra `drives`) and the service may both be missing: then every drive that the system
did not mount itself stays in `unmounted`, with the reason.

Source of the interface: https://storaged.org/doc/udisks2-api/latest/
"""

from __future__ import annotations

import logging
import math
import threading
import time
from pathlib import Path
from typing import Any

from app.base.i18n import Text, message
from app.base.ports import Drive, UnmountedDrive
from app.devices.drive import MountedDrives

logger = logging.getLogger(__name__)

UDISKS = "org.freedesktop.UDisks2"
MANAGER = "/org/freedesktop/UDisks2/Manager"
HURRY_S = 5.0  # for all that is left to do while the kiosk closes
LOOK_S = 0.5  # after which it is looked whether that has begun
ANSWER_S = 30.0  # a stick that was pulled without unmounting is checked by the kernel first
QUIETLY = {"auth.no_user_interaction": ("b", True)}
MOUNT_OPTIONS = {**QUIETLY, "options": ("s", "nosuid,nodev,noexec")}
NOT_ALLOWED = message("the kiosk may not mount it. Install the kiosk's rule for polkit: see docs/operating.md.")
REASONS = {
    f"{UDISKS}.Error.NotAuthorized": NOT_ALLOWED,
    f"{UDISKS}.Error.NotAuthorizedCanObtain": NOT_ALLOWED,
    "org.freedesktop.DBus.Error.UnknownMethod": message(
        "it holds no file system that this system knows. Format it as FAT or exFAT."
    ),
    f"{UDISKS}.Error.Failed": message(
        "its file system is damaged or unknown here. Repair it on a computer, or format it."
    ),
}
UNKNOWN_REASON = message("it cannot be mounted. Try it on a computer, or use another drive.")
BUSY = f"{UDISKS}.Error.DeviceBusy"


class UDisksFailed(Exception):
    """The service refused, or is not there. `name` is the D-Bus name of the error; empty when nobody answered."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, text)
        self.name, self.text = name, text


class UDisks:
    """The few calls of udisks2 that a kiosk needs. Threads may share it.

    Args:
        bus: "SYSTEM", or the address of a bus.

    All methods that ask for something to be done raise UDisksFailed.
    """

    def __init__(self, bus: str = "SYSTEM") -> None:
        self._bus = bus
        self._lock = threading.Lock()
        self._connection: Any = None
        self._until_s = math.inf

    def runs(self) -> bool:
        """Whether the service answers; the bus starts one that is installed."""
        try:
            self._property(MANAGER, "Manager", "Version")
        except UDisksFailed:
            return False
        return True

    def mount(self, device: str) -> Path:
        """Mount a device such as /dev/sda1; say where."""
        (place,) = self._call(self._object(device), "Filesystem", "Mount", "a{sv}", (MOUNT_OPTIONS,))
        return Path(place)

    def unmount(self, device: str) -> None:
        """Write out what is pending and unmount it."""
        self._call(self._object(device), "Filesystem", "Unmount", "a{sv}", (QUIETLY,))

    def power_off(self, device: str) -> bool:
        """Switch off the disk that a device is on; False where it has no switch."""
        drive = self._property(self._object(device), "Block", "Drive")
        if drive == "/" or not self._property(drive, "Drive", "CanPowerOff"):
            return False
        self._call(drive, "Drive", "PowerOff", "a{sv}", (QUIETLY,))
        return True

    def hurry(self) -> None:
        """The kiosk closes: no answer is waited for longer than `HURRY_S` from now, nor one that is awaited already."""
        self._until_s = time.monotonic() + HURRY_S

    def close(self) -> None:
        """Leave the bus."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _object(self, device: str) -> str:
        (paths,) = self._call(MANAGER, "Manager", "ResolveDevice", "a{sv}a{sv}", ({"path": ("s", device)}, {}))
        if not paths:
            raise UDisksFailed("", f"{device} is unknown to udisks2")
        return str(paths[0])

    def _property(self, path: str, interface: str, name: str) -> Any:
        wanted = (f"{UDISKS}.{interface}", name)
        ((_, value),) = self._call(path, "org.freedesktop.DBus.Properties", "Get", "ss", wanted)
        return value

    def _call(self, path: str, interface: str, method: str, signature: str, body: tuple[Any, ...]) -> tuple[Any, ...]:
        try:
            import jeepney
            from jeepney.io.blocking import open_dbus_connection
        except ImportError as error:
            raise UDisksFailed("", "jeepney is not installed") from error
        full = interface if "." in interface else f"{UDISKS}.{interface}"
        message = jeepney.new_method_call(jeepney.DBusAddress(path, UDISKS, full), method, signature, body)
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = open_dbus_connection(self._bus)
                reply = self._answer(message, jeepney.HeaderFields.reply_serial)
            except (OSError, EOFError, KeyError, ValueError, RuntimeError) as error:  # no bus, or it went away
                self._hang_up()
                raise UDisksFailed("", f"no answer from the system bus ({type(error).__name__}: {error})") from error
        if reply.header.message_type is jeepney.MessageType.error:
            name = str(reply.header.fields.get(jeepney.HeaderFields.error_name, ""))
            absent = name.startswith("org.freedesktop.DBus.Error.") and not name.endswith("UnknownMethod")
            raise UDisksFailed("" if absent else name, str(reply.body[0]) if reply.body else name)
        return tuple(reply.body)

    def _answer(self, message: Any, reply_serial: Any) -> Any:
        """Send a message and wait for its answer.

        Raises:
            TimeoutError: If none comes in time.
        """
        serial, until_s = next(self._connection.outgoing_serial), time.monotonic() + ANSWER_S
        self._connection.send(message, serial=serial)
        while (left_s := min(until_s, self._until_s) - time.monotonic()) > 0:
            try:
                reply = self._connection.receive(timeout=min(left_s, LOOK_S))
            except TimeoutError:
                continue
            if reply.header.fields.get(reply_serial, -1) == serial:
                return reply
        raise TimeoutError("nobody answered")

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class MountingDrives:
    """`MountedDrives` that also mounts what the system left unmounted, each once while it is plugged in.

    Args:
        mounted: Reads what there is.
        udisks: Mounts and unmounts.
    """

    def __init__(self, mounted: MountedDrives, udisks: UDisks) -> None:
        self._mounted, self._udisks = mounted, udisks
        self._lock = threading.Lock()
        self._ours: set[str] = set()
        self._left: dict[str, Text] = {}  # device → why it stays unmounted, until it is pulled

    def present(self) -> tuple[Drive, ...]:
        """Those mounted at this moment, after mounting what can be."""
        with self._lock:
            waiting = self._mounted.unmounted()
            plugged_in = {one.device for one in waiting} | {one.device for one in self._mounted.present()}
            self._left = {device: why for device, why in self._left.items() if device in plugged_in}
            self._ours &= plugged_in
            for one in waiting:
                if one.device not in self._left:
                    self._mount(one)
        return self._mounted.present()

    def unmounted(self) -> tuple[UnmountedDrive, ...]:
        """Those that stay unmounted, but for the ones that were released and may be pulled."""
        with self._lock:
            left = dict(self._left)
        return tuple(
            UnmountedDrive(one.name, one.device, left.get(one.device, one.reason))
            for one in self._mounted.unmounted()
            if left.get(one.device, one.reason)
        )

    def release(self, drive: Drive) -> Text:
        """Unmount and switch off what was mounted here; what the system mounted stays as it is."""
        with self._lock:
            if drive.device not in self._ours:
                return ""
            try:
                self._udisks.unmount(drive.device)
            except UDisksFailed as error:
                logger.warning("%s cannot be unmounted: %s", drive.device, error.text)
                if error.name == BUSY:
                    return message(
                        "Another program uses the drive {drive}: close it before you pull the drive out.",
                        drive=drive.name,
                    )
                return message(
                    "The drive {drive} could not be unmounted: wait until its light rests, then pull it out.",
                    drive=drive.name,
                )
            self._ours.discard(drive.device)
            self._left[drive.device] = ""
            try:
                self._udisks.power_off(drive.device)
            except UDisksFailed as error:  # unmounted is enough; another partition may be in use
                logger.info("%s is not switched off: %s", drive.device, error.text)
        return ""

    def hurry(self) -> None:
        """The kiosk closes: wait for no answer for long any more."""
        self._udisks.hurry()

    def close(self) -> None:
        """Unmount what was mounted here, as far as that is quick, and leave the bus."""
        self._udisks.hurry()
        for drive in self._mounted.present():
            self.release(drive)
        self._udisks.close()

    def _mount(self, waiting: UnmountedDrive) -> None:
        try:
            self._udisks.mount(waiting.device)
        except UDisksFailed as error:
            logger.debug("%s is not mounted: %s", waiting.device, error.text)
            if error.name and not error.name.endswith(".AlreadyMounted"):  # else the service may yet come
                self._left[waiting.device] = REASONS.get(error.name, UNKNOWN_REASON)
        else:
            self._ours.add(waiting.device)
