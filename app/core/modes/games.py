"""The games: which one to play, each of their steps, and what ends them.

While a game is played, TRAIN goes on, SAVE skips a step, and PLAY or RESET ends it. Class buttons choose what to trick,
or teach. The kiosk cannot know what a thing really is, so it asks the visitor.
"""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button, ClassGallery
from app.base.i18n import Text, message
from app.base.tone import Tone
from app.core import events as ev
from app.core.game import Game, GameStep, Trick
from app.core.modes.teach import class_pressed
from app.core.state import KioskState, Mode, Step, noticed, refused

TRICK, GUIDED = 0, 1  # class buttons: every station has at least two
NO, YES = 0, 1  # class buttons that answer whether the thing really is what the model says
ANSWER_AFTER_S = 0.8  # earlier presses were not meant for the question
ANSWER_WITHIN_S = 25.0
STEADY_S = 1.0  # for so long the model must name the class before the kiosk asks
QUIET_AT_START_S = 4.0  # time to put another thing in front of the camera
QUIET_AFTER_YES_S = 8.0
HELP_AFTER_S = 20.0  # without a trick: the guided round then says that it may be skipped
ENOUGH = 8  # samples of a thing in the guided round
ENOUGH_TO_REPAIR = 6

_TEACHES = {GameStep.FIRST: 0, GameStep.SECOND: 1}
_NEXT = {GameStep.FIRST: GameStep.SECOND, GameStep.SECOND: GameStep.TRAIN, GameStep.CAUGHT: GameStep.REPAIR}


# --- choosing one -------------------------------------------------------------------------------------------


def play_pressed(state: KioskState) -> Step:
    """Ask which game to play."""
    if not state.config.screen.games:
        return state, ()
    if state.in_flight:
        return refused(state, message("One moment – then press PLAY again."))
    return replace(state, mode=Mode.CHOOSE_GAME, asked_at_s=state.now_s, held=None, notice=None), ()


def can_trick(state: KioskState) -> bool:
    """Whether there is a model of this visit that can be tricked, and taught better."""
    return state.model is not None and not state.shown_from


def chosen(state: KioskState, button: Button) -> Step:
    """The first class button plays "Trick it!", the second the guided round; any other button plays nothing."""
    if state.pressed_at_s - state.asked_at_s < ANSWER_AFTER_S and button is Action.PLAY:
        return state, ()
    if button == TRICK:
        return started(replace(state, mode=state.resting_mode)) if can_trick(state) else (state, ())
    if button == GUIDED:
        if not any(state.shots) and state.model is None:
            return _guided_started(state)
        clear = Game(guided=True, step=GameStep.CLEAR)
        return replace(state, mode=Mode.CONFIRM_RESET, asked_at_s=state.now_s, game=clear), ()
    return replace(state, mode=state.resting_mode), ()


def started(state: KioskState) -> Step:
    """Start "Trick it!" with the first class that the model knows."""
    target = next((index for index in range(len(state.classes)) if _is_known(state, index)), 0)
    return _at(replace(state, game=Game(False, GameStep.SEEK, target)), GameStep.SEEK), (ev.PlaySound("ready"),)


def _is_known(state: KioskState, index: int) -> bool:
    """Whether the model was trained on a class; samples that were taken since then do not count."""
    return state.model is not None and index < len(state.model.shots) and state.model.shots[index] > 0


def _guided_started(state: KioskState) -> Step:
    commands = (ev.DropStarter(),) if state.starter is not None else ()
    state = replace(state, mode=Mode.TEACH, starter=None, why=False, game=Game(guided=True, step=GameStep.FIRST))
    return _at(state, GameStep.FIRST), (*commands, ev.PlaySound("ready"))


def cleared(state: KioskState, before: Game | None) -> Step:
    """RESET has erased everything; go on with the guided round if that was the reason."""
    if before is None or before.step is not GameStep.CLEAR:
        return state, ()
    return _guided_started(replace(state, notice=None))


# --- presses ------------------------------------------------------------------------------------------------


def pressed(state: KioskState, game: Game, button: Button) -> Step | None:
    """A press while a game is played; None if it means the same as without a game."""
    match button:
        case int(index):
            return _class_pressed(state, game, index)
        case Action.TRAIN if state.held is None:
            return _go_on(state, game)
        case Action.SAVE:
            return _skip(state, game)
        case Action.PLAY | Action.RESET | Action.CANCEL | Action.LEAVE:
            return ended(state)
        case Action.RESULTS | Action.GALLERY | Action.NAME | ClassGallery():
            return state, ()
    return None


