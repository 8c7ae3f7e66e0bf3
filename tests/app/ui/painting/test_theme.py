"""Palettes and fonts: colours that can be distinguished and read, and the letters of all languages of the kiosk."""

from __future__ import annotations

import string
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pygame
import pytest

from app.base.i18n import DOMAIN, LOCALE
from app.base.paths import asset_path
from app.config.checks import PALETTES
from app.ui.pages.typing_page import SYMBOLS
from app.ui.painting.canvas import Canvas, fitted, lines_of
from app.ui.painting.cards import draw_card
from app.ui.painting.keys import face_of
from app.ui.painting.shapes import ICONS
from app.ui.painting.theme import CLASS_SHAPES, READABLE, Palette, contrast_ratio, font, load_theme
from app.views.model import ActionKey
from tests.support.views import main_views

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SIZE = (1280, 720)
LATIN = string.ascii_letters + string.digits + "ÄÖÜäöüß ÀÂÇÉÈÊËÎÏÔŒÙÛŸàâçéèêëîïôœùûÿæÆ ÁÉÍÑÓÚÜáéíñóúü¿¡ ĞİıŞğş"
GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώΆΈΉΊΌΎΏϊϋΐΰ"
CYRILLIC = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюяІЇЄҐіїєґЎўЂЉЊЋЏђљњћџ"
SIGNS = ".,:;!?()[]{}/\\|@#%&*+-=<>_\"'’‘“”„«»–—·×°€$£§"


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def theme(name: str) -> Palette:
    return load_theme(SIZE, name).palette


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("letters", [LATIN, GREEK, CYRILLIC, SIGNS])
def test_the_font_has_every_letter(bold: bool, letters: str) -> None:
    assert missing(letters, bold) == []


@pytest.mark.parametrize("bold", [False, True])
def test_the_font_has_every_letter_of_the_catalogues(bold: bool) -> None:
    catalogues = sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
    assert len(catalogues) >= 4
    letters = set("".join(Path(path).read_text(encoding="utf-8") for path in catalogues)) - {"\n", *SYMBOLS}
    assert missing("".join(sorted(letters - {"…"})), bold) == []  # drawn as three dots


def missing(letters: str, bold: bool) -> list[str]:
    """Letters that the font draws like a letter that no font has."""
    face = font(40, bold=bold).own

    def drawn(letter: str) -> bytes:
        return pygame.image.tobytes(face.render(letter, True, (0, 0, 0)), "RGBA")

    nothing = drawn(chr(0xFFFE))
    return [letter for letter in letters if drawn(letter) == nothing]


def test_a_missing_letter_is_noticed() -> None:
    assert missing("a⌫", False) == ["⌫"]


def test_the_settings_accept_exactly_the_palettes_in_the_file() -> None:
    table = tomllib.loads(asset_path("themes", "palettes.toml").read_text(encoding="utf-8"))
    assert tuple(table) == PALETTES
    assert len({theme(name) for name in PALETTES}) == len(PALETTES)


@pytest.mark.parametrize("name", PALETTES)
def test_text_can_be_read_on_every_background(name: str) -> None:
    colours = theme(name)
    for ground in (colours.background, colours.panel):
        assert contrast_ratio(colours.text, ground) >= 4.5
        assert contrast_ratio(colours.quiet, ground) >= 4.5
    assert contrast_ratio(colours.text, colours.raised) >= 4.5
    shown = load_theme(SIZE, name)
    for ground in (*colours.classes, colours.accent, colours.warning, colours.text):
        assert contrast_ratio(shown.ink(ground), ground) >= 4.5


def test_high_contrast_means_seven_to_one() -> None:
    colours = theme("contrast")
    for ground in (colours.background, colours.panel, colours.raised):
        assert contrast_ratio(colours.text, ground) >= 7
        assert contrast_ratio(colours.quiet, ground) >= 7


@pytest.mark.parametrize("name", PALETTES)
def test_every_class_has_a_colour_and_a_shape_of_its_own(name: str) -> None:
    shown = load_theme(SIZE, name)
    assert len({shown.class_colour(index) for index in range(9)}) == 9
    assert len({shown.class_shape(index) for index in range(9)}) == 9
    assert set(CLASS_SHAPES) < ICONS


