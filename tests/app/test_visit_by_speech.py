"""A whole visit by somebody who does not see the screen: does only what was said to the end, and hears how it went."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise

import pygame
import pytest

from app.base.i18n import LANGUAGES, SOURCE_LANGUAGE, Text, counted, message, translated
from app.ui.speech import VOICES, Speech, espeak
from app.ui.utterance_queue import REPLACES_ITSELF
from app.views.model import KioskView
from app.views.model.spoken import Kind, Utterance
from app.views.narration import Memory, narrated
from tests.support.speech_engine import PATH, SpeechEngine, Spoken
from tests.support.whole_visits import Moment, WholeVisit

pytestmark = pytest.mark.needs_runtime

VOLUME, RATE = 0.4, 3.0  # as fast as people listen who use speech every day
IN_ORDER: tuple[Text, ...] = (
    message("Button {number}: {label}", number=2, label="cup"),
    message("Show something to the camera and hold the {label} button.", label="apple"),
    "apple",
    counted("{count} picture", "{count} pictures", 6),
    message("Now show a different thing and hold the {label} button.", label="cup"),
    "cup",
    counted("{count} picture", "{count} pictures", 6),
    message("Press TRAIN – or teach one more thing."),
    message("Learning…"),
    message("It learned, but it is not tested yet. Hold each button twice, then press TRAIN."),
    "apple",
    "cup",
    message("Not tested yet"),
    message("You may pull the drive out now."),
    message("Start over?"),
    message("Show something to the camera and hold the {label} button.", label="apple"),
)
"""What a visitor hears who teaches two things, looks at the results, saves the model, and starts over."""


class Listener:
    """Hears what the speech program says while a visit goes on."""

    def __init__(self, visit: WholeVisit) -> None:
        self.visit, self.engine = visit, SpeechEngine()
        self._follow, self._waited_for = follower(self.engine), 0
        visit.follow = self._follow

    def wait_for(self, text: str) -> None:
        """Let time pass until something with this text was said to its end, later than what was waited for before."""
        self.visit.wait_until(lambda _view: any(text in one.text and one.complete for one in self._new()))
        self._waited_for += next(n for n, one in enumerate(self._new(), 1) if text in one.text and one.complete)

    def _new(self) -> list[Spoken]:
        return self.engine.spoken[self._waited_for :]

    def tap(self, key: int) -> None:
        """Press and release a key."""
        self.visit.down(key)
        self.visit.up(key)


def follower(engine: SpeechEngine) -> Callable[[KioskView], None]:
    """Return what shows views to the kiosk's speech with this engine."""
    speech = Speech(lambda: False, lambda: VOLUME, engine.find, lambda: True, lambda: RATE, engine.start)
    return lambda view: speech.follow(engine.shows(view))


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> tuple[Moment, ...]:
    """A visit by ear, in English."""
    folder = tmp_path_factory.mktemp("visit")
    visit = WholeVisit(folder)
    ears, table = Listener(visit), visit.station.table
    ears.wait_for("Button 1: apple. Button 2: cup. Button 3: duck.")
    ears.wait_for("hold the apple button")
    table.show("apple")
    visit.hold(6, pygame.K_1)
    ears.wait_for("apple: 6 pictures.")
    ears.wait_for("hold the cup button")
    table.show("cup")
    visit.hold(6, pygame.K_2)
    ears.wait_for("cup: 6 pictures.")
    ears.wait_for("Press TRAIN")
    ears.tap(pygame.K_t)
    ears.wait_for("It learned")
    for thing in ("apple", "cup", "apple"):
        table.show(thing)
        ears.wait_for(thing)
    ears.tap(pygame.K_e)
    ears.wait_for("Not tested yet. Hold each button twice, then press TRAIN.")
    ears.tap(pygame.K_r)
    visit.insert_drive(folder / "stick")
    ears.wait_for("Found the drive STICK.")
    ears.tap(pygame.K_s)
    ears.wait_for("You may pull the drive out now. At home, open open_me.html on the drive.")
    assert list((folder / "stick").rglob("model.tflite"))
    ears.tap(pygame.K_r)  # leaves the page
    ears.wait_for("Hold the correct button.")
    ears.tap(pygame.K_r)
    ears.wait_for("Start over? 12 pictures and the model made from them will be erased.")
    ears.tap(pygame.K_y)
    ears.wait_for("hold the apple button")
    visit.close()
    return tuple(visit.moments)


@pytest.fixture(scope="module")
def narration(moments: tuple[Moment, ...]) -> dict[str, list[Utterance]]:
    """What is to be said in each language while this visit goes on."""
    said = {language: list[Utterance]() for language in LANGUAGES}
    for language in LANGUAGES:
        memory = Memory()
        for moment in moments:
            memory, utterances = narrated(memory, moment.in_language(language))
            said[language] += utterances
    return said


def test_a_visit_by_ear_is_short(narration: dict[str, list[Utterance]]) -> None:
    said = narration[SOURCE_LANGUAGE]
    assert len(said) <= 45
    assert sum(one.kind is Kind.VERDICT for one in said) <= 12
    advice = [one.text for one in said if "Wrong answer?" in one.text]
    assert len(advice) <= 3  # once for each time that the main screen comes back, not with each answer


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_visit_says_the_same_in_another_language_in_the_same_order(
    narration: dict[str, list[Utterance]], language: str
) -> None:
    in_english, said = narration[SOURCE_LANGUAGE], narration[language]
    assert [one.kind for one in said] == [one.kind for one in in_english]
    assert {one.language for one in said} == {language}
    told = iter(one.text for one in said)
    for text in IN_ORDER:
        words = translated(text, language).replace("…", "").strip()
        assert any(words in one for one in told), words
    if language != SOURCE_LANGUAGE:
        assert {one.text for one in said} & {one.text for one in in_english} <= {"apple", "cup", "duck"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_speech_program_is_given_each_text_of_the_visit_with_voice_speed_and_volume(
    moments: tuple[Moment, ...], narration: dict[str, list[Utterance]], language: str
) -> None:
    engine = SpeechEngine()
    follow = follower(engine)
    for moment in moments:
        follow(moment.in_language(language))
    said = narration[language]
    assert len(engine.spoken) > 20
    assert {one.text for one in engine.spoken} <= {one.text for one in said}
    for one in engine.spoken:
        assert one.args == (PATH, "-v", VOICES[language], "-s", "450", "-a", "60", "--", one.text)
    for before, after in pairwise(engine.spoken):
        assert not before.cut or any(
            new.importance > old.importance or (old.kind is new.kind and new.kind in REPLACES_ITSELF)
            for old in said
            for new in said
            if (old.text, new.text) == (before.text, after.text)
        ), (before.text, after.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_espeak_has_a_voice_for_the_texts_of_the_visit_that_is_not_the_english_one(
    narration: dict[str, list[Utterance]], language: str
) -> None:
    if (program := shutil.which("espeak-ng")) is None:
        pytest.skip("needs espeak-ng: apt-get install espeak-ng")
    text = "\n".join(one.text for one in narration[language])

    def phonemes(voice: str) -> str:
        command = [program, "-q", "-x", *espeak(text, voice, VOLUME)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""  # a voice that is missing is reported here
        return done.stdout

    own = phonemes(language)
    assert len(own) > len(text) / 2
    assert (own == phonemes(SOURCE_LANGUAGE)) is (language == SOURCE_LANGUAGE)
