"""The job of the games: let the model that answers now look at the picture of a trick again."""

from __future__ import annotations

from app.base.picture import Picture
from app.base.ports import Frame
from app.core import events as ev
from app.core.game import NewAnswer
from app.jobs.running import report_failure_as
from app.jobs.tools import Announce, Tools
from app.views.verdict import guess


def ask_again(tools: Tools, announce: Announce, picture: Picture) -> None:
    """Answer a frame that is kept in memory; announces PictureAnswered or PictureUnanswered.

    Args:
        tools: The model.
        announce: Receives the event.
        picture: The frame, as the camera delivered it. Nothing of it is written to disk.
    """
    with report_failure_as(ev.PictureUnanswered, announce):
        seen = tools.vision.look_again(Frame(picture.pixels, -1, tools.clock()))
        if seen is None or seen.probabilities is None:
            return  # the model was taken away meanwhile, and the game with it
        answer = guess(seen.probabilities, seen.novelty)
        announce(ev.PictureAnswered(picture, NewAnswer(answer.index, answer.probability, answer.sure, seen.why)))
