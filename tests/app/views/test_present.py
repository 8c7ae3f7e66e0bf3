"""The view of each state: guidance, verdict or "not sure", and fault screens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.base.buttons import Action
from app.base.camera_faults import CameraCause, CameraFault
from app.base.errors import (
    DriveGone,
    DriveGoneDuringSave,
    ExportFailed,
    KioskError,
    ModelNotWritten,
    PictureDamaged,
    PictureNotEncoded,
    ReadBackDiffers,
    SessionNotArchived,
    SessionNotWritten,
)
from app.base.i18n import LANGUAGES, message
from app.base.ports import Frame
from app.base.redaction import redacted
from app.config.schema import Config
from app.core import events as ev
from app.core.facts import TaughtClass, TrainedFacts
from app.core.state import Held, KioskState, Mode
from app.model.observation import NOTHING_SEEN, Observation, Smoothed, smooth
from app.views.fault import STEPS, WHAT, camera_shown
from app.views.model import KioskView, Screen
from app.views.present import Surroundings, present
from tests.support.states import MODEL_WITH_RESULTS, kiosk, run

MODEL = TrainedFacts(0.9, 0.6, (5, 5, 0))


def state(*shots: int, **changes: object) -> KioskState:
    classes = tuple(TaughtClass(*pair) for pair in zip(("apple", "cup", "duck"), shots, strict=True))
    return replace(KioskState(classes=classes, camera="webcam", now_s=10.0), **changes)


def answer(*probabilities: float, threshold: float = 0.6, at_s: float = 10.0, novelty: float = 0.0) -> Smoothed:
    return Smoothed(np.array(probabilities, np.float32), threshold, 1, at_s, novelty)


def view(now: KioskState, seen: Smoothed = NOTHING_SEEN) -> KioskView:
    frame = Frame(np.zeros((480, 640, 3), np.uint8), 1, 10.0)
    return present(now, frame, seen, Surroundings(target_shots=20))


def test_keys_of_the_main_screen_stay_where_they_are_and_wake_up_when_they_can_do_something() -> None:
    new, trained = state(0, 0, 0, mode=Mode.TEACH), state(5, 5, 0, mode=Mode.LIVE, model=MODEL_WITH_RESULTS)
    before, after = (view(one).actions for one in (new, trained))
    assert [key.button for key in before] == [key.button for key in after]
    assert not any(key.enabled for key in before)
    assert {key.button: key.enabled for key in after}[Action.RESULTS]


def test_while_a_model_learns_again_the_cards_show_pictures_and_no_answer_of_the_model_before() -> None:
    learning = view(state(5, 5, 0, mode=Mode.TRAINING, model=MODEL), answer(0.2, 0.8, 0.0))
    assert [card.confidence for card in learning.cards] == [None] * 3
    assert (learning.verdict, learning.not_sure) == (None, 0.0)
    assert view(state(5, 5, 0, mode=Mode.LIVE, model=MODEL), answer(0.2, 0.8, 0.0)).cards[1].confidence is not None


def test_the_demonstration_camera_is_named_in_the_visitors_language_and_a_real_one_by_its_name() -> None:
    shown = {language: view(state(5, 5, 0, camera="demonstration", language=language)) for language in LANGUAGES}
    assert {language: one.status.camera for language, one in shown.items()} == {
        "en": "demonstration", "de": "Vorführung", "fr": "démonstration", "es": "demostración", "tr": "gösteri",
    }  # fmt: skip
    assert view(state(5, 5, 0, camera="Logitech C270", language="de")).status.camera == "Logitech C270"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "error",
    [
        DriveGoneDuringSave("usb"), DriveGone("usb"), SessionNotArchived("full"), SessionNotWritten("full"),
        PictureNotEncoded(), PictureDamaged(), ModelNotWritten(Path("/data"), "full"), ExportFailed("no room"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_an_error_that_stands_alone_on_the_screen_is_a_sentence(error: KioskError, language: str) -> None:
    notice = view(run(state(5, 5, 0, language=language), ev.SavingFailed(error.message))[0]).notice
    assert notice is not None
    assert notice.text[0].isupper() or notice.text.startswith("usb ")


def test_a_name_that_begins_a_sentence_keeps_its_spelling() -> None:
    notice = view(run(state(5, 5, 0), ev.SavingFailed(ReadBackDiffers("model.tflite").message))[0]).notice
    assert notice is not None
    assert notice.text == "model.tflite reads back changed: the drive is failing. Use another drive."


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (state(0, 0, 0), "Show something to the camera and hold the apple button."),
        (state(6, 0, 0), "Now show a different thing and hold the cup button."),
        (state(6, 2, 0), "A few more of cup: turn it, move it, hold its button."),
        (state(6, 6, 0), "Press TRAIN – or teach one more thing."),
        (state(6, 6, 0, mode=Mode.TRAINING), "Comparing what you showed…"),
        (state(6, 6, 0, mode=Mode.SAVING), "Writing your model."),
        (state(6, 6, 0, held=Held(1, 0.0)), "Keep turning it – every picture helps."),
        (state(6, 6, 0, held=Held(1, 0.0, alike=True)), "Turn it! These all look the same."),
        (state(5, 6, 0, mode=Mode.LIVE, model=MODEL), "The pictures changed! Press TRAIN to learn them."),
        (state(5, 5, 0, mode=Mode.LIVE, model=MODEL), "Show something again. Wrong answer? Hold the correct button."),
    ],
)
def test_the_guidance_names_the_next_useful_thing(now: KioskState, words: str) -> None:
    assert view(now).guidance == words


def test_a_clear_answer_is_the_verdict() -> None:
    seen = view(state(5, 5, 0, mode=Mode.LIVE, model=MODEL), answer(0.1, 0.9, 0.0))
    assert (seen.verdict.text, seen.verdict.index) == ("cup", 1)
    assert [card.leading for card in seen.cards] == [False, True, False]


def test_an_answer_below_the_threshold_is_not_sure() -> None:
    seen = view(state(5, 5, 0, mode=Mode.LIVE, model=MODEL), answer(0.45, 0.55, 0.0))
    assert (seen.verdict.text, seen.verdict.index) == ("not sure", None)
    assert not any(card.leading for card in seen.cards)
    assert seen.not_sure >= 0.5


def test_a_near_miss_is_a_question_about_a_class_that_is_not_lit() -> None:
    seen = view(state(5, 5, 0, mode=Mode.LIVE, model=MODEL), answer(0.1, 0.9, 0.0, novelty=1.1))
    assert (seen.verdict.text, seen.verdict.index, seen.verdict.sure, seen.verdict.share_text) == ("cup?", 1, False, "")
    assert not any(card.leading for card in seen.cards)
    assert seen.guidance == "Is it cup? Hold its button to teach it more."


def test_a_near_miss_is_a_question_in_every_language() -> None:
    live = state(5, 5, 0, mode=Mode.LIVE, model=MODEL)
    seen = {
        language: view(replace(live, language=language), answer(0.1, 0.9, 0.0, novelty=1.1)) for language in LANGUAGES
    }
    assert {language: one.verdict.text for language, one in seen.items()} == {
        "en": "cup?", "de": "cup?", "fr": "cup\u00a0?", "es": "¿cup?", "tr": "cup?",
    }  # fmt: skip


def test_the_bar_of_not_sure_is_shown_while_a_model_can_answer_and_not_before() -> None:
    assert view(state(5, 5, 0)).not_sure is None
    live = state(5, 5, 0, mode=Mode.LIVE, model=MODEL)
    assert view(live, answer(1.0, 0.0, 0.0)).not_sure == 0
    assert view(live, answer(1.0, 0.0, 0.0, at_s=7.0)).not_sure == 0  # the bar stays where it is without a new answer


def test_where_staff_switched_it_off_it_is_never_not_sure_and_has_no_bar() -> None:
    settings = Config()
    off = replace(settings, model=replace(settings.model, not_sure="off", not_sure_below=0.9))
    live = state(5, 5, 0, mode=Mode.LIVE, model=MODEL, config=off)
    seen = view(live, answer(0.3, 0.4, 0.3, novelty=2.0))
    assert (seen.verdict.text, seen.verdict.sure, seen.not_sure) == ("cup", True, None)
    assert seen.cards[1].leading


def test_strict_asks_about_answers_that_are_nearly_sure() -> None:
    settings = Config()
    strict = replace(settings, model=replace(settings.model, not_sure="strict"))
    live = state(5, 5, 0, mode=Mode.LIVE, model=MODEL)
    for seen in (answer(0.05, 0.95, 0.0, novelty=0.95), answer(0.35, 0.65, 0.0)):
        assert view(live, seen).verdict.text == "cup"
        assert view(replace(live, config=strict), seen).verdict.text == "cup?"
    assert view(replace(live, config=strict), answer(0.05, 0.95, 0.0, novelty=1.05)).verdict.text == "not sure"


def test_the_ring_of_a_class_fills_with_pictures_that_differ() -> None:
    classes = tuple(TaughtClass("apple", 20, variety=variety) for variety in (None, 0.0, 0.5, 1.0))
    seen = view(replace(state(0, 0, 0), classes=classes))
    assert [card.ring for card in seen.cards] == [1.0, 0.25, 0.625, 1.0]
    assert {card.count_text for card in seen.cards} == {"20 pictures"}


def test_an_old_answer_is_not_shown() -> None:
    seen = view(state(5, 5, 0, mode=Mode.LIVE, model=MODEL), answer(0.1, 0.9, 0.0, at_s=7.0))
    assert seen.verdict is None
    assert [card.confidence for card in seen.cards] == [None] * 3


def test_without_a_camera_the_fault_screen_says_what_to_do() -> None:
    seen = view(state(5, 5, 0, camera=None, camera_problem="unplugged"))
    assert seen.screen is Screen.FAULT
    assert seen.fault == (
        "No camera picture",
        "Check that the camera is plugged in: it goes on by itself.\nWhat you taught is safe.",
    )


def test_fault_screens_name_whom_to_call_if_it_is_configured() -> None:
    settings = Config()
    desk = replace(settings, staff=replace(settings.staff, contact="the desk, phone 12"))
    stopped = message("The part that recognises things has stopped")
    assert view(state(5, 5, 0, fault=stopped)).fault == (
        "The kiosk needs a restart",
        "The part that recognises things has stopped. What you taught is safe. Please call a member of staff.",
    )
    assert (
        view(state(5, 5, 0, fault=stopped, config=desk))
        .fault[1]
        .endswith("What you taught is safe. If it stays like this, please call the desk, phone 12.")
    )
    assert (
        view(state(5, 5, 0, camera=None, camera_problem="unplugged", config=desk))
        .fault[1]
        .endswith("If it stays like this, please call the desk, phone 12.")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_changes_every_word_at_once(language: str) -> None:
    seen = view(state(5, 5, 0, mode=Mode.LIVE, model=MODEL, language=language), answer(0.45, 0.55, 0.0))
    english = view(state(5, 5, 0, mode=Mode.LIVE, model=MODEL), answer(0.45, 0.55, 0.0))
    words = {seen.guidance, seen.verdict.text, seen.not_sure_text, *(key.text for key in seen.actions)}
    others = {english.guidance, english.verdict.text, english.not_sure_text, *(key.text for key in english.actions)}
    assert words.isdisjoint(others) is (language != "en")


def test_the_guidance_points_out_a_class_with_far_fewer_pictures() -> None:
    uneven = view(state(30, 9, 0))
    assert uneven.guidance == "cup has far fewer pictures than apple: show it some more."
    assert [card.suggested for card in uneven.cards] == [False, True, False]
    assert view(state(30, 11, 0)).guidance == "Press TRAIN – or teach one more thing."


def test_staff_can_set_the_threshold_below_which_it_is_not_sure() -> None:
    settings = Config()
    live = state(5, 5, 0, mode=Mode.LIVE, model=MODEL)
    assert view(live, answer(0.3, 0.7, 0.0)).verdict.index == 1
    for below, index in ((0.9, None), (0.1, 1)):  # a floor: the threshold of the model stays
        floor = replace(settings, model=replace(settings.model, not_sure_below=below))
        assert view(replace(live, config=floor), answer(0.3, 0.7, 0.0)).verdict.index == index
        assert view(replace(live, config=floor), answer(0.5, 0.5, 0.0)).verdict.index is None


def test_an_answer_of_a_model_with_other_classes_is_not_shown() -> None:
    assert view(state(5, 5, 0, mode=Mode.LIVE, model=MODEL), answer(0.2, 0.8)).verdict is None


def test_keys_are_lit_only_when_they_would_do_something() -> None:
    def enabled(now: KioskState) -> set[Action]:
        return {key.button for key in view(now).actions if key.enabled}

    assert enabled(state(0, 0, 0)) == set()
    assert enabled(state(1, 0, 0)) == {Action.UNDO, Action.RESET}
    assert enabled(state(2, 2, 0)) == {Action.TRAIN, Action.UNDO, Action.RESET}
    everything = {Action.TRAIN, Action.SAVE, Action.UNDO, Action.RESET}
    assert enabled(state(5, 5, 0, mode=Mode.LIVE, model=MODEL)) == everything
    assert enabled(state(5, 5, 0, mode=Mode.TRAINING)) == set()


def test_the_picture_is_mirrored_for_the_visitor_and_not_for_the_model() -> None:
    pixels = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    shown = present(state(0, 0, 0), Frame(pixels, 1, 10.0), NOTHING_SEEN, Surroundings(mirror=True))
    assert np.array_equal(shown.picture.pixels, pixels[:, ::-1])


def test_bars_move_smoothly_to_new_answers_and_start_at_the_first_one() -> None:
    def seen(number: int, at_s: float, *probabilities: float) -> Observation:
        frame = Frame(np.zeros((2, 2, 3), np.uint8), number, at_s)
        return Observation(frame, probabilities=np.array(probabilities, np.float32), threshold=0.5)

    first = smooth(NOTHING_SEEN, seen(1, 0.0, 1.0, 0.0))
    assert first.probabilities.tolist() == [1.0, 0.0]
    second = smooth(first, seen(2, 0.25, 0.0, 1.0))
    assert second.probabilities[1] == pytest.approx(1 - np.exp(-1), abs=1e-4)
    assert smooth(second, seen(2, 0.25, 0.0, 1.0)) is second


WEBCAM = "/dev/v4l/by-id/usb-046d_HD_Webcam_C270_A1B2C3D0-video-index0"


@pytest.mark.parametrize(
    ("faults", "title", "text"),
    [
        (
            [("C270", CameraCause.SILENT)],
            "No picture from C270",
            "It is connected but sends no pictures.\nUnplug it and plug it in again.\nWhat you taught is safe.",
        ),
        (
            [(WEBCAM, CameraCause.NOT_CONNECTED)],
            "No picture from HD Webcam C270",
            "It is not connected.\nPlug it in: it goes on by itself.\nWhat you taught is safe.",
        ),
        (
            [("rtsp://me:secret@10.0.0.7/live", CameraCause.NETWORK)],
            "No picture from 10.0.0.7",
            "It does not answer.\nCheck that it is switched on, and the network.\nWhat you taught is safe.",
        ),
        (
            [("rpicam:1", CameraCause.MODULE_CABLE)],
            "No picture from the camera module",
            "The camera module does not answer.\nSwitch the computer off and check the flat cable.\n"
            "What you taught is safe. Please call a member of staff.",
        ),
        (
            [("/home/ada/films/cats.avi", CameraCause.FILE)],
            "No picture from cats.avi",
            "This video or folder cannot be shown.\nStaff choose another camera on their page “Camera”.\n"
            "What you taught is safe. Please call a member of staff.",
        ),
        (
            [("rpicam", CameraCause.FROZEN)],
            "No picture from the camera module",
            "Its picture does not move any more.\nSwitch the computer off and check the flat cable.\n"
            "What you taught is safe. Please call a member of staff.",
        ),
        (
            [("auto", CameraCause.NONE)],
            "No camera picture",
            "I looked for webcams and camera modules, and found none.\nPlug one in: it goes on by itself.\n"
            "What you taught is safe.",
        ),
        (
            [(WEBCAM, CameraCause.FROZEN), ("/dev/video2", CameraCause.NOT_OPENED), ("rpicam", CameraCause.BUSY)],
            "No camera picture",
            "HD Webcam C270: Its picture does not move any more.\n"
            "/dev/video2: It does not open: perhaps another program uses it. And 1 more.\n"
            "Unplug it and plug it in again. What you taught is safe.",
        ),
        (
            [],
            "No camera picture",
            "Check that the camera is plugged in: it goes on by itself.\nWhat you taught is safe.",
        ),
    ],
)
def test_the_fault_page_names_each_camera_that_was_tried_and_what_is_wrong_with_it(
    faults: list[tuple[str, CameraCause]], title: str, text: str
) -> None:
    tried = tuple(CameraFault(redacted(source), cause) for source, cause in faults)
    state, _ = run(kiosk(3, 3), ev.CameraLost("lost", tried))
    assert present(state, None, NOTHING_SEEN, Surroundings()).fault == (title, text)


def test_every_cause_has_a_step_and_a_text_that_no_other_cause_has() -> None:
    assert set(STEPS) == set(CameraCause)
    assert len({WHAT[cause].template for cause in CameraCause}) == len(CameraCause)


@pytest.mark.parametrize("address", ["rtsp://[bad/live", "http://[::1/live", "rtsp://\u2100/live"])
def test_the_fault_page_is_shown_for_an_address_that_is_none(address: str) -> None:
    state, _ = run(kiosk(3, 3), ev.CameraLost("lost", (CameraFault(redacted(address), CameraCause.NETWORK),)))
    assert present(state, None, NOTHING_SEEN, Surroundings()).fault == (
        "No camera picture",
        "It does not answer.\nCheck that it is switched on, and the network.\nWhat you taught is safe.",
    )


def test_a_webcam_that_has_only_numbers_is_called_a_webcam() -> None:
    tried = (CameraFault("/dev/v4l/by-id/usb-046d_0825_5AA5590-video-index0", CameraCause.SILENT),)
    state, _ = run(kiosk(3, 3), ev.CameraLost("lost", tried))
    assert present(state, None, NOTHING_SEEN, Surroundings()).fault == (
        "No picture from the webcam",
        "It is connected but sends no pictures.\nUnplug it and plug it in again.\nWhat you taught is safe.",
    )
    state, _ = run(kiosk(3, 3), ev.CameraLost("lost", (*tried, CameraFault("rpicam", CameraCause.BUSY))))
    shown = present(state, None, NOTHING_SEEN, Surroundings()).fault
    assert shown is not None
    assert shown[1].startswith("Webcam: It is connected but sends no pictures.")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("usb-Generic_USB2.0_PC_CAMERA-video-index0", "USB2.0 PC CAMERA"),
        ("usb-Microsoft_LifeCam-video-index0", "Microsoft LifeCam"),
        ("/dev/video0", "/dev/video0"),
        ("0", "/dev/video0"),
        ("/data/" + "long" * 20, "long" * 7 + "lon…"),
    ],
)
def test_a_camera_is_called_as_its_maker_calls_it(source: str, name: str) -> None:
    assert camera_shown(source) == name
