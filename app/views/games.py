"""The games on the screen: what the mascot says, the strip on the picture, the keys, and the questions."""

from __future__ import annotations

from collections.abc import Hashable

from app.base.buttons import Action
from app.base.explanation import Explanation, Way
from app.base.i18n import Text, message
from app.base.numbers import percent
from app.base.picture import Picture
from app.core.facts import NameFrom
from app.core.game import Game, GameStep, Trick
from app.core.modes.games import (
    ANSWER_WITHIN_S,
    GUIDED,
    HELP_AFTER_S,
    NO,
    TRICK,
    YES,
    can_skip,
    can_trick,
    repaired,
    teaches,
)
from app.core.modes.language import with_names_known
from app.core.state import KioskState, Mode
from app.views.light import light
from app.views.model import ActionKey, GameStrip, Light, Question, Verdict
from app.views.words import Translator

_FROZEN = (GameStep.CAUGHT, GameStep.ANSWERED)
_STEPS = (GameStep.SEEK, GameStep.CAUGHT, GameStep.REPAIR, GameStep.ANSWERED)
_GUIDED_STEPS = (GameStep.FIRST, GameStep.SECOND, GameStep.TRAIN, *_STEPS)


def playing(state: KioskState) -> bool:
    """Whether the main screen shows the game, also below its question."""
    return state.game is not None and (state.teaching or state.mode is Mode.ASK_TRICK)


def frozen_trick(state: KioskState) -> Trick | None:
    """The trick whose picture stands still in the place of the camera's; None while the camera's is shown."""
    game = state.game
    return game.trick if game is not None and game.step in _FROZEN and state.teaching else None


def game_guidance(state: KioskState, game: Game) -> Text:
    """What the mascot says during a game."""
    target = state.classes[game.target].label
    first, second = state.labels[0], state.labels[1]
    match game.step:
        case GameStep.FIRST:
            return message("Put a thing in front of a background. Hold the {label} button.", label=first)
        case GameStep.SECOND:
            return message("Now another thing, another background. Hold the {label} button.", label=second)
        case GameStep.TRAIN:
            return message("Now press TRAIN.")
        case GameStep.SEEK if not game.guided:
            if _is_called_by_colour(state, game):
                return message("Trick me! Show me something else, NOT the thing of the {label} button.", label=target)
            return message("Trick me! Show me something that is NOT {label}.", label=target)
        case GameStep.SEEK if state.now_s - game.began_s > HELP_AFTER_S:
            return message("Not fooled? Then you taught me well! Press SAVE to go on.")
        case GameStep.SEEK:
            return message("Now swap! Show {first} in front of the background of {second}.", first=first, second=second)
        case GameStep.CAUGHT:
            return _tricked(game.trick.why if game.trick is not None else None, guided=game.guided)
        case GameStep.REPAIR if repaired(state, game) and state.held is None:
            return message("Now press TRAIN.")
        case GameStep.REPAIR if game.guided:
            return message(
                "Repair it: hold the {label} button and show the thing in front of both backgrounds.", label=first
            )
        case GameStep.REPAIR:
            label = state.classes[teaches(state, game)].label
            return message("Now teach me better: show it to me and hold the {label} button.", label=label)
        case GameStep.ANSWERED if game.answer is None:
            return message("Let me look at it again…")
        case GameStep.ANSWERED if game.defeated:
            return message("That does not fool me any more!")
        case GameStep.ANSWERED:
            return message("It still fools me. Teach me some more!")
    return ""


def _tricked(why: Explanation | None, *, guided: bool) -> Text:
    """What the mascot says about the picture of the trick."""
    if why is None:
        return message("You tricked me!")
    if not _is_exact(why):
        return message("You tricked me! I covered parts: the bright one fooled me.")
    if guided:
        return message("Wrong! The bright part fooled me. Is it the background?")
    return message("You tricked me! The bright part fooled me.")


