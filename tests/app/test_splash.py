"""The splash is on the screen before most of the program is loaded."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pygame
import pytest

from app.base.errors import DataDirInUse
from app.base.i18n import LANGUAGES
from app.base.process_age import process_age_s
from app.base.start_problems import Fallbacks
from app.config.schema import Config, StorageSettings
from app.splash import show_splash
from app.ui import screens
from app.ui.painting.theme import load_theme
from app.views.waking import waking

HEAVY = {"cv2", "sqlite3", "app.compose", "app.kiosk", "app.core", "app.session.store", "app.model", "tpu.extractor"}


def test_what_takes_long_to_load_is_loaded_after_the_splash() -> None:
    code = "import sys, app.commands.command_line, app.commands.kiosk; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "app.splash" in loaded
    assert HEAVY & set(loaded) == set()


def test_the_splash_is_drawn_at_once_and_its_window_holds_the_lock(tmp_path: Path) -> None:
    config = replace(Config(), storage=StorageSettings(data_dir=str(tmp_path)))
    strict = Fallbacks(lambda _: None, strict=True)
    with ExitStack() as stack:
        window = show_splash(config, stack, strict, headless=True)
        window.screenshot(tmp_path / "seen.png")
        with pytest.raises(DataDirInUse), ExitStack() as second:
            show_splash(config, second, strict, headless=True)
    seen = pygame.image.load(str(tmp_path / "seen.png"))
    wanted = pygame.Surface(seen.get_size())
    screens.draw(wanted, waking("en", config.screen.palette), load_theme(seen.get_size(), config.screen.palette))
    assert pygame.image.tobytes(seen, "RGB") == pygame.image.tobytes(wanted, "RGB")
    with ExitStack() as after:
        show_splash(config, after, strict, headless=True)  # the lock is free again


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_splash_speaks_the_language_of_the_settings(language: str) -> None:
    pygame.font.init()
    shown = waking(language, "paper")
    texts = screens.draw(pygame.Surface((800, 480)), shown, load_theme((800, 480)))
    assert [text.words for text in texts] == [shown.guidance]
    assert (shown.guidance == "One moment, I am waking up") == (language == "en")
    assert screens.targets(shown, (800, 480)) == []


def test_the_age_of_the_process_is_counted_from_its_start() -> None:
    before = time.monotonic()
    code = "from app.base.process_age import process_age_s; print(process_age_s())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert -0.02 <= float(printed) <= time.monotonic() - before + 0.02  # the system counts in ticks of 10 ms
    assert process_age_s() > float(printed)
