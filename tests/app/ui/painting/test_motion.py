"""Motion is eased, repeatable, and at rest when nothing happens; caches do not grow without limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygame
import pytest

from app.base.picture import Picture
from app.base.tone import Tone
from app.ui import screens
from app.ui.painting.layout import arrange
from app.ui.painting.motion import CHEER_S, EASE_S, FLIGHT_S, FRIENDLY, MOST_FLIGHTS, NOD_S, Animator, settled
from app.ui.painting.paint import flying
from app.ui.painting.surfaces import CACHE, DRAWS_KEPT, PRINTS, SurfaceCache
from app.ui.painting.theme import load_theme
from app.ui.painting.visible import still
from app.ui.window import Window
from app.views.model import Banner, KioskView
from tests.support.page_views import every_view
from tests.support.painted import painted, picture

VIEWS = every_view()
LIVE = VIEWS["live"]


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def at(now_s: float, view: KioskView = LIVE, **changes: object) -> KioskView:
    return replace(view, now_s=now_s, **changes)  # type: ignore[arg-type]


def confident(value: float) -> tuple:
    return tuple(replace(card, confidence=value) for card in LIVE.cards)


def test_a_bar_covers_two_thirds_of_its_distance_in_the_time_constant() -> None:
    animator = Animator()
    animator.step(at(0.0, cards=confident(0.0)))
    moving = animator.step(at(EASE_S, cards=confident(1.0)))
    assert moving.bars == pytest.approx([1 - np.exp(-1)] * 3)


def test_motion_depends_on_time_and_not_on_the_number_of_frames() -> None:
    fast, slow = Animator(), Animator()
    for animator, steps in ((fast, 60), (slow, 5)):
        animator.step(at(0.0, cards=confident(0.0)))
        for step in range(1, steps + 1):
            moving = animator.step(at(0.1 * step / steps, cards=confident(0.6)))
        assert moving.bars[0] == pytest.approx(0.6 * (1 - np.exp(-0.1 / EASE_S)), abs=1e-6)


def test_everything_comes_to_rest_at_the_values_of_the_view() -> None:
    animator = Animator()
    animator.step(at(0.0, VIEWS["welcome"]))
    quiet = replace(LIVE, actions=())  # no key is suggested
    for step in range(1, 120):
        moving = animator.step(at(step / 60, quiet))
    assert moving == settled(quiet)


def test_a_picture_flies_to_the_end_also_if_the_next_one_follows() -> None:
    animator = Animator()
    animator.step(at(0.0))
    first = animator.step(at(0.05, flash=(0, picture(0, 1), 0.0)))
    second = animator.step(at(0.17, flash=(0, picture(0, 2), 0.0)))
    assert [flight.picture.key for flight in first.flights] == [picture(0, 1).key]
    assert [round(flight.progress * FLIGHT_S, 2) for flight in second.flights] == [0.12, 0.0]
    assert animator.step(at(0.05 + 2 * FLIGHT_S)).flights == ()


def test_a_picture_flies_once_however_long_the_view_contains_it() -> None:
    animator = Animator()
    for step in range(8):
        moving = animator.step(at(0.05 * step, flash=(1, picture(1), 0.05 * step)))
    assert len(moving.flights) == 1
    assert animator.step(at(FLIGHT_S + 0.01, flash=(1, picture(1), FLIGHT_S + 0.01))).flights == ()


def test_the_number_of_flying_pictures_is_limited() -> None:
    animator = Animator()
    for step in range(200):
        moving = animator.step(at(step / 60, flash=(0, picture(0, step), 0.0)))
    assert len(moving.flights) == MOST_FLIGHTS


def test_only_a_suggested_key_breathes() -> None:
    assert {Animator().step(at(now_s / 10, VIEWS["ready"])).breath for now_s in range(18)} != {0.0}
    assert {Animator().step(at(now_s / 10, VIEWS["teach"])).breath for now_s in range(18)} == {0.0}


@pytest.mark.parametrize("name", ["live", "teach", "attract"])
def test_equal_views_in_equal_order_have_equal_pixels(name: str) -> None:
    runs = []
    for _ in range(2):
        CACHE.clear()
        animator, surface, pixels = Animator(), pygame.Surface((800, 480)), []
        for step in range(12):
            view = at(
                step / 30,
                VIEWS[name] if step > 3 else VIEWS["welcome"],
                flash=(0, picture(0, step // 4), step % 4 / 30),
            )
            screens.draw(surface, view, load_theme((800, 480)), animator.step(view))
            pixels.append(pygame.image.tobytes(surface, "RGB"))
        runs.append(pixels)
    assert runs[0] == runs[1]
    assert len(set(runs[0])) > 4


def test_a_fuller_bar_shows_more_of_its_colour() -> None:
    size, theme = (1280, 720), load_theme((1280, 720))
    view = replace(LIVE, picture=None, verdict=None, cards=VIEWS["not_sure"].cards)
    colour = np.array(theme.class_colour(0))
    shares = []
    for bar in (0.1, 0.5, 0.9):
        surface = pygame.Surface(size)
        screens.draw(surface, view, theme, replace(settled(view), bars=(bar, 0.0, 0.0)))
        shares.append(int((np.abs(pygame.surfarray.array3d(surface) - colour).sum(axis=2) < 6).sum()))
    assert shares[0] < shares[1] < shares[2]
    assert (shares[2] - shares[1]) / (shares[1] - shares[0]) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("name", ["results", "gallery", "staff", "typing", "fault", "confirm"])
def test_nothing_is_drawn_while_nothing_moves(name: str) -> None:
    window = Window((800, 480), fullscreen=False, headless=True)
    try:
        surface = pygame.display.get_surface()
        assert surface is not None
        for step in range(120):  # the hidden camera picture changes
            window.draw(at(step / 60, VIEWS[name], picture=picture(0, step)))
        surface.set_at((3, 3), (1, 2, 3))  # a mark that drawing would cover
        window.draw(at(3.0, VIEWS[name], picture=picture(0, 999)))
        assert surface.get_at((3, 3))[:3] == (1, 2, 3)
        window.draw(at(3.1, VIEWS["welcome"]))
        assert surface.get_at((3, 3))[:3] != (1, 2, 3)
    finally:
        window.close()


def test_views_that_differ_only_in_time_look_the_same() -> None:
    assert still(at(1.0)) == still(at(2.0))
    assert still(at(1.0)) != still(at(1.0, guidance="Something else."))


def test_caches_do_not_grow_over_a_thousand_frames() -> None:
    CACHE.clear()
    theme, surface, animator = load_theme((800, 480)), pygame.Surface((800, 480)), Animator()
    rng = np.random.default_rng(0)
    sizes = []
    for step in range(1000):
        shares = rng.dirichlet([0.4] * 3)
        leader = int(shares.argmax())
        shown = tuple(
            replace(
                card,
                confidence=float(shares[card.index]),
                leading=card.index == leader,
                held=step % 40 < 20 and card.index == 1,
                shots=step // 10,
                count_text=f"{step // 10} pictures",
                thumbnails=tuple(picture(card.index, step // 10 + n) for n in range(12)),
            )
            for card in LIVE.cards
        )
        verdict = replace(LIVE.verdict, index=leader, share_text=f"{shares[leader]:.0%}") if LIVE.verdict else None
        frame = Picture(("frame", step), LIVE.picture.pixels if LIVE.picture else np.zeros((4, 4, 3), np.uint8))
        view = at(step / 60, picture=frame, cards=shown, verdict=verdict, flash=(1, picture(1, step // 10), 0.0))
        screens.draw(surface, view, theme, animator.step(view))
        sizes.append((len(CACHE), CACHE.pixels))
    surfaces, pixels = sizes[-1]
    assert surfaces <= 1500
    assert pixels <= 24_000_000
    assert max(size[1] for size in sizes[500:]) < 2 * max(size[1] for size in sizes[:500])


def test_the_cache_removes_what_was_used_longest_ago() -> None:
    cache = SurfaceCache(most_surfaces=2, most_pixels=1000)
    for name in ("a", "b", "a", "c", "a"):
        cache.get(name, lambda: pygame.Surface((10, 10)))
    assert (cache.made, len(cache), cache.pixels) == (3, 2, 200)
    cache.get("large", lambda: pygame.Surface((30, 30)))
    assert (len(cache), cache.pixels) == (2, 1000)
    cache.get("b", lambda: pygame.Surface((10, 10)))
    assert cache.pixels == 1000


def test_the_face_is_glad_with_a_verdict_and_sad_without_a_camera() -> None:
    assert settled(LIVE).glad == settled(VIEWS["saved"]).glad == 1
    assert settled(VIEWS["not_sure"]).glad == settled(VIEWS["near_miss"]).glad < FRIENDLY
    assert settled(VIEWS["fault"]).glad < 0
    assert settled(VIEWS["results"]).glad == VIEWS["results"].results.glad


@pytest.mark.parametrize(
    "name", ["welcome", "teach", "ready", "training", "waiting", "not_sure", "near_miss", "waking"]
)
def test_the_face_smiles_while_it_waits(name: str) -> None:
    assert settled(VIEWS[name]).glad > 0


def test_the_face_nods_once_at_each_picture() -> None:
    animator = Animator()
    animator.step(at(0.0))
    for number in range(2):
        start = 1.0 + number
        nods = [
            animator.step(at(start + step / 60, flash=(0, picture(0, number), step / 60))).nod
            for step in range(round(60 * NOD_S) + 2)
        ]
        assert (nods[0], max(nods), nods[-1]) == (0.0, 1.0, 0.0)
        assert nods == [*sorted(nods[: nods.index(1.0) + 1]), *nods[nods.index(1.0) + 1 :]]


def test_the_face_cheers_once_at_the_first_sure_answer_of_a_new_model() -> None:
    animator, unsure = Animator(), VIEWS["not_sure"]
    for now_s, view, cheers in (
        (0.0, LIVE, False),  # an old model
        (1.0, VIEWS["training"], False),
        (2.0, unsure, False),
        (3.0, LIVE, False),
        (3.0 + CHEER_S / 2, LIVE, True),
        (3.1 + CHEER_S, LIVE, False),
        (6.0, unsure, False),
        (7.0, LIVE, False),
        (7.5, LIVE, False),
    ):
        assert (animator.step(at(now_s, view)).cheer > 0) is cheers, now_s


def test_the_face_looks_worried_and_does_not_cheer_while_the_screen_says_that_a_new_model_is_bad() -> None:
    for glad, cheers in ((-0.2, False), (0.5, True)):
        animator, notice = Animator(), Banner("It got only 5 of 15 test pictures right.", Tone.HINT, glad)
        animator.step(at(1.0, VIEWS["training"]))
        animator.step(at(2.0, replace(LIVE, notice=notice)))
        assert LIVE.verdict is not None
        assert LIVE.verdict.sure
        later = animator.step(at(2.0 + CHEER_S / 2, replace(LIVE, notice=notice)))
        assert (later.cheer > 0) is cheers
        assert settled(replace(LIVE, notice=notice)).glad == glad
        assert (animator.step(at(2.1 + CHEER_S / 2, LIVE)).cheer > 0) is cheers  # also once the notice is gone


def test_the_face_cheers_when_the_model_is_saved() -> None:
    animator = Animator()
    animator.step(at(0.0, VIEWS["saving"]))
    animator.step(at(1.0, VIEWS["saved"]))
    assert animator.step(at(1.5, VIEWS["saved"])).cheer > 0
    assert animator.step(at(1.1 + CHEER_S, VIEWS["saved"])).cheer == 0


def test_prints_of_all_classes_fly_to_the_mascot_while_it_learns_and_its_eyes_wander() -> None:
    animator, training = Animator(), VIEWS["training"]
    seen = [animator.step(at(step / 30, training)) for step in range(60)]
    assert {flight.index for one in seen for flight in one.flights} == {card.index for card in training.cards}
    assert all(flight.to_mascot for one in seen for flight in one.flights)
    assert max(len(one.flights) for one in seen) <= MOST_FLIGHTS
    assert max(one.gaze[0] for one in seen) - min(one.gaze[0] for one in seen) > 0.5
    assert animator.step(at(2.5, training)).flights == ()  # a slow computer, on which nothing moves smoothly
    assert animator.step(at(2.53, training)).flights == ()  # nor does it for the rest of this training
    assert animator.step(at(3.0)).flights == ()
    bare = replace(training, cards=tuple(replace(card, thumbnails=()) for card in training.cards))
    assert Animator().step(bare).flights == ()  # a session without pictures


def test_the_camera_picture_stays_on_the_screen_while_it_learns() -> None:
    size = (1280, 720)
    theme, training = load_theme(size), VIEWS["training"]
    assert still(training) != still(replace(training, picture=picture(0, 7)))
    surface, usual = pygame.Surface(size), pygame.Surface(size)
    screens.draw(surface, training, theme)
    screens.draw(usual, VIEWS["ready"], theme)
    camera = arrange(training, size, theme).camera
    upper = camera.inflate(0, -camera.height // 2).move(0, -camera.height // 8)
    assert pygame.image.tobytes(surface.subsurface(upper), "RGB") == pygame.image.tobytes(
        usual.subsurface(upper), "RGB"
    )


@pytest.mark.parametrize("name", ["live", "teach", "training", "saved", "attract"])
def test_with_less_motion_everything_is_at_rest_at_once(name: str) -> None:
    animator = Animator()
    animator.step(at(0.0, VIEWS["training"], less_motion=True))
    for step in range(1, 90):
        shown = at(step / 30, VIEWS[name], less_motion=True, flash=(0, picture(0, step), 0.0))
        assert animator.step(shown) == settled(shown)


def test_with_less_motion_the_sign_to_turn_the_thing_stands_still() -> None:
    pixels = []
    for now_s in (1.0, 1.3):
        surface = pygame.Surface((800, 480))
        screens.draw(surface, at(now_s, VIEWS["alike"], less_motion=True), load_theme((800, 480)))
        pixels.append(pygame.image.tobytes(surface, "RGB"))
    assert pixels[0] == pixels[1]


def test_what_is_behind_a_question_stands_still_and_is_drawn_once() -> None:
    size, animator = (640, 360), Animator()
    theme, asked = load_theme(size), VIEWS["confirm"]
    first, second = pygame.Surface(size), pygame.Surface(size)
    for number in range(60):  # until the question has come in
        shown = replace(asked, picture=Picture(("camera", number), painted(number % 3)), now_s=number / 20)
        moving = animator.step(shown)
        screens.draw(second if number == 59 else first, shown, theme, moving)
        if number == 57:
            made = PRINTS.made
    assert pygame.image.tobytes(first, "RGB") == pygame.image.tobytes(second, "RGB")
    assert PRINTS.made == made
    other = replace(asked, language_code="fr", now_s=4.0)
    assert animator.step(other).behind == replace(other, question=None, now_s=0.0)
    assert animator.step(replace(VIEWS["live"], now_s=5.0)).behind is None


def test_the_picture_behind_a_question_is_gone_a_second_after_it() -> None:
    size, animator = (640, 360), Animator()
    surface, theme = pygame.Surface(size), load_theme(size)
    PRINTS.clear()
    screens.draw(surface, VIEWS["confirm"], theme, animator.step(VIEWS["confirm"]))
    assert PRINTS.pixels > size[0] * size[1]
    for number in range(DRAWS_KEPT + 2):
        view = replace(VIEWS["fault"], now_s=number / 60)
        screens.draw(surface, view, theme, animator.step(view))
    assert PRINTS.pixels == 0


def test_a_print_in_flight_is_made_once() -> None:
    surface, one = pygame.Surface((640, 360)), VIEWS["teach"].cards[0].thumbnails[0]
    PRINTS.clear()
    made = PRINTS.made
    for edge in range(200, 40, -7):
        flying(surface, one, (300, 150), edge, 200)
    assert PRINTS.made == made + 1