def strip(
    state: KioskState,
    sure_of_target: float | None,
    translate: Translator,
    *,
    square: tuple[int, int, int] | None = None,
    mirror: bool = False,
) -> GameStrip | None:
    """The strip on the picture: what the game is about, how sure the model is, and how far the game has come.

    Args:
        state: The kiosk's state.
        sure_of_target: How sure the model is of the class to trick, 0..1; None while nothing is to be tricked.
        translate: Into the language of the visit.
        square: The part of the frame that the model sees: (left, top, side) in pixels.
        mirror: The picture is shown mirrored.
    """
    game = state.game
    if game is None or not playing(state) or game.step is GameStep.CLEAR:
        return None
    steps = _GUIDED_STEPS if game.guided else _STEPS
    title: Text = message("Swap the background") if game.guided else message("Trick it!")
    share, index = None, None
    if game.step is GameStep.SEEK and not game.guided:
        share, index = sure_of_target, game.target
        title = message("{label}?", label=state.classes[game.target].label)
    if game.step is GameStep.ANSWERED and game.trick is not None:
        index, before = game.target, state.classes[game.target].label
        title = message("Before: {label} {percent}", label=before, percent=percent(game.trick.sureness))
    best = state.best_trick if game.step is GameStep.SEEK and not game.guided else None
    return GameStrip(
        title=translate(title),
        index=index,
        share=share,
        best_text="" if best is None else translate(message("Best: {percent}", percent=percent(best.sureness))),
        done=steps.index(game.step),
        steps=len(steps),
        best=None if best is None else _print(best, square, mirror=mirror),
        best_light=None if best is None else _best_light(best, mirror=mirror),
    )


def suggested_in_game(state: KioskState, game: Game) -> int | None:
    """The class whose button is the next useful press, or None."""
    if state.held is not None or not state.teaching:
        return None
    if game.step is GameStep.FIRST or game.step is GameStep.SECOND:
        return 0 if game.step is GameStep.FIRST else 1
    return teaches(state, game) if game.step is GameStep.REPAIR and not repaired(state, game) else None


def frozen_verdict(state: KioskState, trick: Trick, game: Game, translate: Translator) -> Verdict | None:
    """What the model says about the picture of the trick: the one that was tricked, or the newest."""
    if game.step is GameStep.CAUGHT:
        return _verdict(state, trick.label_index, trick.sureness, translate)
    if game.answer is None:
        return None
    if not game.answer.named:
        return Verdict(translate(message("not sure")), game.answer.sureness, None)
    return _verdict(state, game.answer.label_index, game.answer.sureness, translate)


def frozen_light(trick: Trick, game: Game, *, mirror: bool) -> Light | None:
    """The light on the picture of the trick; on a new answer to it only if it is exact: no sentence is about it."""
    if game.step is GameStep.CAUGHT:
        why, key, index = trick.why, "trick", trick.label_index
    elif game.answer is not None and _is_exact(game.answer.why):
        why, key, index = game.answer.why, "answer", game.answer.label_index
    else:
        return None
    return _light(why, (key, trick.picture.key, game.began_s), index, mirror)


def game_keys(state: KioskState, game: Game, translate: Translator) -> tuple[ActionKey, ...]:
    """The keys during a game, on the buttons of TRAIN, SAVE, UNDO and RESET."""
    resting = state.teaching and state.held is None
    go_on: dict[GameStep, Text] = {GameStep.CAUGHT: message("Go on")}
    if game.step is GameStep.ANSWERED and game.answer is not None:
        done = message("Done") if game.guided else message("Another one")
        go_on[GameStep.ANSWERED] = done if game.defeated else message("Teach more")
    trains = state.missing is None and (game.step is GameStep.TRAIN or state.stale)
    leads = game.step in go_on
    suggested = leads or game.step is GameStep.TRAIN or (game.step is GameStep.REPAIR and repaired(state, game))
    enabled = resting and (leads or (trains and game.step not in (GameStep.FIRST, GameStep.SECOND)))
    return (
        ActionKey(
            Action.TRAIN,
            "later" if leads else "train",
            translate(go_on.get(game.step, message("Train"))),
            "T",
            enabled=enabled,
            suggested=enabled and suggested,
        ),
        ActionKey(Action.SAVE, "later", translate(message("Skip")), "S", enabled=state.teaching and can_skip(game)),
        ActionKey(Action.UNDO, "undo", translate(message("Undo")), "Z", enabled=state.teaching and state.undoable),
        ActionKey(Action.RESET, "back", translate(message("End game")), "R", enabled=state.teaching),
    )


