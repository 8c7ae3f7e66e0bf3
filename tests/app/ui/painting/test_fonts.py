"""Names in any script are shown, in the order in which they are read, and long ones are laid out quickly."""

from __future__ import annotations

from pathlib import Path

import pygame
import pytest

from app.base.paths import asset_path
from app.ui.painting import fonts
from app.ui.painting.canvas import fitted
from app.ui.painting.fonts import FontStack, fallback_for
from app.ui.painting.scripts import in_drawing_order

OWN = asset_path("fonts", "MPLUSRounded1c-Medium.ttf")
BLACK = (0, 0, 0)


@pytest.fixture(autouse=True)
def font_module() -> None:
    pygame.font.init()


def letters(surface: pygame.Surface) -> int:
    """How many pixels are drawn."""
    return pygame.mask.from_surface(surface).count()


def test_what_the_own_font_has_is_drawn_with_it_alone() -> None:
    plain, stack = pygame.font.Font(str(OWN), 30), FontStack(OWN, 30)
    for text in ("apple", "Äpfel, ñandú", "Кот", "Ελλάδα"):
        assert stack.size(text) == plain.size(text)
        drawn, expected = stack.render(text, BLACK), plain.render(text, True, BLACK)
        assert pygame.image.tobytes(drawn, "RGBA") == pygame.image.tobytes(expected, "RGBA")


@pytest.mark.parametrize("text", ["שלום", "قطة", "แมว", "猫", "한국", "🐱", "☂", "\U0001f9ff", "a\u0301"])
def test_no_letter_is_blank_whatever_fonts_the_system_has(text: str) -> None:
    surface = FontStack(OWN, 30).render(text, BLACK)
    assert letters(surface) > 20
    assert surface.get_width() == FontStack(OWN, 30).size(text)[0]


@pytest.mark.parametrize("text", ["\u2764\ufe0f", "猫\U000e0100", "☂\ufe0e"])
def test_a_mark_that_chooses_the_form_of_a_letter_is_no_letter_of_its_own(text: str) -> None:
    stack = FontStack(OWN, 30)
    assert letters(stack.render(text, BLACK)) == letters(stack.render(text[0], BLACK))
    assert stack.size(text) == stack.size(text[0])


def test_a_letter_that_no_font_has_is_a_question_mark_and_the_log_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fonts, "FONT_FOLDERS", ())
    monkeypatch.setattr(fonts.shutil, "which", lambda _name: None)
    fallback_for.cache_clear()
    fonts._installed.cache_clear()
    try:
        drawn = FontStack(OWN, 30).render("猫", BLACK)
    finally:
        fallback_for.cache_clear()
        fonts._installed.cache_clear()
    expected = pygame.font.Font(str(OWN), 30).render("?", True, BLACK)
    assert letters(drawn) == letters(expected)
    assert caplog.messages == [
        "no font here can show '猫'. Install more: sudo apt install fonts-noto-core fonts-noto-cjk"
    ]


def test_a_font_in_the_usual_folders_is_found_without_fontconfig(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The own font plays a font of the system; it has every letter that is looked for here."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "NotoSans.ttf").symlink_to(OWN)
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    monkeypatch.setattr(fonts, "FONT_FOLDERS", (tmp_path, tmp_path / "missing"))
    monkeypatch.setattr(fonts.shutil, "which", lambda _name: None)
    fallback_for.cache_clear()
    fonts._installed.cache_clear()
    try:
        assert fallback_for("Ж") == str(tmp_path / "deep" / "NotoSans.ttf")
    finally:
        fallback_for.cache_clear()
        fonts._installed.cache_clear()


@pytest.mark.parametrize(
    ("read", "drawn"),
    [
        ("apple 12", "apple 12"),
        ("שלום", "םולש"),
        ("שלום 12", "12 םולש"),
        ("abc שלום", "abc םולש"),
        ("قطة", "\ufe94\ufec4\ufed7"),
        ("باب", "\ufe8f\ufe8e\ufe91"),
    ],
)
def test_scripts_that_run_from_right_to_left_are_put_into_drawing_order(read: str, drawn: str) -> None:
    assert in_drawing_order(read) == drawn


@pytest.mark.parametrize("name", ["W" * 199, "ab " * 66, "猫" * 199, "שלום " * 40])
def test_a_name_of_199_letters_is_laid_out_with_few_measurements(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []
    size = FontStack.size
    monkeypatch.setattr(FontStack, "size", lambda font, text: (measured.append(len(text)), size(font, text))[1])
    fitted.cache_clear()
    size_px, lines = fitted(name, 60, (300, 80), 2, True)
    assert size_px >= 9
    assert 0 < len(measured) < 1000
    assert lines
