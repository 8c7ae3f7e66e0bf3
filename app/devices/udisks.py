"""Mount drives that are plugged in, and unmount and switch them off again, through the service udisks2.

If the D-Bus library (jeepney, extra `drives`) or the service is missing, drives that the system did not mount stay in
`unmounted`, with the reason.

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
CLOSING_S = 5.0  # limit for all calls while the kiosk closes
POLL_S = 0.5  # how often a waiting call checks whether the kiosk closes
ANSWER_S = 30.0  # mounting takes long if the kernel checks a stick that was pulled without unmounting
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
    """udisks2 refused, or did not answer. `name` is the D-Bus name of the error; empty without an answer."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, text)
        self.name, self.text = name, text


class UDisks:
    """The calls of udisks2 that the kiosk needs. Threads may share it.

    Args:
        bus: "SYSTEM", or the address of a bus.

    Raises:
        UDisksFailed: From `mount`, `unmount` and `power_off`, if the service refuses or does not answer.
    """

    def __init__(self, bus: str = "SYSTEM") -> None:
        self._bus = bus
        self._lock = threading.Lock()
        self._connection: Any = None
        self._until_s = math.inf

    def runs(self) -> bool:
        """Whether the service answers; the bus starts it if it is installed."""
        try:
            self._property(MANAGER, "Manager", "Version")
        except UDisksFailed:
            return False
        return True

    def mount(self, device: str) -> Path:
        """Mount a device such as /dev/sda1 and return the mount point."""
        (place,) = self._call(self._object(device), "Filesystem", "Mount", "a{sv}", (MOUNT_OPTIONS,))
        return Path(place)

    def unmount(self, device: str) -> None:
        """Write pending data to a device and unmount it."""
        self._call(self._object(device), "Filesystem", "Unmount", "a{sv}", (QUIETLY,))

    def power_off(self, device: str) -> bool:
        """Switch off the disk that a device is on; False if the disk cannot be switched off."""
        drive = self._property(self._object(device), "Block", "Drive")
        if drive == "/" or not self._property(drive, "Drive", "CanPowerOff"):
            return False
        self._call(drive, "Drive", "PowerOff", "a{sv}", (QUIETLY,))
        return True

    def hurry(self) -> None:
        """The kiosk closes: stop waiting for any answer, also those awaited already, `CLOSING_S` from now."""
        self._until_s = time.monotonic() + CLOSING_S

    def close(self) -> None:
        """Disconnect from the bus."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _object(self, device: str) -> str:
        (paths,) = self._call(MANAGER, "Manager", "ResolveDevice", "a{sv}a{sv}", ({"path": ("s", device)}, {}))
        if not paths:
            raise UDisksFailed("", f"udisks2 does not know {device}")
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
                self._disconnect()
                raise UDisksFailed("", f"no answer from the system bus ({type(error).__name__}: {error})") from error
        if reply.header.message_type is jeepney.MessageType.error:
            name = str(reply.header.fields.get(jeepney.HeaderFields.error_name, ""))
            absent = name.startswith("org.freedesktop.DBus.Error.") and not name.endswith("UnknownMethod")
            raise UDisksFailed("" if absent else name, str(reply.body[0]) if reply.body else name)
        return tuple(reply.body)

    def _answer(self, message: Any, reply_serial: Any) -> Any:
        """Send a message and wait for its answer.

        Raises:
            TimeoutError: If no answer comes in time.
        """
        serial, until_s = next(self._connection.outgoing_serial), time.monotonic() + ANSWER_S
        self._connection.send(message, serial=serial)
        while (left_s := min(until_s, self._until_s) - time.monotonic()) > 0:
            try:
                reply = self._connection.receive(timeout=min(left_s, POLL_S))
            except TimeoutError:
                continue
            if reply.header.fields.get(reply_serial, -1) == serial:
                return reply
        raise TimeoutError("no answer in time")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class MountingDrives:
    """`MountedDrives` that also mounts the drives that the system left unmounted; each is tried once.

    Args:
        mounted: Lists the drives.
        udisks: Mounts and unmounts them.
    """

    def __init__(self, mounted: MountedDrives, udisks: UDisks) -> None:
        self._mounted, self._udisks = mounted, udisks
        self._lock = threading.Lock()
        self._ours: set[str] = set()
        self._left: dict[str, Text] = {}  # why a device stays unmounted, until it is pulled

    def present(self) -> tuple[Drive, ...]:
        """Mount what can be mounted, then return the drives that are mounted now."""
        with self._lock:
            waiting, mounted = self._mounted.unmounted(), self._mounted.present()
            plugged_in = {one.device for one in waiting} | {one.device for one in mounted}
            self._left = {device: why for device, why in self._left.items() if device in plugged_in}
            self._ours &= plugged_in
            new = [one for one in waiting if one.device not in self._left]
            for one in new:
                self._mount(one)
        return self._mounted.present() if new else mounted

    def unmounted(self) -> tuple[UnmountedDrive, ...]:
        """The drives that stay unmounted, without those that were released and may be pulled."""
        with self._lock:
            left = dict(self._left)
        return tuple(
            UnmountedDrive(one.name, one.device, left.get(one.device, one.reason))
            for one in self._mounted.unmounted()
            if left.get(one.device, one.reason)
        )

    def release(self, drive: Drive) -> Text:
        """Unmount and switch off a drive if the kiosk mounted it.

        Returns:
            What to do if that failed; empty if the drive may be pulled out.
        """
        with self._lock:
            if drive.device not in self._ours:
                return ""
            try:
                self._udisks.unmount(drive.device)
            except UDisksFailed as error:
                logger.warning("cannot unmount %s: %s", drive.device, error.text)
                if error.name == BUSY:
                    return message(
                        "Another program uses the drive {drive}: close it before you pull the drive out.",
                        drive=drive.name,
                    )
                return message(
                    "The drive {drive} could not be ejected: wait until its light stops blinking, then pull it out.",
                    drive=drive.name,
                )
            self._ours.discard(drive.device)
            self._left[drive.device] = ""
            try:
                self._udisks.power_off(drive.device)
            except UDisksFailed as error:  # unmounting is enough; another partition may be in use
                logger.info("did not switch off %s: %s", drive.device, error.text)
        return ""

    def hurry(self) -> None:
        """The kiosk closes: stop waiting for answers soon."""
        self._udisks.hurry()

    def close(self) -> None:
        """Unmount what the kiosk mounted, as far as that is quick, and disconnect from the bus."""
        self._udisks.hurry()
        for drive in self._mounted.present():
            self.release(drive)
        self._udisks.close()

    def _mount(self, waiting: UnmountedDrive) -> None:
        try:
            self._udisks.mount(waiting.device)
        except UDisksFailed as error:
            logger.debug("cannot mount %s: %s", waiting.device, error.text)
            if error.name and not error.name.endswith(".AlreadyMounted"):  # without a name: the service may still start
                self._left[waiting.device] = REASONS.get(error.name, UNKNOWN_REASON)
        else:
            self._ours.add(waiting.device)
