"""The guidance: one line that tells the visitor the next useful thing to do."""

from __future__ import annotations

from app.base.i18n import Text, counted, message
from app.core.modes import lessons
from app.core.state import KioskState, Mode
from app.views.games import game_guidance, playing, suggested_in_game
from app.views.verdict import Answer

GOOD_START = 5  # samples of a class from which training is worth suggesting
SHOW_AGAIN = message("Show something again. Wrong answer? Hold the correct button.")
WRONG_BY_ITSELF = message("Wrong? Hold the correct button: it learns when you let go.")
UNEVEN = 3  # times as many pictures as another class: the model then prefers the larger class


def guidance(state: KioskState, answer: Answer | None) -> Text:
    """The next useful thing to do.

    Args:
        state: The kiosk's state.
        answer: The answer of the model; None while no model answers.
    """
    match state.mode:
        case Mode.TRAINING:
            return message("Comparing what you showed…")
        case Mode.SAVING:
            return message("There it is.") if state.saving.finished else message("Writing your model.")
        case Mode.IMPORTING:
            return message("Looking at what is on the drive…")
        case Mode.ERASING | Mode.REMOVING:
            return message("Tidying up…")
        case Mode.GALLERY:
            return message("Touch a picture that does not belong here.")
        case Mode.RESULTS:
            return message("Touch a number to see its pictures.")
        case Mode.STAFF:
            return message("For staff")
    if state.picture_problem is not None:
        return state.picture_problem
    if state.shown_from:
        return message("This is the model from {drive}. RESET goes back to your own.", drive=state.shown_from)
    if state.game is not None and playing(state) and not (state.held is not None and state.held.alike):
        return game_guidance(state, state.game)
    if state.held is not None:
        if state.held.alike:
            return message("Turn it! These all look the same.")
        return message("Keep turning it – every picture helps.")
    if state.starter is not None:
        return _starter(state.starter.labels)
    if state.model is not None:
        return _live(state, answer)
    return _teaching(state)


def short_guidance(state: KioskState, full: Text) -> Text:
    """How many things a starter knows, where `full` lists their names; empty otherwise.

    Letters that can be read from afar leave no room for a long list.
    """
    if state.starter is None or full != _starter(state.starter.labels):
        return ""
    return counted(
        "It knows {count} thing. Show one, or hold a button to teach it.",
        "It knows {count} things. Show one, or hold a button to teach it.",
        len(state.starter.labels),
    )


def _starter(labels: tuple[str, ...]) -> Text:
    return message("It knows {labels}. Show one, or hold a button to teach it.", labels=", ".join(labels))


def spoken_guidance(state: KioskState) -> Text:
    """What is said in place of `guidance`; empty if it is the same.

    The task of a lesson as a whole, while a part of it is shown. While the model answers, the same for every answer, so
    that it is said once: the answer itself is said anyway.
    """
    task, now = lessons.task(state), guidance(state, None)
    if task is not None and now == lessons.task_in_parts(state):
        return task
    if now == SHOW_AGAIN:
        return WRONG_BY_ITSELF if state.config.classes.learn_as_you_go else SHOW_AGAIN
    return ""


def suggested_class(state: KioskState) -> int | None:
    """The class whose button is the next useful press, or None."""
    if state.game is not None:
        return suggested_in_game(state, state.game)
    if not state.teaching or state.held is not None or state.answering:
        return None
    taught = [index for index, one in enumerate(state.classes) if one.shots]
    if len(taught) < 2:
        return next(index for index, one in enumerate(state.classes) if not one.shots)
    few = min(taught, key=lambda index: state.classes[index].shots)
    return few if state.classes[few].shots < _good_start(state) or _much_less(state, few) else None


def enough(state: KioskState) -> bool:
    """Whether training is worth suggesting."""
    return sum(shots >= _good_start(state) for shots in state.shots) >= 2


def _live(state: KioskState, answer: Answer | None) -> Text:
    by_itself = state.config.classes.learn_as_you_go
    if state.stale and state.missing is None and not by_itself:
        return message("The pictures changed! Press TRAIN to learn them.")
    behind, until_s = state.background or (len(state.classes), 0.0)
    if behind < len(state.classes) and state.now_s < until_s:
        label = state.classes[behind].label
        return message("I look at what is behind {label}. Show it in front of something else, too!", label=label)
    if answer is None or answer.leader is None:
        return SHOW_AGAIN
    if not answer.sure:
        return message("Is it {label}? Hold its button to teach it more.", label=state.labels[answer.index])
    if by_itself:
        return WRONG_BY_ITSELF
    return message("I see {label}! Wrong? Hold the correct button.", label=state.labels[answer.index])


def _teaching(state: KioskState) -> Text:
    taught = [one for one in state.classes if one.shots]
    if not taught:
        if (task := lessons.task_in_parts(state)) is not None:
            return task
        return message("Show something to the camera and hold the {label} button.", label=state.classes[0].label)
    if len(taught) == 1:
        other = next(one for one in state.classes if not one.shots)
        return message("Now show a different thing and hold the {label} button.", label=other.label)
    few = min(taught, key=lambda one: one.shots)
    if few.shots < _good_start(state):
        return message("A few more of {label}: turn it, move it, hold its button.", label=few.label)
    if _much_less(state, state.classes.index(few)):
        most = max(taught, key=lambda one: one.shots)
        return message("{few} has far fewer pictures than {most}: show it some more.", few=few.label, most=most.label)
    return message("Press TRAIN – or teach one more thing.")


def _good_start(state: KioskState) -> int:
    """GOOD_START, or the most samples of a class if that is less."""
    return min(GOOD_START, state.timing.max_shots)


def _much_less(state: KioskState, index: int) -> bool:
    return state.classes[index].shots * UNEVEN <= max(state.shots)
