"""A private D-Bus with a service that answers like udisks2, and really mounts and unmounts.

Source of names, signatures and errors: https://storaged.org/doc/udisks2-api/latest/
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

UDISKS = "org.freedesktop.UDisks2"
BLOCKS = "/org/freedesktop/UDisks2/block_devices/"
DRIVE = "/org/freedesktop/UDisks2/drives/Stick"
CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>
"""


class UDisksRefuses(Exception):
    """Makes the service answer with a D-Bus error of this name."""


class UDisksService:
    """The service.

    Attributes:
        refusal: The name of the D-Bus error that every Mount is answered with; empty for success.
        switch: Whether disks can be switched off.
        calls: The methods that were called, with the device or drive.
        options: The options of the last Mount.
    """

    def __init__(self, address: str, media: Path) -> None:
        from jeepney.io.blocking import open_dbus_connection

        self.refusal, self.switch = "", True
        self.calls: list[tuple[str, str]] = []
        self._hangs = False
        self.options: dict[str, Any] = {}
        self._media = media
        self._connection = open_dbus_connection(address)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        """Register on the bus and start to answer."""
        from jeepney import message_bus

        assert self._connection.send_and_get_reply(message_bus.RequestName(UDISKS)).body == (1,)
        self._thread.start()

    def hang(self) -> None:
        """Stop answering Mount and Unmount."""
        self._hangs = True

    def close(self) -> None:
        """Disconnect from the bus."""
        self._stop.set()
        self._thread.join(5)
        self._connection.close()

    def _serve(self) -> None:
        import jeepney

        while not self._stop.is_set():
            try:
                message = self._connection.receive(timeout=0.1)
            except TimeoutError:
                continue
            if message.header.message_type is not jeepney.MessageType.method_call:
                continue
            if self._hangs and message.header.fields[jeepney.HeaderFields.member] in ("Mount", "Unmount"):
                self.calls.append(("hangs", ""))
                continue
            fields = message.header.fields
            path, member = fields[jeepney.HeaderFields.path], fields[jeepney.HeaderFields.member]
            try:
                signature, body = self._answer(path, member, message.body)
                reply = jeepney.new_method_return(message, signature, body)
            except UDisksRefuses as refused:
                reply = jeepney.new_error(message, str(refused), "s", (f"{member} does not work",))
            self._connection.send(reply)

    def _answer(self, path: str, member: str, body: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        if member == "ResolveDevice":
            device = Path(body[0]["path"][1])
            return "ao", ([BLOCKS + device.name] if device.exists() else [],)
        if member == "Get":
            facts = {"Drive": ("o", DRIVE), "CanPowerOff": ("b", self.switch), "Version": ("s", "2.9.4")}
            return "v", (facts[body[1]],)
        name = path.rsplit("/", 1)[1]
        self.calls.append((member, name))
        if member == "Mount":
            return self._mount(name, body[0])
        if member == "Unmount":
            self._run(["umount", str(self._media / name)], "DeviceBusy")
            return "", ()
        if member == "PowerOff":
            return "", ()
        raise UDisksRefuses("org.freedesktop.DBus.Error.UnknownMethod")

    def _mount(self, name: str, options: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
        self.options = options
        if self.refusal:
            raise UDisksRefuses(self.refusal)
        place = self._media / name
        place.mkdir(parents=True, exist_ok=True)
        self._run(["mount", "-o", options["options"][1], f"/dev/{name}", str(place)], "Failed")
        return "s", (str(place),)

    @staticmethod
    def _run(words: list[str], otherwise: str) -> None:
        if subprocess.run(words, capture_output=True, timeout=30, check=False).returncode != 0:
            raise UDisksRefuses(f"{UDISKS}.Error.{otherwise}")


@contextmanager
def private_bus(folder: Path) -> Iterator[str]:
    """Start a private bus; yields its address."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon: install it with `sudo apt install dbus`")
    socket, configuration = folder / "bus", folder / "bus.conf"
    configuration.write_text(CONFIGURATION.format(socket=socket))
    with subprocess.Popen(
        ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address=1"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as bus:  # fmt: skip
        try:
            assert bus.stdout is not None
            yield bus.stdout.readline().strip().split(",")[0]
        finally:
            bus.terminate()


@contextmanager
def udisks_service(address: str, media: Path) -> Iterator[UDisksService]:
    """Run the service on a bus; it mounts below `media`."""
    service = UDisksService(address, media)
    service.start()
    try:
        yield service
    finally:
        service.close()
        for place in media.glob("*"):
            with suppress(OSError):
                subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)
