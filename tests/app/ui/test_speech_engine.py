"""What the speech program is given in each language, and that espeak-ng makes sound of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.base.i18n import LANGUAGES
from app.base.tone import Tone
from app.model.observation import NOTHING_SEEN
from app.ui.speech import VOICES, Speech, espeak, speech_dispatcher
from app.views.model import Banner, KioskView, Verdict
from app.views.model.spoken import Kind
from app.views.narration import Memory, narrated
from app.views.present import Surroundings, present
from tests.support.speech_engine import SpeechEngine
from tests.support.states import kiosk
from tests.support.views import main_views

WELCOME = {
    "en": "Show something to the camera and hold the apple button.",
    "de": "Zeig der Kamera etwas und halt den Knopf apple gedrückt.",
    "fr": "Montre quelque chose à la caméra et tiens le bouton apple appuyé.",
    "es": "Enseña algo a la cámara y mantén pulsado el botón apple.",
    "tr": "Kameraya bir şey göster ve apple düğmesini basılı tut.",
}


def said_at_the_beginning(language: str) -> dict[Kind, str]:
    state = replace(kiosk(0, 0), language=language)
    memory, said = Memory(), {}
    for tick in range(40):
        view = present(replace(state, now_s=tick / 10), None, NOTHING_SEEN, Surroundings())
        memory, utterances = narrated(memory, view)
        said |= {one.kind: one.text for one in utterances}
    return said


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_a_voice_and_is_given_its_own_text(language: str) -> None:
    text = said_at_the_beginning(language)[Kind.GUIDANCE]
    assert text == WELCOME[language]
    assert espeak(text, language, 0.4) == ("-v", VOICES[language], "-s", "150", "-a", "60", "--", text)
    assert speech_dispatcher(text, language, 0.5) == ("-w", "-l", language, "-i", "0", "--", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_espeak_makes_sound_of_what_each_language_is_given(language: str, tmp_path: Path) -> None:
    if (program := shutil.which("espeak-ng")) is None:
        pytest.skip("needs espeak-ng: apt-get install espeak-ng")
    path, silent = tmp_path / "said.wav", tmp_path / "silent.wav"
    arguments = espeak(said_at_the_beginning(language)[Kind.GUIDANCE], language, 0.4)
    done = subprocess.run([program, "-w", str(path), *arguments], capture_output=True, text=True, check=True)
    assert done.stderr == ""  # a voice that is missing is reported here
    sound, rate_hz = read_wave(path)
    assert len(sound) / rate_hz > 1.5  # seconds: the sentence was spoken to its end
    assert np.abs(sound).max() > 1000
    subprocess.run([program, "-w", str(silent), *espeak("a", language, 0.0)], capture_output=True, check=True)
    assert not read_wave(silent)[0].any()


def read_wave(path: Path) -> tuple[np.ndarray, int]:
    with wave.open(str(path), "rb") as file:
        assert file.getsampwidth() == 2
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


class Engine:
    """A speech program that writes what it says to a file, and speaks until it is told to go on."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self._log = folder, name, folder / "said.txt"
        path = folder / name
        path.write_text(
            f"#!{sys.executable}\nimport sys, time, pathlib\n"
            f"open({str(self._log)!r}, 'a').write(' '.join(sys.argv[1:]) + chr(10))\n"
            f"while len(sys.argv) > 2 and not pathlib.Path({str(folder / 'done')!r}).exists(): time.sleep(0.01)\n"
        )
        path.chmod(0o755)

    def find(self, name: str) -> str | None:
        return str(self.folder / name) if name == self.name else None

    def wait_for(self, line: str) -> list[str]:
        until_s = time.monotonic() + 60
        while line not in (said := self._log.read_text().splitlines() if self._log.exists() else []):
            assert time.monotonic() < until_s, said
            time.sleep(0.005)
        return said

    def finish(self) -> None:
        (self.folder / "done").touch()


def follow(speech: Speech, view: KioskView, seconds: float) -> None:
    for step in range(round(seconds * 10)):
        speech.follow(replace(view, now_s=view.now_s + step / 10))


def line(text: str, language: str = "en") -> str:
    return f"-v {language} -s 150 -a 60 -- {text}"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path, "espeak-ng")


def test_a_question_interrupts_what_is_being_said(engine: Engine) -> None:
    speech, main = Speech(lambda: False, lambda: 0.4, engine.find, everything=lambda: True), main_views()
    follow(speech, main["welcome"], 2.0)
    engine.wait_for(line("Button 1: apple. Button 2: cup. Button 3: duck."))
    first = speech._process
    assert first is not None
    asked = main["confirm"].question
    assert asked is not None
    follow(speech, replace(main["confirm"], now_s=5.0), 0.2)
    assert first.returncode is not None  # it was still speaking
    second = speech._process
    assert second is not None
    assert second.args[-1].startswith(asked.title)
    engine.finish()
    speech.close()