def ended(state: KioskState) -> Step:
    """End the game; the best trick stays until the visit ends."""
    return replace(state, game=None, held=None, notice=None), (ev.PlaySound("undo"),)


def _class_pressed(state: KioskState, game: Game, index: int) -> Step:
    if game.step in _TEACHES:
        wanted = _TEACHES[game.step]
        return class_pressed(state, index) if index == wanted else refused(state, _hold(state, wanted))
    if game.step is GameStep.TRAIN:
        return class_pressed(state, index)
    if game.step is GameStep.SEEK:
        return _target_chosen(state, game, index)
    if game.step is not GameStep.REPAIR:
        state = _at(state, GameStep.REPAIR)
    return class_pressed(state, index)


def _target_chosen(state: KioskState, game: Game, index: int) -> Step:
    if not 0 <= index < len(state.classes) or game.guided or not _is_known(state, index):
        return state, ()
    game = replace(game, target=index, since_s=None, quiet_until_s=state.now_s + QUIET_AT_START_S)
    return replace(state, game=game, notice=None), (ev.PlaySound("tick"),)


def _go_on(state: KioskState, game: Game) -> Step | None:
    """What TRAIN does: go on, or train."""
    if game.step is GameStep.CAUGHT:
        return _at(state, GameStep.REPAIR), (ev.PlaySound("tick"),)
    if game.step is GameStep.ANSWERED:
        if not game.defeated:
            return _at(state, GameStep.REPAIR), (ev.PlaySound("tick"),)
        if game.guided:
            return ended(state)
        return _at(state, GameStep.SEEK), (ev.PlaySound("tick"),)
    if game.step is GameStep.REPAIR and not state.stale:
        return refused(state, _hold(state, teaches(state, game)))
    if game.step in _TEACHES:
        return refused(state, _hold(state, _TEACHES[game.step]))
    return None if game.step is not GameStep.SEEK or state.stale else (state, ())


def _skip(state: KioskState, game: Game) -> Step:
    """Go to the next step; after the last one the guided round ends, and "Trick it!" begins again."""
    if not can_skip(game):
        return state, ()
    after = _NEXT.get(game.step, None if game.guided else GameStep.SEEK)
    if game.step is GameStep.TRAIN and can_trick(state):
        after = GameStep.SEEK
    return (_at(state, after), (ev.PlaySound("tick"),)) if after is not None else ended(state)


def can_skip(game: Game) -> bool:
    """Whether SAVE skips a step: all but the first one of "Trick it!", which has nothing after it."""
    return game.guided or game.step is not GameStep.SEEK


def teaches(state: KioskState, game: Game) -> int:
    """The class that should learn the thing of the trick: in the guided round the first one, else an empty one.

    Without an empty class it is one that the model did not name.
    """
    if game.guided:
        return 0
    others = [index for index in range(len(state.classes)) if index != game.target]
    return next((index for index in others if not state.classes[index].shots), others[0] if others else game.target)


def _hold(state: KioskState, index: int) -> Text:
    return message("Hold the {label} button first.", label=state.classes[index].label)


# --- what happens by itself -----------------------------------------------------------------------------------


def watching(state: KioskState) -> bool:
    """Whether the game wants to know every answer of the model."""
    seeks = state.game is not None and state.game.step is GameStep.SEEK
    return seeks and state.mode is Mode.LIVE and can_trick(state) and state.held is None


def answer_seen(state: KioskState, event: ev.AnswerSeen) -> Step:
    """The model looked at a frame: once it names the target steadily, ask whether that is right."""
    game = state.game
    if game is None or not watching(state):
        return state, ()
    if not event.named or event.label_index != game.target:
        quiet_until_s = min(game.quiet_until_s, state.now_s)  # another thing is there
        return replace(state, game=replace(game, since_s=None, quiet_until_s=quiet_until_s)), ()
    since_s = state.now_s if game.since_s is None else game.since_s
    game = replace(game, since_s=since_s)
    if state.now_s - since_s < STEADY_S or state.now_s < game.quiet_until_s:
        return replace(state, game=game), ()
    why = event.why  # of this frame alone, which may have another winner than the frames together
    why = None if why is None or why.winner != event.label_index else why
    trick = Trick(event.picture, event.label_index, event.sureness, why)
    state = replace(state, game=replace(game, trick=trick), mode=Mode.ASK_TRICK, asked_at_s=state.now_s, notice=None)
    return state, (ev.PlaySound("tick"),)