def which_game(state: KioskState, translate: Translator, *, mirror: bool) -> Question:
    """Which game to play, on the first two class buttons. The best trick of the visit is shown meanwhile."""
    ready, empty = can_trick(state), not any(state.shots) and state.model is None
    trick: Text = message("Make it say something wrong") if ready else message("First teach it and press TRAIN")
    guided: Text = message("Why the background matters") if empty else message("Starts over: it asks first")
    best = state.best_trick
    return Question(
        title=translate(message("Which game?")),
        text="" if best is None else translate(_praise(state, best)),
        picture=None if best is None else shown(best.picture, mirror=mirror),
        answers=(
            ActionKey(
                TRICK, "play", translate(message("Trick it!")), "1", ready, suggested=ready, detail=translate(trick)
            ),
            ActionKey(
                GUIDED,
                "gallery",
                translate(message("Swap the background")),
                "2",
                suggested=not ready,
                detail=translate(guided),
            ),
            ActionKey(Action.CANCEL, "cancel", translate(message("No game")), "N"),
        ),
        left=_left(state),
        listed=True,
        dead=() if ready else (TRICK,),
    )


def _praise(state: KioskState, best: Trick) -> Text:
    label = state.classes[best.label_index].label
    return message("Your best trick: I was {percent} sure of {label}.", percent=percent(best.sureness), label=label)


def _is_called_by_colour(state: KioskState, game: Game) -> bool:
    """Whether nobody named the thing: a game then speaks of the button, because a yellow duck is not “Red”."""
    return with_names_known(state).classes[game.target].name_from is NameFrom.COLOUR


def is_it_really(state: KioskState, translate: Translator, *, mirror: bool) -> Question | None:
    """The question whether a thing really is what the model says: only the visitor knows."""
    game = state.game
    if game is None or game.trick is None:
        return None
    label = state.classes[game.target].label
    title = (
        message("Is this really the thing of the {label} button?", label=label)
        if _is_called_by_colour(state, game)
        else message("Is this really {label}?", label=label)
    )
    return Question(
        title=translate(title),
        text="",
        answers=(
            ActionKey(NO, "reset", translate(message("No – tricked!")), "1"),
            ActionKey(YES, "confirm", translate(message("Yes, it is")), "2"),
        ),
        left=_left(state),
        picture=shown(game.trick.picture, mirror=mirror),
        dead=tuple(range(2, len(state.classes))),
    )


def shown(picture: Picture, *, mirror: bool) -> Picture:
    """A picture as the visitor sees it: mirrored like that of the camera."""
    return Picture((picture.key, mirror), picture.pixels[:, ::-1] if mirror else picture.pixels)


def _print(trick: Trick, square: tuple[int, int, int] | None, *, mirror: bool) -> Picture:
    """What the model saw of a trick, as the visitor sees it."""
    whole = shown(trick.picture, mirror=mirror)
    if square is None:
        return whole
    left, top, side = square
    return Picture(("print", whole.key), whole.pixels[top : top + side, left : left + side])


def _best_light(best: Trick, *, mirror: bool) -> Light | None:
    """The light on the small picture of the best trick, if it is exact: there is no room for a note."""
    if not _is_exact(best.why):
        return None
    return _light(best.why, ("best", best.picture.key), best.label_index, mirror)


def _is_exact(why: Explanation | None) -> bool:
    """Whether light on a picture needs no note about how it was found."""
    return why is not None and why.way is Way.EXACT


def _light(why: Explanation | None, key: Hashable, index: int, mirror: bool) -> Light | None:
    return None if why is None else light(why, key, index=index, mirror=mirror)


def _left(state: KioskState) -> float:
    return max(0.0, 1 - (state.now_s - state.asked_at_s) / ANSWER_WITHIN_S)


def _verdict(state: KioskState, index: int, sureness: float, translate: Translator) -> Verdict:
    return Verdict(state.classes[index].label, sureness, index, translate(percent(sureness)))