def test_a_hint_waits_until_the_present_text_is_said(engine: Engine) -> None:
    speech, welcome = Speech(lambda: False, lambda: 0.4, engine.find, everything=lambda: True), main_views()["welcome"]
    follow(speech, welcome, 3.0)
    said = engine.wait_for(line("Button 1: apple. Button 2: cup. Button 3: duck."))
    assert len(said) == 1
    engine.finish()
    process = speech._process
    assert process is not None
    process.wait()
    speech.follow(replace(welcome, now_s=5.0))
    engine.wait_for(line(welcome.guidance))
    speech.close()


def test_the_name_of_what_is_highlighted_is_said_again_after_a_hint_that_interrupted_it() -> None:
    engine, view = SpeechEngine(), replace(main_views()["welcome"], now_s=0.0)
    speech = Speech(lambda: False, lambda: 0.4, engine.find, lambda: True, start=engine.start)

    def shown(view: KioskView, start_s: float, end_s: float) -> None:
        for tick in range(round(start_s * 20), round(end_s * 20)):
            speech.follow(engine.shows(replace(view, now_s=tick / 20)))

    shown(view, 0.0, 12.0)
    scanned = replace(view, scanned=(0,))
    shown(scanned, 12.0, 12.2)
    assert speech.narrates
    hint = "Removed the last picture of cup."
    shown(replace(scanned, notice=Banner(hint, Tone.HINT)), 12.2, 20.0)
    assert [(one.text, one.cut) for one in engine.spoken][-3:] == [("apple", True), (hint, False), ("apple", False)]
    assert not speech.narrates


def test_without_narration_only_the_answer_is_said(engine: Engine) -> None:
    engine.finish()
    speech, live = Speech(lambda: True, lambda: 0.4, engine.find), main_views()["live"]
    follow(speech, replace(live, verdict=Verdict("cup", 0.9, 1)), 2.0)
    assert engine.wait_for(line("cup")) == [line("cup")]
    speech.close()


def test_a_speech_server_is_told_to_be_silent(tmp_path: Path) -> None:
    engine = Engine(tmp_path, "spd-say")
    speech = Speech(lambda: False, lambda: 0.5, engine.find, everything=lambda: True)
    follow(speech, main_views()["welcome"], 1.0)
    engine.wait_for("-w -l en -i 0 -- Button 1: apple. Button 2: cup. Button 3: duck.")
    speech.close()
    engine.wait_for("-C")


def test_it_falls_silent_when_it_is_switched_off_and_begins_again_when_switched_on(engine: Engine) -> None:
    on, welcome = [True], main_views()["welcome"]
    speech = Speech(lambda: False, lambda: 0.4, engine.find, everything=lambda: on[0])
    said = line("Button 1: apple. Button 2: cup. Button 3: duck.")
    follow(speech, welcome, 0.3)
    engine.wait_for(said)
    first = speech._process
    assert first is not None
    on[0] = False
    speech.follow(welcome)
    assert first.returncode is not None
    assert speech._process is None
    on[0] = True
    speech.follow(welcome)
    second = speech._process
    assert second is not None
    assert second.args[-1] == said.partition("-- ")[2]
    speech.close()


def test_speech_is_as_fast_as_the_setting_says() -> None:
    assert espeak("Hello", "en", 0.5, 2.0) == ("-v", "en", "-s", "300", "-a", "75", "--", "Hello")
    assert espeak("Hello", "en", 0.5, 0.6)[3] == "90"
    assert speech_dispatcher("Hello", "en", 0.5, 3.0) == ("-w", "-l", "en", "-i", "0", "-r", "100", "--", "Hello")
    assert speech_dispatcher("Hello", "en", 0.5, 0.5)[5:7] == ("-r", "-63")


def test_a_change_of_speed_holds_for_the_next_words(tmp_path: Path) -> None:
    engine, rate = Engine(tmp_path, "espeak-ng"), [1.5]
    speech = Speech(lambda: False, lambda: 0.5, engine.find, everything=lambda: True, rate=lambda: rate[0])
    follow(speech, main_views()["welcome"], 1.0)
    engine.wait_for("-v en -s 225 -a 75 -- Button 1: apple. Button 2: cup. Button 3: duck.")
    speech.close()