def answered(state: KioskState, button: Button) -> Step:
    """The visitor says whether the thing really is what the model says; PLAY, RESET or LEAVE ends the game."""
    game = state.game
    if button in (Action.PLAY, Action.RESET, Action.LEAVE) or game is None or game.trick is None:
        return ended(replace(state, mode=state.resting_mode))
    if state.pressed_at_s - state.asked_at_s < ANSWER_AFTER_S:
        return state, ()
    if button in (NO, Action.CANCEL):
        return _caught(state, game, game.trick)
    if button in (YES, Action.CONFIRM):
        text = message("Then it is right. Find something else!")
        return noticed(_asked_in_vain(state, game), text, Tone.HINT), (ev.PlaySound("tick"),)
    return state, ()


def _caught(state: KioskState, game: Game, trick: Trick) -> Step:
    best = state.best_trick
    if best is None or trick.sureness > best.sureness:
        best = trick
    game = replace(game, caught=game.caught + 1, answer=None)
    state = replace(state, mode=state.resting_mode, game=game, best_trick=best)
    return _at(state, GameStep.CAUGHT), (ev.PlaySound("ready"),)


def _asked_in_vain(state: KioskState, game: Game) -> KioskState:
    quiet_until_s = state.now_s + QUIET_AFTER_YES_S
    game = replace(game, trick=None, since_s=None, quiet_until_s=quiet_until_s)
    return replace(state, mode=state.resting_mode, game=game)


def look_at_the_clock(state: KioskState) -> Step:
    """Give up a question that nobody answers; go on when enough was taught; end a game that lost its ground."""
    game = state.game
    if state.mode is Mode.CHOOSE_GAME and state.now_s - state.asked_at_s > ANSWER_WITHIN_S:
        return replace(state, mode=state.resting_mode), ()
    if game is None:
        return state, ()
    if state.mode is Mode.ASK_TRICK and state.now_s - state.asked_at_s > ANSWER_WITHIN_S:
        return _asked_in_vain(state, game), ()
    if not state.config.screen.games or game.target >= len(state.classes) or state.shown_from:
        return replace(state, game=None, mode=state.resting_mode if state.mode is Mode.ASK_TRICK else state.mode), ()
    taught = _TEACHES.get(game.step)
    if taught is not None and state.held is None and not state.in_flight and state.shots[taught] >= enough(state):
        return _at(state, _NEXT[game.step]), (ev.PlaySound("ready"),)
    return state, ()


def enough(state: KioskState) -> int:
    """How many samples of a thing the guided round asks for."""
    return min(ENOUGH, state.timing.max_shots)


def repaired(state: KioskState, game: Game) -> bool:
    """Whether enough was taught to train again."""
    return state.stale and sum(state.shots) - game.shots >= ENOUGH_TO_REPAIR


def after_training(state: KioskState) -> Step:
    """A new model answers: ask it about the trick, or let the visitor look for one."""
    game = state.game
    if game is None:
        return state, ()
    if game.trick is not None and game.step is GameStep.REPAIR:
        state = _at(replace(state, game=replace(game, answer=None), notice=None), GameStep.ANSWERED)
        return state, (ev.AskAgain(game.trick.picture),)
    if game.guided and game.step in (GameStep.FIRST, GameStep.SECOND, GameStep.TRAIN):
        game = replace(game, target=1)
        return _at(replace(state, game=game, notice=None), GameStep.SEEK), ()
    return state, ()


def picture_answered(state: KioskState, event: ev.PictureAnswered) -> Step:
    """The new model has answered the picture of the trick."""
    game = state.game
    if game is None or game.step is not GameStep.ANSWERED or game.trick is None or game.trick.picture != event.picture:
        return state, ()
    state = replace(state, game=replace(game, answer=event.answer))
    assert state.game is not None
    return state, (ev.PlaySound("ready" if state.game.defeated else "refused"),)


def picture_unanswered(state: KioskState, event: ev.PictureUnanswered) -> Step:
    """The new model could not be asked: end the game and say why."""
    return refused(replace(state, game=None), event.reason) if state.game is not None else (state, ())


def _at(state: KioskState, step: GameStep) -> KioskState:
    """Begin a step of the game."""
    assert state.game is not None
    game = replace(state.game, step=step, began_s=state.now_s, shots=sum(state.shots), since_s=None)
    if step is GameStep.SEEK:
        game = replace(game, trick=None, answer=None, quiet_until_s=state.now_s + QUIET_AT_START_S)
    return replace(state, game=game, held=None, notice=None)
