"""The camera module of a Raspberry Pi, which OpenCV cannot read.

The system's own program `rpicam-vid` (`libcamera-vid` before Debian 12) runs as a child process and writes JPEG
pictures. This needs no Python binding of the system's and no particular NumPy, and a program that hangs can be killed.
"""

from __future__ import annotations

import logging
import os
import re
import select
import shutil
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np

from app.base.camera_faults import CameraCause
from app.base.errors import CameraUnavailable
from app.base.i18n import Text, message
from app.base.ports import Clock, ImageArray
from app.config.schema import CameraSettings
from app.devices.freezing import FreezeGuard
from app.devices.motion_jpeg import JpegSplitter

logger = logging.getLogger(__name__)

PROGRAMS = ("rpicam-vid", "libcamera-vid")
USUAL = CameraSettings()
PREFIX = "rpicam"  # "rpicam" is the first camera module, "rpicam:1" the second
LISTED = re.compile(r"^\s*(\d+)\s*:\s*(\S+)\s*\[", re.MULTILINE)  # "0 : imx708 [4608x2592 10-bit RGGB] (/base/…)"
LIST_TAKES_S, FIRST_PICTURE_S, SILENT_S, ENDS_S = 10.0, 15.0, 3.0, 2.0
LISTED_FOR_S = 30.0  # the list is read again after this time: the program takes half a second, and uses the camera
SETTLING_S = 2.0  # how long exposure and white balance may settle before they are fixed
READ_BYTES = 1 << 20
AUTOFOCUS = {"continuous": "continuous", "once": "auto", "off": "manual"}
CHECK_CABLE = message("Check its cable, or name another one with --camera.")
NO_PROGRAM = message("rpicam-vid is not installed. Install it: sudo apt install rpicam-apps")
# What the program prints when it fails, and what to say about it. The first that fits counts.
CAUSES: tuple[tuple[str, CameraCause, Text], ...] = (
    (
        r"in use by another process|failed to acquire camera|Device or resource busy|failed to start camera",
        CameraCause.BUSY,
        message("another program uses the camera module. End that program; the kiosk then continues by itself."),
    ),
    (
        r"no cameras available|camera selected .* not available|requested camera .* not (found|available)",
        CameraCause.MODULE_CABLE,
        message("no camera module is connected. Switch the computer off and check the flat cable."),
    ),
    (
        r"Permission denied|Operation not permitted|Could not open any dma",
        CameraCause.FORBIDDEN,
        message("this user may not use the camera module. Add the user to the groups video and render."),
    ),
    (
        r"Cannot allocate memory|failed to allocate",
        CameraCause.PROGRAM,
        message("there is not enough memory for the camera module. Choose a smaller picture in the settings."),
    ),
    (
        r"unrecognised option|unknown option|the argument .* is invalid",
        CameraCause.PROGRAM,
        message("rpicam-vid is too old. Update it: sudo apt install --only-upgrade rpicam-apps"),
    ),
)


def program() -> str | None:
    """Path of the program that reads the camera module, or None."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class PiCameras:
    """The camera modules that are connected, as the system's program lists them.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sources: list[str] = []
        self._valid_until_s = float("-inf")

    def sources(self) -> list[str]:
        """Names for `--camera`, such as "rpicam:0"; at most LISTED_FOR_S old."""
        with self._lock:
            if self._clock() >= self._valid_until_s:
                self._sources = [f"{PREFIX}:{number}" for number, _sensor in listed()]
                self._valid_until_s = self._clock() + LISTED_FOR_S
            return list(self._sources)


connected = PiCameras()


