"""The demonstration that plays while nobody is there: two things are shown, taught and recognised, in a loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.base.buttons import Action
from app.base.i18n import Message, message
from app.base.numbers import percent
from app.base.picture import Picture
from app.core.state import KioskState
from app.views.model import ActionKey, Attract, ClassCard, KioskView, Verdict
from app.views.words import Translator

Stage = Callable[[str, int], Picture]
"""Returns a picture of a rendered thing: (kind, number of the picture). The same arguments return the same picture."""

RATE_HZ = 10.0
THINGS: tuple[tuple[str, Message], ...] = (("apple", message("apple")), ("cup", message("cup")))
FULL_SHOTS = 12  # samples of each thing
THUMBNAILS = 5


@dataclass(frozen=True)
class Scene:
    """A part of the demonstration.

    Attributes:
        caption: What happens, for the visitor.
        seconds: How long it takes.
        thing: Index of the thing in front of the camera.
        held: A class button is held.
        trains: The model is trained.
        trained: The model answers.
    """

    caption: Message
    seconds: float
    thing: int
    held: bool = False
    trains: bool = False
    trained: bool = False


SCENES: tuple[Scene, ...] = (
    Scene(message("Show something to the camera and hold its button."), 4.0, 0, held=True),
    Scene(message("Show something else and hold another button."), 4.0, 1, held=True),
    Scene(message("Press TRAIN: it learns in a second."), 2.5, 1, trains=True),
    Scene(message("Now it knows them…"), 3.0, 0, trained=True),
    Scene(message("… and tells them apart."), 3.0, 1, trained=True),
)
LOOP_S = sum(scene.seconds for scene in SCENES)


@dataclass(frozen=True)
class Moment:
    """A moment of the demonstration: the scene, its number, and how much of it has passed, 0..1."""

    scene: Scene
    number: int
    share: float


def moment(age_s: float) -> Moment:
    """The moment of a demonstration that began `age_s` seconds ago."""
    left_s = age_s % LOOP_S
    for number, scene in enumerate(SCENES):
        if left_s < scene.seconds:
            return Moment(scene, number, left_s / scene.seconds)
        left_s -= scene.seconds
    return Moment(SCENES[-1], len(SCENES) - 1, 1.0)


def played(view: KioskView, state: KioskState, stage: Stage | None, translate: Translator) -> KioskView:
    """The view of the demonstration, made from the real view."""
    age_s = state.now_s - state.attract_since_s
    now = moment(age_s)
    kind, name = THINGS[now.scene.thing]
    picture = stage(kind, int(age_s * RATE_HZ)) if stage is not None else None
    trained = now.scene.trained
    return replace(
        view,
        picture=picture,
        model_square=None if picture is None else _square(picture),
        cards=tuple(_card(card, now, stage, translate) for card in view.cards),
        class_keys=(),
        actions=tuple(_key(key, now) for key in view.actions if key.button is not Action.RESULTS),
        guidance=translate(now.scene.caption),
        verdict=Verdict(translate(name), 0.97, now.scene.thing, translate(percent(0.97))) if trained else None,
        not_sure=None,
        progress=now.share if now.scene.trains else None,
        progress_text=translate(message("Learning…")) if now.scene.trains else "",
        notice=None,
        attract=Attract(
            headline=translate(message("Teach me something!")),
            caption=translate(now.scene.caption),
            scene=now.number,
            scenes=len(SCENES),
            call=translate(message("Press any button")),
        ),
    )


def _card(card: ClassCard, now: Moment, stage: Stage | None, translate: Translator) -> ClassCard:
    """The first classes take part; the others are empty."""
    index = card.index
    if index >= len(THINGS):
        return replace(
            card,
            shots=0,
            ring=0.0,
            confidence=0.0 if now.scene.trained else None,
            held=False,
            alike=False,
            leading=False,
            enabled=True,
            suggested=False,
            gallery=None,
            rename=None,
            thumbnails=(),
            mark_text="",
            mark_short="",
            count_text="",
        )
    kind, name = THINGS[index]
    shots = _shots(index, now)
    seen = index == now.scene.thing
    return replace(
        card,
        label=translate(name),
        shots=shots,
        ring=shots / FULL_SHOTS,
        alike=False,
        confidence=(0.97 if seen else 0.03) if now.scene.trained else None,
        held=now.scene.held and seen,
        leading=now.scene.trained and seen,
        enabled=True,
        suggested=False,
        gallery=None,
        rename=None,
        mark_text="",
        mark_short="",
        thumbnails=() if stage is None else _thumbnails(stage, kind, shots),
        count_text=translate(message("{shots} pictures", shots=shots)) if shots > 1 else "",
    )


def _shots(index: int, now: Moment) -> int:
    if index == now.number and now.scene.held:
        return round(now.share * FULL_SHOTS)
    return FULL_SHOTS if index < now.number else 0


def _thumbnails(stage: Stage, kind: str, shots: int) -> tuple[Picture, ...]:
    pictures = []
    for number in range(max(0, shots - THUMBNAILS), shots):
        shown = stage(kind, number * 5)
        left, top, side = _square(shown)
        pictures.append(Picture((*_key_of(shown), "square"), shown.pixels[top : top + side, left : left + side]))
    return tuple(pictures)


def _key_of(picture: Picture) -> tuple[object, ...]:
    return picture.key if isinstance(picture.key, tuple) else (picture.key,)


def _key(key: ActionKey, now: Moment) -> ActionKey:
    trains = now.scene.trains and key.button is Action.TRAIN
    return replace(key, enabled=trains, suggested=trains, held=trains and now.share < 0.3)


def _square(picture: Picture) -> tuple[int, int, int]:
    height, width = picture.pixels.shape[:2]
    side = min(height, width)
    return (width - side) // 2, (height - side) // 2, side
