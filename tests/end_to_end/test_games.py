"""WHY and both games in front of the demonstration camera, played with buttons on pins alone and by touch alone."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.base.buttons import Action
from app.core.game import GameStep
from app.core.state import KioskState, Mode
from tests.support.pins import Box, box
from tests.support.touch import touch_screen

FAR = 0.6  # so that things look small and the background large


@pytest.fixture(params=[box, touch_screen], ids=["pins", "touch"])
def panel(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Box]:
    with request.param(tmp_path) as made:
        yield made


def state(panel: Box) -> KioskState:
    return panel.station.kiosk.state


def step(panel: Box) -> GameStep | None:
    game = state(panel).game
    return game.step if game is not None else None


def hold_while_it_moves(panel: Box, index: int, seconds: float = 1.6) -> None:
    """Hold a class button, and move and turn the thing meanwhile."""
    panel.press(index)
    for _ in range(round(seconds / 0.2)):
        panel.station.table.new_view()
        panel.wait(0.2)
    panel.release(index)
    panel.wait(0.2)


def train(panel: Box) -> None:
    panel.hold(Action.TRAIN, 0.1)
    panel.wait_until(lambda: state(panel).mode is Mode.LIVE)
    panel.wait(0.3)


THINGS = (("apple", "wood"), ("cup", "cloth"), ("duck", "wood"))


def taught(panel: Box, count: int = 2) -> None:
    """Things are taught in front of different backgrounds, and the model answers."""
    panel.wait(0.2)
    for index, (kind, background) in enumerate(THINGS[:count]):
        panel.station.table.show(kind)
        panel.station.table.lay(background)
        hold_while_it_moves(panel, index)
    train(panel)


def files(panel: Box) -> dict[Path, bytes]:
    """Everything on the disk of the kiosk."""
    return {path: path.read_bytes() for path in panel.station.folder.rglob("*") if path.is_file()}


def turned_until_it_is_asked(panel: Box) -> None:
    """Move and turn the thing until the model takes it for something else, and the kiosk asks."""
    for _ in range(20):
        panel.station.table.new_view()
        for _ in range(13):
            panel.wait(0.1)
            if state(panel).mode is Mode.ASK_TRICK:
                panel.wait(1.0)
                return
    pytest.fail("the model is never tricked")


def test_why_lights_the_picture_then_what_would_make_it_surer_and_then_nothing(panel: Box) -> None:
    taught(panel, 3)
    panel.hold(Action.WHY, 0.1)
    panel.wait(0.3)
    view = panel.drawn[0]
    assert view.light is not None
    assert view.light.index == 2
    assert 0.02 < view.light.values.mean() < 0.6  # neither dark nor light everywhere
    assert view.guidance == "I say duck because of the bright part."
    assert panel.stands_out(Action.WHY)
    before = view.light
    panel.wait(0.2)
    after = panel.drawn[0].light
    assert after is not None
    assert after.key != before.key  # it follows the picture
    panel.hold(Action.WHY, 0.1)
    panel.wait(0.5)
    view = panel.drawn[0]
    seen = panel.station.kiosk.observation
    assert view.light is not None
    assert seen is not None
    assert seen.why is not None
    assert seen.why.against_all
    assert view.guidance == "Show more of the bright part: then I am surer it is duck."
    panel.hold(Action.WHY, 0.1)
    panel.wait(0.1)
    assert panel.drawn[0].light is None


def test_trick_it_is_played_taught_better_and_asked_again_and_forgotten_at_reset(panel: Box) -> None:
    taught(panel)
    before = files(panel)
    panel.hold(Action.PLAY, 0.1)
    panel.wait(1.0)
    panel.hold(0, 0.1)
    assert step(panel) is GameStep.SEEK
    panel.station.table.show("duck")
    panel.station.table.lay("wood")
    turned_until_it_is_asked(panel)
    assert [panel.stands_out(one) for one in (0, 1, 2)] == [True, True, False]
    panel.hold(0, 0.1)  # no, it is no apple
    assert step(panel) is GameStep.CAUGHT
    view, best = panel.drawn[0], state(panel).best_trick
    assert best is not None
    assert view.frozen
    assert view.light is not None
    assert view.verdict is not None
    assert (view.verdict.text, view.verdict.share_text) == ("apple", f"{best.sureness:.0%}")
    pixels = weakref.ref(best.picture.pixels)
    del best
    assert files(panel) == before  # nothing of the trick is on the disk

    panel.hold(Action.TRAIN, 0.1)
    assert step(panel) is GameStep.REPAIR
    assert panel.suggested() == [2]  # the lamp, or the screen, says which button to hold
    assert not panel.drawn[0].frozen
    hold_while_it_moves(panel, 2)
    train(panel)
    game, view = state(panel).game, panel.drawn[0]
    assert game is not None
    assert game.answer is not None
    assert (game.answer.label_index, game.defeated) == (2, True)
    assert view.frozen
    assert view.verdict is not None
    assert (view.verdict.text, view.guidance) == ("duck", "That does not fool me any more!")
    panel.hold(Action.TRAIN, 0.1)
    assert step(panel) is GameStep.SEEK
    strip = panel.drawn[0].game
    assert strip is not None
    assert strip.best is not None  # its picture is shown while the visitor looks for a better one

    panel.hold(Action.RESET, 0.1)  # ends the game; the best trick of the visit stays
    assert (step(panel), state(panel).mode) == (None, Mode.LIVE)
    del game, view, strip
    gc.collect()
    assert pixels() is not None
    panel.hold(Action.RESET, 0.1)
    panel.wait(1.0)
    panel.confirm_reset()
    panel.wait(0.3)
    gc.collect()
    assert sum(state(panel).shots) == 0
    assert pixels() is None


def test_the_guided_round_fails_shows_why_is_repaired_and_forgotten_after_the_visit(panel: Box) -> None:
    table = panel.station.table
    panel.wait(0.2)
    panel.hold(Action.PLAY, 0.1)
    panel.wait(1.0)
    panel.hold(1, 0.1)
    assert step(panel) is GameStep.FIRST
    assert panel.suggested() == [0]
    table.show("apple")
    table.lay("wood", size=FAR)
    hold_while_it_moves(panel, 0)
    assert step(panel) is GameStep.SECOND
    table.show("cup")
    table.lay("cloth", size=FAR)
    hold_while_it_moves(panel, 1)
    assert step(panel) is GameStep.TRAIN
    assert panel.suggested() == [Action.TRAIN]
    train(panel)
    assert step(panel) is GameStep.SEEK
    table.show("apple")  # in front of the other background
    before = files(panel)
    turned_until_it_is_asked(panel)
    panel.hold(0, 0.1)
    assert step(panel) is GameStep.CAUGHT
    assert panel.drawn[0].light is not None
    assert files(panel) == before
    panel.hold(Action.TRAIN, 0.1)
    assert step(panel) is GameStep.REPAIR
    hold_while_it_moves(panel, 0)
    train(panel)
    game = state(panel).game
    assert game is not None
    assert game.trick is not None
    assert game.answer is not None
    assert (game.answer.label_index, game.defeated) == (0, True)
    pixels = weakref.ref(game.trick.picture.pixels)
    del game
    panel.hold(Action.TRAIN, 0.1)
    assert step(panel) is None

    idle = state(panel).config.idle
    panel.station.now_s += idle.after_s
    panel.wait_until(lambda: state(panel).mode is Mode.STILL_THERE)
    panel.station.now_s += idle.countdown_s
    panel.wait_until(lambda: state(panel).mode is Mode.ATTRACT)
    gc.collect()
    assert pixels() is None


def test_the_guided_round_is_skipped_by_save(panel: Box) -> None:
    panel.wait(0.2)
    panel.hold(Action.PLAY, 0.1)
    panel.wait(1.0)
    panel.hold(1, 0.1)
    for _ in range(3):
        assert step(panel) is not None
        panel.hold(Action.SAVE, 0.1)
    assert step(panel) is None
    assert panel.station.kiosk.saved_to is None
