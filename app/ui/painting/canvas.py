"""A canvas: a surface, a theme, and text that is made to fit its place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import lru_cache, partial

import pygame

from app.ui.painting.fonts import FontStack
from app.ui.painting.surfaces import CACHE
from app.ui.painting.theme import SMALLEST_TEXT_PX, Colour, Palette, Theme, font

# In multiples of the font size:
LINE = 1.24  # height of a line
CAP = 0.73  # height of a capital letter; text is centred by it
DESCENT = 0.24  # depth below the baseline

LONG_TEXT = 80  # letters
SMALLEST = 0.62  # text shrinks to this share of its size before it takes more lines than asked for


@dataclass(frozen=True)
class DrawnText:
    """One text on the screen, for tests of overlap, clipping and contrast.

    Attributes:
        words: The whole text.
        lines: The lines that were drawn.
        rect: The rectangle that the letters take.
        area: The place that the text had to fit into.
        ink, on: Colours of the letters and of the background.
    """

    words: str
    lines: tuple[str, ...]
    rect: pygame.Rect
    area: pygame.Rect
    ink: Colour
    on: Colour


@dataclass(frozen=True)
class Canvas:
    """Where a screen is drawn. `texts` collects the texts that were drawn."""

    surface: pygame.Surface
    theme: Theme
    texts: list[DrawnText] = field(default_factory=list)

    @property
    def palette(self) -> Palette:
        """Colours of the theme."""
        return self.theme.palette

    def px(self, size: float) -> int:
        """Pixels of a size in units."""
        return self.theme.px(size)

    def text(
        self,
        words: str,
        area: pygame.Rect,
        size: float,
        ink: Colour,
        on: Colour,
        *,
        bold: bool = False,
        align: str = "left",
        lines: int = 1,
        top: bool = False,
        whole: bool = False,
    ) -> pygame.Rect:
        """Draw text into an area. Long text becomes smaller or takes more lines.

        Args:
            words: The text.
            area: Its place; the lines are centred vertically, or start at the `top`.
            size: Units.
            ink: Colour of the letters.
            on: Colour of the background, for the test of contrast.
            bold: Heavy letters.
            align: "left", "center" or "right".
            lines: The greatest number of lines at the full size.
            top: Start at the upper edge of the area.
            whole: Never break a word, as on buttons: letters become smaller instead.

        Returns:
            The rectangle that the letters take.
        """
        if not words.strip() or area.width <= 0 or area.height <= 0:
            return pygame.Rect(area.left, area.centery, 0, 0)
        words = words.replace("…", "...")  # the font's own ellipsis is at half height, as in Japanese
        size_px, broken = fitted(words, self.px(size), area.size, lines, bold, whole)
        step = round(size_px * LINE)
        height = round(size_px * (CAP + DESCENT)) + step * (len(broken) - 1)
        block = pygame.Rect(area.left, area.top, area.width, height)
        if not top:
            block.top = area.top + round((area.height - (height - size_px * DESCENT)) / 2)
            block.bottom = min(block.bottom, area.bottom)
        baseline = block.top + round(size_px * CAP)
        taken: pygame.Rect | None = None
        for line in broken:
            drawn = CACHE.get(("text", line, size_px, bold, ink), lambda line=line: _render(line, size_px, bold, ink))  # type: ignore[misc]
            width = drawn.get_width()
            left = {"left": block.left, "center": block.centerx - width // 2, "right": block.right - width}[align]
            self.surface.blit(drawn, (left, baseline - font(size_px, bold=bold).get_ascent()))
            rect = pygame.Rect(left, baseline - round(size_px * CAP), width, round(size_px * (CAP + DESCENT)))
            taken = rect if taken is None else taken.union(rect)
            baseline += step
        assert taken is not None
        self.texts.append(DrawnText(words, broken, taken, area.copy(), ink, on))
        return taken

    def wording(self, words: str, short: str, area: pygame.Rect, size: float, *, lines: int, least: float) -> str:
        """Return a text in bold letters that fits into its area, else the shorter wording of it if there is one.

        Args:
            words: The text; it fits in whole words, with at most `lines` lines, in letters as large as those of the
                shorter wording, or of `least` units.
            short: The shorter wording; empty without one.
            area: Its place.
            size: Units.
            lines: The greatest number of lines.
            least: Units.
        """
        if not short:
            return words
        size_px, broken = fitted(words, self.px(size), area.size, lines, True, True)
        large = min(self.px(least), fitted(short, self.px(size), area.size, lines, True)[0])
        fits = size_px >= large and len(broken) <= lines and " ".join(broken).split() == words.split()
        return words if fits else short

    def forget(self, area: pygame.Rect) -> None:
        """Remove the texts in an area from `texts`, because something is drawn over them."""
        self.texts[:] = [text for text in self.texts if not area.colliderect(text.rect)]


@lru_cache(maxsize=2048)
def fitted(
    words: str, size_px: int, space: tuple[int, int], lines: int, bold: bool, whole: bool = False
) -> tuple[int, tuple[str, ...]]:
    """Return the greatest size, and the lines, with which a text fits into a space of (width, height) pixels.

    First the size shrinks to `SMALLEST` of itself with whole words, then words may be broken, then it shrinks further.
    If words must stay `whole`, it shrinks further first, and words are broken only if they do not fit at any size.
    Text that does not fit at the smallest legible size ends in “...”.
    """
    width, height = space
    start = max(size_px, SMALLEST_TEXT_PX)
    least = max(SMALLEST_TEXT_PX, round(start * SMALLEST))
    sizes = [*range(start, least - 1, -1)]

    def lines_at(now_px: int, may_break: bool) -> list[str] | None:
        room = _room(height, now_px)
        broken = lines_of(words, font(now_px, bold=bold), width, may_break=may_break)
        return broken if broken is not None and len(broken) <= (min(room, lines) if now_px > least else room) else None

    def fits_at(may_break: bool, now_px: int) -> bool:
        return lines_at(now_px, may_break) is not None

    smaller = range(least - 1, SMALLEST_TEXT_PX - 1, -1)
    for may_break, some in (
        (False, [*sizes, *smaller] if whole else sizes),
        (True, [*sizes[len(sizes) // 2 :], *range(least, SMALLEST_TEXT_PX - 1, -1)]),
    ):
        tried = some
        if len(words) > LONG_TEXT:  # every size costs time: find the greatest by halving
            place = bisect_left(some, True, key=partial(fits_at, may_break))
            tried = some[place : place + 1]
        for now_px in tried:
            if (broken := lines_at(now_px, may_break)) is not None:
                by = font(now_px, bold=bold)
                return now_px, tuple(broken if may_break else _balanced(words, broken, by, width))
    smallest = font(SMALLEST_TEXT_PX, bold=bold)
    kept = (lines_of(words, smallest, width, may_break=True) or [words])[: max(1, _room(height, SMALLEST_TEXT_PX))]
    while kept[-1] and smallest.size(kept[-1] + "...")[0] > width:
        kept[-1] = kept[-1][:-1]
    return SMALLEST_TEXT_PX, (*kept[:-1], kept[-1].rstrip() + "...")


def _balanced(words: str, broken: list[str], by: FontStack, width: int) -> list[str]:
    """Break a text into as many lines, as narrow as that allows: a word is seldom left alone on the last one."""
    if "\n" in words:
        several = [(one, lines_of(one, by, width, may_break=False) or []) for one in words.split("\n")]
        return [line for one, lines in several for line in _balanced(one, lines, by, width)]
    if len(broken) < 2:
        return broken
    narrow = max(by.size(word)[0] for word in _unbroken(words))

    def takes_no_more(width: int) -> bool:
        lines = lines_of(words, by, width, may_break=False)
        return lines is not None and len(lines) <= len(broken)

    found = bisect_left(range(narrow, width), True, key=takes_no_more)
    return lines_of(words, by, narrow + found, may_break=False) or broken


def lines_of(words: str, by: FontStack, width: int, *, may_break: bool) -> list[str] | None:
    """Break a text into lines no wider than `width`; None if a word is too wide and must not be broken.

    Line breaks in the text are kept. No line ends at a no-break space, as French has one before "?" and "!", and none
    begins with a dash.
    """
    paragraphs = words.split("\n")
    if len(paragraphs) > 1:
        several = [lines_of(one, by, width, may_break=may_break) for one in paragraphs]
        return None if None in several else [line for some in several for line in some or []]
    lines: list[str] = []
    for word in _unbroken(words):
        rest = word
        if lines and by.size(f"{lines[-1]} {rest}")[0] <= width:
            lines[-1] += f" {rest}"
            continue
        while by.size(rest)[0] > width:
            if not may_break or len(rest) == 1:
                return None
            fits = max(1, bisect_right(range(1, len(rest)), width, key=partial(_width, by, rest)))
            lines.append(rest[:fits])
            rest = rest[fits:]
        lines.append(rest)
    return lines


def _unbroken(words: str) -> list[str]:
    """The parts of a text between which a line may end."""
    return [part for part in words.replace(" – ", "\N{NO-BREAK SPACE}– ").split(" ") if part]


def _width(by: FontStack, text: str, letters: int) -> int:
    return by.size(text[:letters])[0]


def _room(height: int, size_px: int) -> int:
    """How many lines of a size fit into a height."""
    return 1 + (height - round(size_px * (CAP + DESCENT))) // round(size_px * LINE)


def _render(line: str, size_px: int, bold: bool, ink: Colour) -> pygame.Surface:
    return font(size_px, bold=bold).render(line, ink)
