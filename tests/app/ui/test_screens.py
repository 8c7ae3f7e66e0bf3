"""All screens at all sizes: no text is cut or overlaps, all buttons can be touched, equal views have equal pixels."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pygame
import pytest

from app.base.buttons import Action, ScreenKey, TypingKey
from app.base.i18n import LANGUAGES, message, translated
from app.base.ports import Frame
from app.base.tone import Tone
from app.config.checks import PALETTES
from app.core.facts import TaughtClass, TrainedFacts
from app.core.modes.accuracy import advice, after_training, title_of_results
from app.core.modes.typing import LONGEST_NAME
from app.core.state import KioskState, Mode
from app.model.observation import Smoothed
from app.ui import screens
from app.ui.pages.saving import arrange_saving
from app.ui.painting.canvas import CAP, DESCENT, LINE, Canvas, DrawnText
from app.ui.painting.layout import arrange
from app.ui.painting.theme import contrast_ratio, load_theme
from app.views.model import ActionKey, Banner, KioskView, Question, Verdict
from app.views.present import Surroundings, present
from app.views.results import NOTHING_LEFT, NOTHING_LEFT_TITLE
from tests.support.drawn_texts import drawn_texts
from tests.support.page_views import every_view
from tests.support.painted import LONG
from tests.support.views import main_views

SIZES = [(1280, 720), (800, 480), (1920, 1080), (3840, 2160), (1080, 1920)]
SHAPES = [SIZES[0], SIZES[1], SIZES[4]]  # larger windows of these shapes are the same, only larger
IMAGE = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
VIEWS = every_view()


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def view(classes: int = 3, mode: Mode = Mode.LIVE, top: float = 0.9) -> KioskView:
    state = KioskState(
        classes=tuple(TaughtClass(f"thing {index}", 5) for index in range(classes)),
        mode=mode,
        model=TrainedFacts(0.9, 0.5, (5,) * classes),
        camera="test",
        now_s=1.0,
    )
    answers = np.full(classes, (1 - top) / (classes - 1), np.float32)
    answers[1] = top
    around = Surroundings(model_square=(80, 0, 480))
    return present(state, Frame(IMAGE, 1, 1.0), Smoothed(answers, 0.5, 1, 1.0), around)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", range(2, 10))
def test_nothing_overlaps_and_nothing_leaves_the_window(size: tuple[int, int], classes: int) -> None:
    layout = arrange(main_views(classes)["live"], size, load_theme(size))
    parts = [layout.mascot, layout.guidance, layout.camera, *layout.cards, layout.not_sure, *layout.actions]
    parts += [layout.language, *layout.class_keys]
    if size[0] < size[1]:  # in a landscape window it lies on the picture
        parts.append(layout.verdict)
    window = pygame.Rect(0, 0, *size)
    assert all(window.contains(part) and part.width > 0 and part.height > 0 for part in parts)
    assert not any(one.colliderect(other) for one, other in combinations(parts, 2))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("page", ["pin", "typing"])
def test_a_message_leaves_what_is_typed_in_view(page: str, size: tuple[int, int]) -> None:
    drawn = []
    for notice in (None, Banner("The disk does not answer. Please wait: what you taught is kept.", Tone.WARNING)):
        surface = pygame.Surface(size)
        screens.draw(surface, replace(VIEWS[page], notice=notice), load_theme(size))
        drawn.append(pygame.surfarray.array3d(surface))
    changed = np.flatnonzero((drawn[0] != drawn[1]).any(axis=(0, 2)))
    assert changed.max() < size[1] * (0.11 if size[0] > size[1] else 0.09)


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("page", ["saving", "saved", "gallery", "results"])
def test_a_message_covers_the_whole_title_of_a_page(page: str, size: tuple[int, int]) -> None:
    drawn = []
    for title in ("Saving your model, quickly", "…"):
        name = {"saved": "saving"}.get(page, page)
        shown = replace(VIEWS[page], **{name: replace(getattr(VIEWS[page], name), title=title)})
        surface = pygame.Surface(size)
        screens.draw(surface, replace(shown, notice=Banner("One moment.", Tone.WARNING)), load_theme(size))
        drawn.append(pygame.surfarray.array3d(surface))
    assert np.array_equal(*drawn)


@pytest.mark.parametrize("size", SHAPES)
def test_a_message_on_the_results_is_written_large_and_covers_no_more_than_their_title(size: tuple[int, int]) -> None:
    page = VIEWS["results"]
    assert page.results is not None
    for results in (page.results, replace(page.results, curve=(), confusion=(), labels=(), indices=(), confused=())):
        view = replace(page, results=results, notice=Banner("One moment.", Tone.WARNING))
        surface, theme = pygame.Surface(size), load_theme(size)
        texts = {one.words: one for one in screens.draw(surface, view, theme)}
        banner, advice = texts["One moment."], texts[results.text]
        assert banner.rect.height / (CAP + DESCENT) / theme.unit > 36
        assert not banner.area.colliderect(advice.rect)
        assert surface.get_at(advice.area.midleft)[:3] == theme.palette.background


def test_texts_are_placed_alike_whether_pixels_change_or_not() -> None:
    size = SIZES[0]
    for one in VIEWS.values():
        assert drawn_texts(one, size) == screens.draw(pygame.Surface(size), one, load_theme(size))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", VIEWS)
def test_every_text_is_complete_and_overlaps_no_other(size: tuple[int, int], name: str) -> None:
    check_texts(drawn_texts(VIEWS[name], size), size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", [2, 4, 5, 9])
def test_long_names_shrink_or_wrap(size: tuple[int, int], classes: int) -> None:
    letters = 40 if classes < 9 else LONGEST_NAME
    long = every_view(classes, tuple(LONG[: letters - 1] + str(n) for n in range(9)))
    for name in ("welcome", "teach", "live", "results", "gallery", "attract"):
        texts = drawn_texts(long[name], size)
        check_texts(tuple(text for text in texts if "it guessed" not in text.words), size)  # two of them, under a print


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_not_sure_is_one_line_beside_its_bar_in_every_language(size: tuple[int, int], language: str) -> None:
    words = translated(message("Not sure"), language)
    texts = drawn_texts(replace(VIEWS["live"], not_sure_text=words), size)
    (text,) = [one for one in texts if one.words == words]
    assert text.lines == (words,)
    check_texts(texts, size)


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_advice_in_three_lines_stays_in_its_place(size: tuple[int, int], language: str) -> None:
    for words in (
        message("I see {label}! Wrong? Hold the correct button.", label="screwdriver"),
        message("Show something to the camera and hold the {label} button.", label="apple"),
        message("Press TRAIN – or teach one more thing."),
        message("{few} has far fewer pictures than {most}: show it some more.", few="screwdriver", most="apple"),
    ):
        shown = replace(VIEWS["live"], guidance=translated(words, language))
        (text,) = [one for one in drawn_texts(shown, size) if one.words == shown.guidance]
        area = arrange(shown, size, load_theme(size)).guidance
        assert len(text.lines) <= 3
        assert text.rect.top >= area.top, text
        assert text.rect.bottom <= area.bottom, text


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("how", ["holds", "views", None])
@pytest.mark.parametrize("accuracy", [0.3, 0.5, 0.9, 1.0])
def test_what_is_said_of_a_model_fits_in_every_language(
    size: tuple[int, int], language: str, how: str | None, accuracy: float
) -> None:
    right = round(accuracy * 120)
    model = TrainedFacts(accuracy, 0.5, (60, 60), {"confusion": [[right, 120 - right], [0, 0]]}, how, provisional=True)
    names, outlined = ("Schraubenzieher", "Teelöffel"), message("Mixed up because of what is outlined")
    page = replace(
        VIEWS["results"].results,
        title=translated(title_of_results(model, names), language),
        text=translated(advice(model, names), language),
        note=translated(message("Tested with its own pictures, moved and turned."), language),
        curve_title=translated(message("More pictures, better guesses"), language),
        confusion_title=translated(message("Left: what it really was. Top: what it guessed."), language),
        confused_title=translated(message("Pictures that mixed it up"), language),
        confused_in_all=120,
        confused_cut_title=translated(message("{title} ({count} in all)", title=outlined, count=120), language),
    )
    check_texts(drawn_texts(replace(VIEWS["results"], results=page), size), size)
    said = translated(after_training(model, names), language)
    check_texts(drawn_texts(replace(VIEWS["live"], notice=Banner(said, Tone.SUCCESS)), size), size)


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_of_things_that_were_seen_once_fits_in_every_language(
    size: tuple[int, int], language: str
) -> None:
    counts, names = [[60, 0, 0], [0, 0, 0], [0, 0, 0]], ("Schraubenzieher", "Teelöffel", "Flasche")
    for holds in ([3, 1, 3], [3, 1, 1]):
        model = TrainedFacts(1.0, 0.5, (60, 60, 60), {"confusion": counts, "holds": holds}, "holds")
        said = Banner(translated(after_training(model, names), language), Tone.SUCCESS)
        check_texts(drawn_texts(replace(VIEWS["live"], notice=said), size), size)
    once = TrainedFacts(1.0, 0.5, (60, 60, 60), {"confusion": counts, "holds": [1, 1, 1]}, "views")
    for title, text in (
        (title_of_results(once, names), advice(once, names)),
        (title_of_results(model, names), advice(model, names)),
        (NOTHING_LEFT_TITLE, NOTHING_LEFT),
    ):
        alone = replace(
            VIEWS["results"].results,
            title=translated(title, language),
            text=translated(text, language),
            note=translated(message("Not tested yet: {labels}.", labels=", ".join(names)), language),
            curve=(),
            confusion=(),
            confused=(),
            labels=(),
            indices=(),
        )
        check_texts(drawn_texts(replace(VIEWS["results"], results=alone), size), size)


@pytest.mark.parametrize("size", SIZES)
def test_the_results_say_how_many_pictures_there_are_if_not_all_are_drawn(size: tuple[int, int]) -> None:
    page = replace(VIEWS["results"].results, confused_title="All of them", confused_cut_title="More of them")
    for count, title in ((len(page.confused), "All of them"), (len(page.confused) + 1, "More of them")):
        view = replace(VIEWS["results"], results=replace(page, confused_in_all=count))
        words = {" ".join(text.lines) for text in drawn_texts(view, size)}
        assert words & {"All of them", "More of them"} == {title}


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_while_teaching_fit_in_every_language(size: tuple[int, int], language: str) -> None:
    for name, words in (
        ("alike", message("Turn it! These all look the same.")),
        ("teach", message("Keep turning it – every picture helps.")),
        ("not_sure", message("Show something again. Wrong answer? Hold the correct button.")),
        ("near_miss", message("Is it {label}? Hold its button to teach it more.", label="cup")),
    ):
        check_texts(drawn_texts(replace(VIEWS[name], guidance=translated(words, language)), size), size)


def test_the_sign_to_turn_the_thing_turns_and_takes_the_place_of_the_verdict() -> None:
    size = (800, 480)

    def pixels(shown: KioskView) -> bytes:
        surface = pygame.Surface(size)
        screens.draw(surface, shown, load_theme(size))
        return pygame.image.tobytes(surface.subsurface(arrange(shown, size, load_theme(size)).camera), "RGB")

    alike = VIEWS["alike"]
    assert pixels(alike) != pixels(replace(alike, now_s=alike.now_s + 0.3))
    assert pixels(VIEWS["teach"]) == pixels(replace(VIEWS["teach"], now_s=alike.now_s + 0.3))
    live = replace(alike, verdict=VIEWS["live"].verdict)
    assert pixels(live) == pixels(alike)


def test_the_bar_of_not_sure_is_drawn_only_if_the_view_has_one() -> None:
    assert any(text.words == "Not sure" for text in drawn_texts(VIEWS["live"], SIZES[0]))
    assert not any(text.words == "Not sure" for text in drawn_texts(VIEWS["teach"], SIZES[0]))


def test_a_near_miss_is_calmer_than_an_answer() -> None:
    theme, (width, height) = load_theme(SIZES[0]), SIZES[0]
    faces = {}
    for name, words in (("live", "cup"), ("near_miss", "cup?"), ("not_sure", "not sure")):
        (text,) = [
            one for one in drawn_texts(VIEWS[name], (width, height)) if one.words == words and one.rect.height > 40
        ]
        faces[name] = text.on
    assert faces == {
        "live": theme.class_colour(1), "near_miss": theme.palette.panel, "not_sure": theme.palette.panel,
    }  # fmt: skip


def check_texts(texts: tuple[DrawnText, ...], size: tuple[int, int]) -> None:
    assert texts
    window = pygame.Rect(0, 0, *size)
    for text in texts:
        kept = "".join("".join(text.lines).split())
        assert kept == "".join(text.words.split()), f"cut: {text}"
        assert window.contains(text.rect), text
        assert text.area.contains(text.rect), f"sticks out: {text}"
    for one, other in combinations(texts, 2):
        assert not one.rect.colliderect(other.rect), f"{one}\nlies over\n{other}"


@pytest.mark.parametrize("palette", PALETTES)
def test_every_text_has_enough_contrast_with_its_background(palette: str) -> None:
    shown = list(every_view(9).values())
    for index in range(9):  # the verdict, and a lit card, in the colour of every class
        verdict = Verdict("thing", 0.9, index, "90 %")
        for held in (False, True):
            cards = tuple(replace(card, held=held, leading=not held) for card in VIEWS["live"].cards)
            coloured = tuple(replace(card, index=(index + n) % 9) for n, card in enumerate(cards))
            shown.append(replace(VIEWS["live"], verdict=verdict, cards=coloured))
    for one in shown:
        for text in drawn_texts(one, (800, 480), palette):
            assert contrast_ratio(text.ink, text.on) >= 4.5, text


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("name", VIEWS)
def test_the_background_of_a_text_is_the_colour_it_was_chosen_for(palette: str, name: str) -> None:
    size = (800, 480)
    surface = pygame.Surface(size)
    for text in screens.draw(surface, VIEWS[name], load_theme(size, palette)):
        around = text.rect.inflate(2, 2).clip(surface.get_rect())
        corners = [around.topleft, (around.right - 1, around.top), (around.left, around.bottom - 1)]
        seen = [surface.get_at(corner)[:3] for corner in corners]
        assert any(all(abs(a - b) <= 16 for a, b in zip(one, text.on, strict=True)) for one in seen), (text, seen)


@pytest.mark.parametrize("size", [(1080, 1920), (1200, 1920), (800, 1280), (480, 800), (600, 1024)])
@pytest.mark.parametrize("classes", range(2, 10))
@pytest.mark.parametrize("name", ["teach", "training", "live"])
def test_in_portrait_the_picture_has_half_of_the_height_and_nothing_lies_on_the_thing(
    size: tuple[int, int], classes: int, name: str
) -> None:
    shown, theme = main_views(classes)[name], load_theme(size)
    layout = arrange(shown, size, theme)
    assert layout.camera.height >= size[1] / 2
    assert 0.8 <= layout.camera.width / layout.camera.height <= 1.25
    assert layout.verdict.top >= layout.camera.bottom
    assert not layout.camera.colliderect(layout.notice)
    notice = Banner("It learned! It got 18 of 20 test pictures right.", Tone.SUCCESS)
    noticed = drawn_texts(replace(shown, notice=notice), size)
    check_texts(noticed, size)
    assert not [text for text in noticed if layout.camera.colliderect(text.rect)]
    places = {button: area for button, area in screens.targets(shown, size) if button is not ScreenKey.CORNER}
    assert not any(area.colliderect(layout.camera) for area in places.values())
    assert {key.button for key in shown.picture_keys} <= set(places)


def test_of_what_a_message_covers_in_portrait_no_letter_looks_out() -> None:
    size, view = (720, 1280), replace(VIEWS["live"], notice=Banner("It learned!", Tone.SUCCESS))
    seen = set()
    for words in ("No.", "jjjj gggg ÄÄÄÄ " * 6):
        surface = pygame.Surface(size)
        screens.draw(surface, replace(view, guidance=words), load_theme(size))
        seen.add(pygame.image.tobytes(surface, "RGB"))
    assert len(seen) == 1


@pytest.mark.parametrize("size", SIZES)
def test_a_selected_name_can_be_touched_and_has_no_caret(size: tuple[int, int]) -> None:
    places = dict(screens.targets(VIEWS["renaming"], size))
    assert screens.button_at(VIEWS["renaming"], size, places[TypingKey.FIELD].center) == TypingKey.FIELD
    unselected = replace(VIEWS["renaming"], typing=replace(VIEWS["renaming"].typing, field=None))
    assert TypingKey.FIELD not in dict(screens.targets(unselected, size))
    (name,) = [text for text in drawn_texts(VIEWS["renaming"], size) if text.words == "Schraubenzieher"]
    (usual,) = [text for text in drawn_texts(unselected, size) if text.words == "Schraubenzieher"]
    assert (name.rect, name.on != usual.on) == (usual.rect, True)


def test_the_staff_corner_can_be_touched() -> None:
    assert screens.button_at(VIEWS["live"], SIZES[0], (5, 5)) is ScreenKey.CORNER
    assert screens.button_at(replace(VIEWS["live"], corner=None), SIZES[0], (5, 5)) is None


@pytest.mark.parametrize("size", SIZES)
def test_below_a_question_only_its_answers_can_be_touched(size: tuple[int, int]) -> None:
    asking = VIEWS["confirm"]
    assert [button for button, _ in screens.targets(asking, size)] == [Action.CANCEL, Action.CONFIRM]
    assert [screens.button_at(asking, size, area.center) for _, area in screens.targets(asking, size)] == [
        Action.CANCEL,
        Action.CONFIRM,
    ]
    assert screens.button_at(asking, size, arrange(asking, size, load_theme(size)).cards[0].midleft) is None


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("size", SIZES[:2])
def test_equal_views_have_equal_pixels_in_every_mode(mode: Mode, size: tuple[int, int]) -> None:
    surfaces = [pygame.Surface(size) for _ in range(2)]
    for surface in surfaces:
        screens.draw(surface, view(mode=mode), load_theme(size))
    pixels = [pygame.image.tobytes(surface, "RGB") for surface in surfaces]
    assert pixels[0] == pixels[1]
    assert len(set(pixels[0])) > 50


def test_a_mirrored_picture_is_drawn_mirrored() -> None:
    size = (1280, 720)
    theme = load_theme(size)
    stage = arrange(VIEWS["ready"], size, theme).camera
    plain = replace(VIEWS["ready"], model_square=None, picture_keys=())
    assert plain.picture is not None
    turned = replace(plain, picture=replace(plain.picture, pixels=plain.picture.pixels[:, ::-1]))
    seen = []
    for shown in (plain, turned):
        surface = pygame.Surface(size)
        screens.draw(surface, shown, theme)
        seen.append(pygame.surfarray.array3d(surface.subsurface(stage)).astype(int))
    assert np.abs(seen[0][::-1] - seen[1]).mean() < 1
    assert np.abs(seen[0] - seen[1]).mean() > 2


def test_the_verdict_names_the_leader_or_says_not_sure() -> None:
    sure, unsure = view(top=0.9), view(top=0.4)
    assert sure.verdict is not None
    assert (sure.verdict.text, sure.verdict.index) == ("thing 1", 1)
    assert sure.cards[1].leading
    assert unsure.verdict is not None
    assert (unsure.verdict.text, unsure.verdict.index) == ("not sure", None)
    assert unsure.not_sure is not None
    assert sure.not_sure is not None
    assert unsure.not_sure > 0.5 > sure.not_sure


@pytest.mark.parametrize("name", ["staff", "typing", "pin", "gallery", "results"])
@pytest.mark.parametrize("size", SHAPES)
def test_the_cursor_is_a_frame_around_its_button_and_changes_nothing_else(name: str, size: tuple[int, int]) -> None:
    view = VIEWS[name]
    theme = load_theme(size)
    usual, framed = pygame.Surface(size), pygame.Surface(size)
    screens.draw(usual, view, theme)
    for button, area in screens.targets(view, size)[:3]:
        screens.draw(framed, replace(view, focus=button), theme)
        differs = (pygame.surfarray.array3d(usual) != pygame.surfarray.array3d(framed)).any(axis=2)
        columns, rows = differs.any(axis=1).nonzero()[0], differs.any(axis=0).nonzero()[0]
        drawn = pygame.Rect(columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)
        around = area.inflate(round(size[1] * 0.04), round(size[1] * 0.04))
        assert around.contains(drawn)
        assert drawn.inflate(4, 4).contains(area)


@pytest.mark.parametrize("palette", PALETTES)
def test_the_answer_that_erases_looks_unlike_the_one_that_keeps(palette: str) -> None:
    keeps, erases = (
        next(text for text in drawn_texts(VIEWS["confirm"], SIZES[0], palette) if text.words == words)
        for words in ("Keep them", "Erase")
    )
    theme = load_theme(SIZES[0], palette).palette
    assert (keeps.on, erases.on) == (theme.accent, theme.warning)
    assert max(abs(one - other) for one, other in zip(keeps.on, erases.on, strict=True)) > 64


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_message_takes_as_many_lines_as_make_its_letters_large(language: str) -> None:
    words = translated(after_training(TrainedFacts(0.9, 0.5, (60, 60), None, "views")), language)
    for size, least in (((1280, 720), 24), ((1080, 1920), 28)):
        view = replace(VIEWS["live"], notice=Banner(words, Tone.SUCCESS))
        (text,) = [one for one in drawn_texts(view, size) if one.words == words]
        units = text.rect.height / (CAP + DESCENT + LINE * (len(text.lines) - 1)) / load_theme(size).unit
        assert units >= least, text.lines


@pytest.mark.parametrize("size", SIZES)
def test_three_answers_stand_one_below_the_other_in_a_portrait_window(size: tuple[int, int]) -> None:
    question = Question("What now?", "", tuple(ActionKey(n, "confirm", f"Answer {n}", "") for n in range(3)))
    places = [area for _, area in screens.targets(replace(VIEWS["confirm"], question=question), size)]
    beside = {area.top for area in places} == {places[0].top}
    below = {area.left for area in places} == {places[0].left}
    assert (beside, below) == (size[0] > size[1], size[0] < size[1])


@pytest.mark.parametrize("size", SIZES)
def test_the_names_of_what_was_saved_are_close_below_their_pictures(size: tuple[int, int]) -> None:
    things = arrange_saving(Canvas(pygame.Surface(size, depth=8), load_theme(size))).things
    surface = pygame.Surface(size)
    texts = screens.draw(surface, VIEWS["saved"], load_theme(size))
    labels = {one.label for one in VIEWS["saved"].saving.things}
    panel = load_theme(size).palette.panel
    for text in (one for one in texts if one.words in labels and things.contains(one.rect)):
        above = [surface.get_at((text.area.centerx, y))[:3] for y in range(text.rect.top - 1, things.top, -1)]
        assert next(n for n, colour in enumerate(above) if colour != panel) < load_theme(size).px(40), text.words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_key_that_adds_a_class_has_one_line_beside_the_bar_of_not_sure(language: str) -> None:
    words = translated(message("Add a thing"), language)
    keys = tuple(replace(key, text=words) for key in VIEWS["live"].class_keys)
    (text,) = [one for one in drawn_texts(replace(VIEWS["live"], class_keys=keys), SIZES[0]) if one.words == words]
    assert text.lines == (words,)