def listed() -> list[tuple[int, str]]:
    """Number and sensor of each camera module; none if the program is missing or fails."""
    path = program()
    if path is None:
        return []
    try:
        done = subprocess.run(
            [path, "--list-cameras"], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIST_TAKES_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.warning("%s does not list the camera modules: %s", path, error)
        return []
    text = (done.stdout + b"\n" + done.stderr).decode(errors="replace")
    return sorted({(int(number), sensor) for number, sensor in LISTED.findall(text)})


class PiCamera:
    """A camera module. Lost if its program ends, is silent, writes no pictures, or repeats one for seconds.

    Args:
        source: "rpicam" or "rpicam:N".
        settings: Size, rate, autofocus and light.
        clock: Monotonic seconds.

    Raises:
        CameraUnavailable: If the program is missing, fails, writes no picture, or still repeats the one of before.
    """

    def __init__(self, source: str, settings: CameraSettings = USUAL, *, clock: Clock = time.monotonic) -> None:
        self.name = source
        self._clock = clock
        path = program()
        if path is None:
            raise CameraUnavailable(source, NO_PROGRAM, CameraCause.PROGRAM)
        command = [path, *arguments(number_of(source), settings)]
        fixed: list[str] = []
        if settings.fixed_light:
            fixed = self._measured(command)
        self._child = _Child(source, [*command, *fixed])
        self._freezing = FreezeGuard(source, clock, CHECK_CABLE)
        self._first: ImageArray | None = None
        try:
            self._first = self._next(FIRST_PICTURE_S)
            while self._freezing.was_frozen:  # it is well again only once its picture changes
                self._first = self._next(SILENT_S)
        except CameraUnavailable:
            self.close()
            raise

    def read(self) -> ImageArray:
        """Wait for the next picture. Pictures that arrived while nobody read are dropped, except for the newest."""
        first, self._first = self._first, None
        return first if first is not None else self._next(SILENT_S)

    def skip(self) -> None:
        """Wait for the next picture and drop it without decoding it."""
        if self._first is not None:
            self._first = None
        elif self._child.newest(SILENT_S) is None:
            raise self._child.failure()

    def close(self) -> None:
        """End the program."""
        self._child.end()

    def _next(self, limit_s: float) -> ImageArray:
        until_s = self._clock() + limit_s
        while (jpeg := self._child.newest(max(0.0, until_s - self._clock()))) is not None:
            image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
            if image is not None:
                self._freezing.check(image)
                return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
            logger.debug("%s: a picture of %d bytes cannot be decoded", self.name, len(jpeg))
        raise self._child.failure()

    def _measured(self, command: Sequence[str]) -> list[str]:
        """Let exposure and white balance settle, and return the arguments that fix them."""
        ours, theirs = os.pipe()
        try:
            metadata = ["--metadata", f"/dev/fd/{theirs}", "--metadata-format", "json"]
            child = _Child(self.name, [*command, *metadata], keep=theirs)
        finally:
            os.close(theirs)
        try:
            text, until_s = b"", self._clock() + FIRST_PICTURE_S
            settled_s: float | None = None
            while (now_s := self._clock()) < (settled_s if settled_s is not None else until_s):
                ready, _, _ = select.select([ours, child.output], [], [], 0.1)
                if child.output in ready and child.newest(0.0) is not None and settled_s is None:
                    settled_s = now_s + SETTLING_S
                if ours in ready:
                    received = os.read(ours, READ_BYTES)
                    if not received:
                        break
                    text = (text + received)[-READ_BYTES:]
            if child.ended:
                raise child.failure()
        finally:
            child.end()
            os.close(ours)
        fixed = light(text.decode(errors="replace"))
        if not fixed:
            logger.warning("%s reports neither exposure nor white balance, so they stay automatic", self.name)
        return fixed


class _Child:
    """The running program: its pictures, and what it printed last."""

    def __init__(self, source: str, command: Sequence[str], *, keep: int | None = None) -> None:
        self._source = source
        # setpriv ends the program when the kiosk dies; otherwise it ends with the next picture that nobody reads.
        guard = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
        try:
            self._process = subprocess.Popen(
                [*guard, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=() if keep is None else (keep,),
                bufsize=0,
            )
        except OSError as error:
            raise CameraUnavailable(source, NO_PROGRAM, CameraCause.PROGRAM) from error
        assert self._process.stdout is not None
        self.output = self._process.stdout.fileno()
        self._splitter = JpegSplitter()
        self._printed: deque[str] = deque(maxlen=20)
        self._listener = threading.Thread(target=self._listen, name="rpicam errors", daemon=True)
        self._listener.start()
        self.ended = False

    def newest(self, wait_s: float) -> bytes | None:
        """The newest complete picture; None if there is none within `wait_s` seconds, or the program ended."""
        newest: bytes | None = None
        until_s = time.monotonic() + wait_s
        while not self.ended:
            left_s = 0.0 if newest is not None else max(0.0, until_s - time.monotonic())
            if not select.select([self.output], [], [], left_s)[0]:
                return newest
            received = os.read(self.output, READ_BYTES)
            self.ended = not received
            if pictures := self._splitter.pictures(received):
                newest = pictures[-1]
        return newest

    def failure(self) -> CameraUnavailable:
        """Why there are no more pictures."""
        if not self.ended:
            reason = message("its program has stopped writing pictures. Check the flat cable.")
            return CameraUnavailable(self._source, reason, CameraCause.MODULE_CABLE)
        self._listener.join(ENDS_S)
        printed = "\n".join(self._printed)
        for pattern, cause, text in CAUSES:
            if re.search(pattern, printed, re.IGNORECASE):
                return CameraUnavailable(self._source, text, cause)
        last = next((line for line in reversed(self._printed) if "ERROR" in line.upper()), "")
        logger.warning("%s ended: %s", self._source, printed or "it printed nothing")
        if not last:
            ended = message("its program has ended. The kiosk starts it again.")
            return CameraUnavailable(self._source, ended, CameraCause.PROGRAM)
        ended = message("its program has ended: {reason}. Check the flat cable.", reason=_without_prefix(last))
        return CameraUnavailable(self._source, ended, CameraCause.PROGRAM)

    def end(self) -> None:
        """End the program; kill it if it does not end."""
        self.ended = True
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(ENDS_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._listener.join(ENDS_S)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._printed.append(line.decode(errors="replace").strip()[:300])


def number_of(source: str) -> int:
    """The camera's number in a name such as "rpicam:1".

    Raises:
        CameraUnavailable: If the name has another form.
    """
    prefix, _, number = source.partition(":")
    if prefix != PREFIX or (number and not number.isdecimal()) or source.endswith(":"):
        raise CameraUnavailable(source, message("Write rpicam, or rpicam:1 for the second camera module."))
    return int(number or 0)


def arguments(number: int, settings: CameraSettings) -> list[str]:
    """Arguments of rpicam-vid: JPEG pictures without end on the standard output, none of them delayed."""
    picture = ["--width", str(settings.width_px), "--height", str(settings.height_px)]
    rate = ["--framerate", str(settings.rate_hz), "--autofocus-mode", AUTOFOCUS[settings.autofocus]]
    output = ["--codec", "mjpeg", "--quality", "90", "--timeout", "0", "--nopreview", "--flush", "--output", "-"]
    return ["--camera", str(number), *picture, *rate, *output]


def light(metadata: str) -> list[str]:
    """Arguments that fix exposure and white balance at the last values of the program's metadata; [] without any."""
    last: dict[str, str] = {}
    number = r"([0-9.]+(?:e[+-]?[0-9]+)?)"
    for name, pattern in {
        "ExposureTime": rf'"ExposureTime":\s*{number}',
        "AnalogueGain": rf'"AnalogueGain":\s*{number}',
        "ColourGains": rf'"ColourGains":\s*\[\s*{number}\s*,\s*{number}\s*\]',
    }.items():
        if found := re.findall(pattern, metadata):
            last[name] = ",".join(found[-1]) if isinstance(found[-1], tuple) else found[-1]
    if set(last) < {"ExposureTime", "AnalogueGain", "ColourGains"}:
        return []
    exposure = ["--shutter", str(round(float(last["ExposureTime"]))), "--gain", last["AnalogueGain"]]
    return [*exposure, "--awbgains", last["ColourGains"]]


def _without_prefix(line: str) -> str:
    """A line of libcamera's log without time, thread and file: "[0:01] [9] ERROR Camera camera.cpp:9 no" → "no"."""
    shorter = re.sub(r"^(\[[^\]]*\]\s*)*|^\**\s*", "", line)
    return re.sub(r"^ERROR:?\s*\**\s*(\w+\s+\S+\.cpp:\d+\s*)?", "", shorter).strip(" *.") or line
