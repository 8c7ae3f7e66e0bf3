"""The texts of the fault screen: what happened, to which camera, and what to do."""

from __future__ import annotations

import re
from pathlib import PurePath

from app.base.camera_faults import CameraCause, CameraFault
from app.base.i18n import Message, Text, message
from app.base.redaction import host_of
from app.core.state import KioskState, Mode
from app.views.words import Translator

SAFE = message("What you taught is safe.")
PLUG_IN = message("Plug it in: it goes on by itself.")
AGAIN = message("Unplug it and plug it in again.")
ON_SYSTEM_PAGE = message("Staff read more about it on their page “{page}”.", page=message("System"))
WHAT: dict[CameraCause, Message] = {
    CameraCause.NOT_CONNECTED: message("It is not connected."),
    CameraCause.NONE: message("I looked for webcams and camera modules, and found none."),
    CameraCause.SILENT: message("It is connected but sends no pictures."),
    CameraCause.FROZEN: message("Its picture does not move any more."),
    CameraCause.BUSY: message("Another program uses it."),
    CameraCause.NOT_OPENED: message("It does not open: perhaps another program uses it."),
    CameraCause.FORBIDDEN: message("The kiosk may not use it."),
    CameraCause.NETWORK: message("It does not answer."),
    CameraCause.MODULE_CABLE: message("The camera module does not answer."),
    CameraCause.PROGRAM: message("Its program does not work."),
    CameraCause.FILE: message("This video or folder cannot be shown."),
    CameraCause.OTHER: message("It does not work."),
}
"""What is wrong, said of a camera whose name is in the title or before it."""
STEPS: dict[CameraCause, Message] = {
    CameraCause.NOT_CONNECTED: PLUG_IN,
    CameraCause.NONE: message("Plug one in: it goes on by itself."),
    CameraCause.SILENT: AGAIN,
    CameraCause.FROZEN: AGAIN,
    CameraCause.BUSY: message("Close that program: it goes on by itself."),
    CameraCause.NOT_OPENED: AGAIN,
    CameraCause.FORBIDDEN: ON_SYSTEM_PAGE,
    CameraCause.NETWORK: message("Check that it is switched on, and the network."),
    CameraCause.MODULE_CABLE: message("Switch the computer off and check the flat cable."),
    CameraCause.PROGRAM: ON_SYSTEM_PAGE,
    CameraCause.FILE: message("Staff choose another camera on their page “{page}”.", page=message("Camera")),
    CameraCause.OTHER: ON_SYSTEM_PAGE,
}
FOR_STAFF = (CameraCause.FORBIDDEN, CameraCause.PROGRAM, CameraCause.FILE, CameraCause.OTHER, CameraCause.MODULE_CABLE)
MOST_NAMED = 2  # cameras, each with what is wrong with it: letters for three metres leave room for no more
LONGEST_NAME = 32
NUMBER = re.compile(r"[0-9a-f]{4}|[0-9.]+")  # as a webcam is called that does not know its name
WEBCAM = message("Webcam")
BY_ID = re.compile(r"usb-(?P<name>.+?)-video-index\d+")  # as udev names a webcam: maker, model and serial number


def accelerator_missing(state: KioskState) -> bool:
    """Whether the accelerator is configured and does not answer."""
    return state.backend is not None and state.backend.problem is not None


def faulty(state: KioskState) -> bool:
    """Whether the fault screen is shown."""
    lost = state.camera is None and state.camera_problem is not None and state.teaching and not state.camera_starts
    return (state.fault is not None and state.mode is not Mode.STAFF) or lost or _blind(state) is not None


def fault(state: KioskState, translate: Translator) -> tuple[str, str] | None:
    """Title and text of the fault screen: what happened and what to do; None if all is well."""
    if not faulty(state):
        return None
    if state.fault is not None:
        text = message("{what}. What you taught is safe. {staff}", what=state.fault, staff=call_staff(state))
        return translate(message("The kiosk needs a restart")), translate(text)
    if (needed := _blind(state)) is not None and state.camera is not None:
        return translate(message("The Edge TPU is needed")), translate(needed)
    title, lines = _camera(state.camera_faults)
    if state.config.staff.contact or any(_cause_to_mend(one) in FOR_STAFF for one in state.camera_faults):
        lines = (*lines[:-1], (*lines[-1], call_staff(state)))
    return translate(title), "\n".join(" ".join(map(translate, sentences)) for sentences in lines)


def camera_shown(source: str) -> Text:
    """The name of a camera for visitors, without the password of an address; empty if any camera is wanted."""
    if source in ("", "auto"):
        return ""
    if "://" in source:
        return host_of(source)
    if _is_module(source):
        return message("Camera module")
    source = f"/dev/video{int(source)}" if source.isdecimal() else source
    name = source if source.startswith("/dev/video") else PurePath(source).name or source
    if found := BY_ID.fullmatch(name):
        words = found["name"].split("_")
        if len(words) > 1 and re.fullmatch(r"[0-9a-f]{4}|Generic", words[0]):  # the number of a maker is no name
            words = words[1:]
        if len(words) > 1 and re.fullmatch(r"(?=.*\d)[0-9A-Za-z.]{4,}", words[-1]):  # the serial number
            words = words[:-1]
        if all(map(NUMBER.fullmatch, words)):
            return WEBCAM
        name = " ".join(words)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def call_staff(state: KioskState) -> Message:
    """A sentence that says whom to call."""
    if state.config.staff.contact:
        return message("If it stays like this, please call {contact}.", contact=state.config.staff.contact)
    return message("Please call a member of staff.")


def _camera(faults: tuple[CameraFault, ...]) -> tuple[Text, tuple[tuple[Text, ...], ...]]:
    """The title, and the sentences of each line: what is wrong with each camera that was tried, and what to do."""
    no_picture = message("No camera picture")
    if not faults:
        return no_picture, ((message("Check that the camera is plugged in: it goes on by itself."),), (SAFE,))
    first = faults[0]
    if len(faults) == 1:
        name = camera_shown(first.source)
        title = message("No picture from {camera}", camera=name) if name else no_picture
        if name is WEBCAM:
            title = message("No picture from the webcam")
        if _is_module(first.source):
            title = message("No picture from the camera module")
        return title, ((WHAT[first.cause],), (STEPS[_cause_to_mend(first)],), (SAFE,))
    lines: list[tuple[Text, ...]] = [
        (message("{camera}: {reason}", camera=camera_shown(one.source), reason=WHAT[one.cause]),)
        for one in faults[:MOST_NAMED]
    ]
    if len(faults) > MOST_NAMED:
        lines[-1] = (*lines[-1], message("And {count} more.", count=len(faults) - MOST_NAMED))
    return no_picture, (*lines, (STEPS[_cause_to_mend(first)], SAFE))


def _cause_to_mend(fault: CameraFault) -> CameraCause:
    """The cause whose step helps: nobody plugs a camera module in again while the computer is on."""
    frozen_module = fault.cause is CameraCause.FROZEN and _is_module(fault.source)
    return CameraCause.MODULE_CABLE if frozen_module else fault.cause


def _is_module(source: str) -> bool:
    return source.partition(":")[0] == "rpicam"


def _blind(state: KioskState) -> Text | None:
    """Why nothing can answer; None while something does."""
    return state.backend.problem if state.backend is not None and state.backend.blind and state.teaching else None