@pytest.mark.parametrize("deficiency", ["protanopia", "deuteranopia", "tritanopia"])
def test_colour_blind_people_can_distinguish_all_nine_classes_of_the_distinct_palette(deficiency: str) -> None:
    def nearest(name: str) -> float:
        seen = [_seen(colour, deficiency) for colour in theme(name).classes]
        return min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2))

    assert nearest("distinct") > 15  # 2.3 is just noticeable
    assert nearest("paper") < 10  # there the shapes have to distinguish them


def _seen(colour: tuple[int, int, int], deficiency: str) -> np.ndarray:
    """A colour as colour-blind people see it, in CIE Lab. Source: Machado, Oliveira, Fernandes 2009, severity 1."""
    matrix = {
        "protanopia": [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        "deuteranopia": [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        "tritanopia": [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    }[deficiency]
    share = np.array(colour) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(matrix) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ linear / np.array([0.9505, 1.0, 1.089])
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def test_the_contrast_ratio_follows_the_standard() -> None:
    assert contrast_ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast_ratio((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)  # the well-known #777


def test_an_unknown_palette_means_the_default() -> None:
    assert load_theme(SIZE, "no such palette") == load_theme(SIZE)


def test_long_text_shrinks_first_then_breaks_and_is_cut_last() -> None:
    assert fitted("Train", 30, (400, 60), 1, True) == (30, ("Train",))
    smaller, lines = fitted("Schraubenzieher", 30, (200, 40), 1, True)
    assert (15 <= smaller < 30, lines) == (True, ("Schraubenzieher",))
    broken, lines = fitted("Donaudampfschiff", 30, (80, 80), 2, True)
    assert (broken < 30, len(lines) > 1, "".join(lines)) == (True, True, "Donaudampfschiff")
    assert fitted("word " * 40, 30, (40, 12), 1, True)[1][-1].endswith("...")


def test_a_line_break_in_a_text_is_kept() -> None:
    assert lines_of("one two\nthree", font(20, bold=False), 1000, may_break=False) == ["one two", "three"]


@pytest.mark.parametrize("palette", PALETTES)
def test_every_text_of_a_card_can_be_read_while_it_lights_up(palette: str) -> None:
    colours = load_theme(SIZE, palette)
    card = main_views()["live"].cards[0]
    for index in range(9):
        for step in range(21):
            canvas = Canvas(pygame.Surface((1, 1)), colours)
            lights = {"light": step / 20, "lead": 0.0} if index % 2 else {"light": 0.0, "lead": step / 20}
            draw_card(canvas, replace(card, index=index), pygame.Rect(2, 2, 476, 112), bar=0.5, ring=0.5, **lights)
            assert len(canvas.texts) == 4
            for text in canvas.texts:
                assert contrast_ratio(text.ink, text.on) >= READABLE, (index, step, text)


@pytest.mark.parametrize("palette", PALETTES)
def test_every_kind_of_key_can_be_read_at_every_moment_of_a_breath(palette: str) -> None:
    canvas = Canvas(pygame.Surface((1, 1)), load_theme(SIZE, palette))
    key = ActionKey("", "train", "Train", "T")
    kinds = [{}, {"enabled": False}, {"suggested": True}, {"held": True}, {"erases": True}]
    for kind in kinds:
        for breath in range(25):
            face, ink = face_of(canvas, replace(key, **kind), breath / 24)  # type: ignore[arg-type]
            assert contrast_ratio(ink, face) >= READABLE, (kind, breath)


def test_the_lines_of_a_sentence_are_as_narrow_as_their_number_allows() -> None:
    words = "Show something to the camera and hold the red button."
    widths = range(560, 1000, 40)
    for width in widths:
        size_px, lines = fitted(words, 47, (width, 200), 3, True)
        by = font(size_px, bold=True)
        assert " ".join(lines) == words
        assert len(lines) == len(lines_of(words, by, width, may_break=False) or ())
        widest = max(by.size(line)[0] for line in lines)
        assert widest <= width
        narrower = lines_of(words, by, widest - 1, may_break=False)
        assert narrower is None or len(narrower) > len(lines)
