"""The font of the kiosk, and fonts of the system for letters that it lacks.

Names of things come in any script. Letters that the kiosk's own font lacks are drawn with a font of the system. If none
has them, a question mark stands for each, and the log says which package to install.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import pygame

from app.base.labels import INVISIBLE
from app.base.paths import asset_path
from app.ui.painting.scripts import in_drawing_order

logger = logging.getLogger(__name__)

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
FONT_ENDINGS = {".ttf", ".otf", ".ttc"}
PREFERRED = ("notosans", "noto", "droid", "dejavusans", "wqy", "freesans", "unifont")  # the sans ones first
LISTED_WITHIN_S = 5.0
MOST_SIZES = 8192  # of lines that were measured, to be remembered: fitting a text measures the same words many times


class FontStack:
    """A font of the kiosk with a size in pixels; behaves like `pygame.font.Font`, but shows every script it can.

    Args:
        file: The font's file.
        size_px: Its size.

    Attributes:
        own: The font alone.
    """

    def __init__(self, file: Path, size_px: int) -> None:
        self.own, self._size_px = pygame.font.Font(str(file), size_px), size_px
        self._file = file

    def get_ascent(self) -> int:
        """Return the pixels above the baseline."""
        return self.own.get_ascent()

    def size(self, text: str) -> tuple[int, int]:
        """Return the width and height of a line in pixels."""
        key = self._file, self._size_px, text
        found = _sizes.get(key)
        if found is None:
            if len(_sizes) >= MOST_SIZES:
                _sizes.clear()
            found = _sizes[key] = self._measured(text)
        return found

    def _measured(self, text: str) -> tuple[int, int]:
        shown = in_drawing_order(text)
        runs = self._runs(shown)
        if runs is None:
            return self.own.size(shown)
        return sum(font.size(run)[0] for font, run in runs), self.own.get_height()

    def render(self, text: str, ink: tuple[int, int, int]) -> pygame.Surface:
        """Draw a line with smooth edges on a transparent surface; its baseline is that of the own font."""
        shown = in_drawing_order(text)
        runs = self._runs(shown)
        if runs is None:
            return self.own.render(shown, True, ink)
        ascent, height = self.own.get_ascent(), self.own.get_height()
        width = sum(font.size(run)[0] for font, run in runs)
        surface = pygame.Surface((max(1, width), height), pygame.SRCALPHA)
        left = 0
        for font, run in runs:
            surface.blit(font.render(run, True, ink), (left, ascent - font.get_ascent()))
            left += font.size(run)[0]
        return surface

    def _runs(self, text: str) -> list[tuple[pygame.font.Font, str]] | None:
        """Split a line into runs with a font for each; None if the own font has all letters."""
        if _is_plain(text):
            return None
        runs: list[tuple[pygame.font.Font, str]] = []
        for char in text:
            font, shown = self.own, char
            if not _has(self.own, char):
                if INVISIBLE.match(char):
                    continue
                file = fallback_for(char)
                font, shown = (self.own, "?") if file is None else (_opened(file, self._size_px), char)
            if runs and (runs[-1][0] is font or (shown and not shown.isprintable())):
                runs[-1] = runs[-1][0], runs[-1][1] + shown
            else:
                runs.append((font, shown))
        return runs


_sizes: dict[tuple[Path, int, str], tuple[int, int]] = {}


@lru_cache(maxsize=512)
def fallback_for(char: str) -> str | None:
    """Return the file of a system font that has a character; None, and a warning in the log, if there is none."""
    for file in (*_asked(ord(char)), *_installed()):
        try:
            if _has(_opened(file, 20), char):
                return file
        except (pygame.error, OSError):
            continue
    logger.warning("no font here can show %r. Install more: sudo apt install fonts-noto-core fonts-noto-cjk", char)
    return None


def _is_plain(text: str) -> bool:
    """Whether the own font has every character; Latin letters need no look."""
    return text.isascii() or all(map(_own_has, text))


@lru_cache(maxsize=512)
def _own_has(char: str) -> bool:
    return char.isspace() or _has(_reference(), char)


@cache
def _reference() -> pygame.font.Font:
    return pygame.font.Font(str(asset_path("fonts", "MPLUSRounded1c-Medium.ttf")), 20)


def _has(font: pygame.font.Font, char: str) -> bool:
    """Whether a font has a character; a missing one has no extent, and so has white space, which every font has."""
    if char.isspace() or not char.isprintable():
        return True
    try:
        metrics = font.metrics(char)
    except (pygame.error, UnicodeError):
        return False
    found: list[tuple[int, ...] | None] = list(metrics)
    return bool(found and found[0] is not None and any(found[0][:4]))


@lru_cache(maxsize=64)
def _opened(file: str, size_px: int) -> pygame.font.Font:
    return pygame.font.Font(file, size_px)


def _asked(code: int) -> Iterator[str]:
    """Ask fontconfig for fonts with a character, if it is installed."""
    program = shutil.which("fc-list")
    if program is None:
        return
    try:
        listed = subprocess.run(
            [program, f":charset={code:x}", "file"], capture_output=True, timeout=LISTED_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    files = [line.rstrip(": ") for line in listed.stdout.decode(errors="replace").splitlines()]
    yield from sorted((file for file in files if Path(file).suffix.lower() in FONT_ENDINGS), key=_rank)[:4]


@cache
def _installed() -> tuple[str, ...]:
    """Fonts in the usual folders, those with most scripts first; only for systems without fontconfig."""
    if shutil.which("fc-list") is not None:
        return ()
    files = [str(file) for folder in FONT_FOLDERS for file in folder.rglob("*") if file.suffix.lower() in FONT_ENDINGS]
    return tuple(sorted(files, key=_rank)[:200])


def _rank(file: str) -> tuple[int, int, str]:
    name = Path(file).name.casefold()
    family = next((place for place, one in enumerate(PREFERRED) if name.startswith(one)), len(PREFERRED))
    return family, len(name), file  # the shortest name is the plain style
