"""The errors form the tree that the docstring draws, can be caught by level, and survive pickling."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from app.base import errors
from app.base.errors import (
    ArchiveUnusable,
    BenchmarkUnavailable,
    BundleNotWritten,
    CameraUnavailable,
    ClusterUnavailable,
    CommandIncomplete,
    ConfigError,
    ConfigInvalid,
    DataDirInUse,
    DatasetInvalid,
    DeviceError,
    DisplayUnavailable,
    DownloadsDamaged,
    DriveGone,
    DriveGoneDuringSave,
    DriveUnreadable,
    ExportedModelDisagrees,
    ExportError,
    ExportFailed,
    FolderOccupied,
    FolderRefused,
    HubRefused,
    InstallRefused,
    JsonNotWritten,
    KeyUnusable,
    KioskError,
    ModelError,
    ModelNotWritten,
    NotEnoughTaught,
    OutputNotWritten,
    OutputStreamNotWritten,
    OverlayNotWritten,
    PictureDamaged,
    PictureNotEncoded,
    PicturesSkipped,
    PinRefused,
    PinsUnavailable,
    PowerRefused,
    ReadBackDiffers,
    ReportNotWritten,
    SandboxFailed,
    SessionNotArchived,
    SessionNotErased,
    SessionNotRead,
    SessionNotWritten,
    SettingsNotWritten,
    StarterUnusable,
    StorageError,
    TaughtWithAnotherNetwork,
    UntrustedFolderError,
    WorkerStuck,
)
from app.base.i18n import LANGUAGES, SOURCE_LANGUAGE, Message, message, translated
from tests.support.error_trees import class_tree, drawn_tree

FULL = message("No space left on device")
FIXED_TEXTS = {  # of the errors that make their text themselves
    DataDirInUse(Path("/data")): (
        "another kiosk uses /data. Close it, or give this one a folder of its own: --data-dir DIR."
    ),
    JsonNotWritten(Path("/a.json"), "Permission denied"): (
        "cannot write /a.json: Permission denied. Name another file with --json."
    ),
    ReportNotWritten(Path("/a.html"), "Permission denied"): (
        "cannot write /a.html: Permission denied. Name another file with --report."
    ),
    OverlayNotWritten(Path("/why/a.png"), "Permission denied"): (
        "cannot write /why/a.png: Permission denied. Name another folder with --why."
    ),
    BundleNotWritten(Path("/a.zip"), "Permission denied"): (
        "cannot write /a.zip: Permission denied. Name another file with --bundle."
    ),
    OutputStreamNotWritten(Path("standard output"), "No space left on device"): (
        "cannot write standard output: No space left on device. Send it to another place, or make room there."
    ),
    PicturesSkipped(2, 5): "cannot read 2 of 5 pictures. Replace the files named above.",
    DownloadsDamaged(("a", "b")): "damaged: a, b. Pull them again.",
    SettingsNotWritten(): ("This setting holds until the kiosk stops: it could not be written. Make room on the disk."),
    SessionNotWritten(FULL): (
        "the session could not be written (No space left on device). Make room on the disk; all else is kept."
    ),
    SessionNotArchived(FULL): ("the session could not be put away (No space left on device). Make room on the disk."),
    SessionNotRead(FULL): ("The pictures could not be read from the disk (No space left on device). Please try again."),
    SessionNotErased(FULL): (
        "The last pictures cannot be erased yet (No space left on device). It tries again by itself. "
        "Please call a member of staff."
    ),
    PictureNotEncoded(): "the picture could not be compressed. Press the button again.",
    PictureDamaged(): "a stored picture is damaged. Take it back with UNDO, or RESET the session.",
    TaughtWithAnotherNetwork(): (
        "This was taught with an earlier network, and its pictures were not kept. So nothing can be added to it, but "
        "it still answers. Press RESET to begin again."
    ),
    ModelNotWritten(Path("/data"), FULL): (
        "the model could not be written to /data: No space left on device. Make room there and press TRAIN again."
    ),
    StarterUnusable(Path("/s")): "The starter in /s cannot be used. Name a folder that SAVE wrote in idle.starter.",
    ReadBackDiffers("m.tflite"): "m.tflite reads back changed: the drive is failing. Use another drive.",
    DriveGone("STICK"): "the drive STICK was pulled too early. Plug it in and write to it again.",
    DriveGoneDuringSave("STICK"): "the drive STICK was pulled too early. Plug it in again, then press SAVE again.",
    CameraUnavailable("0", message("a camera was plugged in.")): "camera 0: a camera was plugged in.",
    WorkerStuck("camera", 5.0): "the camera worker did not stop within 5 s. Restart the kiosk.",
}
ENGLISH_ONLY = (CommandIncomplete, DataDirInUse, WorkerStuck)  # a person reads them in a terminal or a log
GIVEN_TEXT = "it does not work. Try another one."
WITH_GIVEN_TEXT: list[type[KioskError]] = [
    ConfigInvalid,
    DatasetInvalid,
    PinRefused,
    InstallRefused,
    BenchmarkUnavailable,
    ClusterUnavailable,
    HubRefused,
    KeyUnusable,
    ArchiveUnusable,
    NotEnoughTaught,
    ExportedModelDisagrees,
    ExportFailed,
    FolderOccupied,
    FolderRefused,
    SandboxFailed,
    DriveUnreadable,
    DisplayUnavailable,
    PinsUnavailable,
    PowerRefused,
]
EXAMPLES: list[KioskError] = [
    *FIXED_TEXTS,
    *(kind(GIVEN_TEXT) for kind in WITH_GIVEN_TEXT),
    PowerRefused(message("The machine cannot be switched off from here: {reason}.", reason=FULL)),
]


def test_the_docstring_draws_every_error_in_its_place() -> None:
    assert drawn_tree(errors) == class_tree(errors, KioskError)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_after_pickling(error: KioskError) -> None:
    unpickled = pickle.loads(pickle.dumps(error))
    assert type(unpickled) is type(error)
    assert (str(unpickled), vars(unpickled), unpickled.args) == (str(error), vars(error), error.args)
    assert unpickled.message == error.message


@pytest.mark.parametrize(("error", "text"), FIXED_TEXTS.items(), ids=lambda one: type(one).__name__)
def test_an_error_makes_its_whole_text_from_its_arguments(error: KioskError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize("error", FIXED_TEXTS, ids=lambda error: type(error).__name__)
def test_an_error_that_visitors_see_is_translated(error: KioskError) -> None:
    if isinstance(error, ENGLISH_ONLY):
        assert error.message == str(error)
    else:
        assert isinstance(error.message, Message)
        others = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]
        assert all(translated(error.message, language) != str(error) for language in others)


@pytest.mark.parametrize("kind", WITH_GIVEN_TEXT)
def test_an_error_shows_the_text_it_was_raised_with(kind: type[KioskError]) -> None:
    assert (str(kind(GIVEN_TEXT)), kind(GIVEN_TEXT).message) == (GIVEN_TEXT, GIVEN_TEXT)
    assert (str(kind(FULL)), kind(FULL).message) == ("No space left on device", FULL)


def test_every_error_that_is_raised_has_an_example_here() -> None:
    levels = {
        KioskError,
        ConfigError,
        CommandIncomplete,
        OutputNotWritten,
        StorageError,
        ModelError,
        ExportError,
        UntrustedFolderError,
        DeviceError,
    }
    named = {type(one).__name__ for one in EXAMPLES} | {level.__name__ for level in levels}
    assert named == set(class_tree(errors, KioskError))


@pytest.mark.parametrize(
    ("level", "kinds"),
    [
        (
            ConfigError,
            {ConfigInvalid, DatasetInvalid, PinRefused, InstallRefused, BenchmarkUnavailable, ClusterUnavailable}
            | {HubRefused, KeyUnusable},
        ),
        (
            CommandIncomplete,
            {OutputStreamNotWritten, JsonNotWritten, ReportNotWritten, OverlayNotWritten, BundleNotWritten}
            | {PicturesSkipped, DownloadsDamaged},
        ),
        (
            StorageError,
            {DataDirInUse, SettingsNotWritten, SessionNotWritten, SessionNotArchived, SessionNotErased, SessionNotRead}
            | {ArchiveUnusable, PictureNotEncoded, PictureDamaged},
        ),
        (
            ModelError,
            {NotEnoughTaught, TaughtWithAnotherNetwork, ModelNotWritten, ExportedModelDisagrees, StarterUnusable},
        ),
        (ExportError, {ExportFailed, FolderOccupied, ReadBackDiffers, DriveGone, DriveGoneDuringSave}),
        (UntrustedFolderError, {FolderRefused, SandboxFailed, DriveUnreadable}),
        (DeviceError, {CameraUnavailable, DisplayUnavailable, PinsUnavailable, PowerRefused}),
    ],
)
def test_a_level_catches_its_kinds_and_no_others(level: type[KioskError], kinds: set[type[KioskError]]) -> None:
    assert {type(one) for one in EXAMPLES if isinstance(one, level)} == kinds
