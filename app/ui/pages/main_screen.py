"""The main screen, for teaching, training and recognising: camera, class cards, keys, and the mascot's advice."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.camera_area import draw_camera_area, draw_flight, draw_notice
from app.ui.painting.canvas import Canvas
from app.ui.painting.card_layout import arrange_card
from app.ui.painting.cards import card_targets, draw_card
from app.ui.painting.confetti import draw_confetti
from app.ui.painting.kept import draw_kept
from app.ui.painting.keys import draw_key
from app.ui.painting.layout import KEY_TEXT, SPEECH_H, Layout, arrange
from app.ui.painting.mascot import draw_mascot
from app.ui.painting.motion import Moving
from app.ui.painting.page import Target
from app.ui.painting.shapes import shape
from app.ui.painting.theme import font
from app.views.model import ActionKey, KioskView

SPEECH = 47  # units; capitals are 14 mm high on a 24-inch screen, so that they can be read from three metres away
NOT_SURE = 19
NOT_SURE_TWO_ROWS = 60  # units; a higher place has the bar below its name


def draw_main(canvas: Canvas, view: KioskView, moving: Moving) -> None:
    """Draw the main screen."""
    layout = arrange(view, canvas.surface.get_size(), canvas.theme)
    covered = view.notice is not None and layout.notice.colliderect(layout.guidance)
    draw_speech(canvas, "" if covered else advice(canvas, view, layout), layout, moving)
    draw_camera_area(canvas, view, layout, moving)
    draw_cards(canvas, view, layout, moving)
    draw_keys(canvas, view, layout, moving)
    if view.status.problem:
        draw_problem_mark(canvas, layout)
    if view.notice is not None:
        draw_notice(canvas, view.notice.text, view.notice.tone, layout.notice, moving.notice)
    draw_flights(canvas, view, layout, moving)


def main_targets(view: KioskView, canvas: Canvas) -> list[Target]:
    """Everything that can be touched on the main screen, the uppermost first."""
    layout = arrange(view, canvas.surface.get_size(), canvas.theme)
    keys = zip(view.picture_keys, layout.picture_keys, strict=True)
    targets: list[Target] = [(key.button, area) for key, area in keys if area.width]
    for card, area in zip(view.cards, layout.cards, strict=True):
        targets += card_targets(canvas, card, area)
    targets += [(key.button, area) for key, area in zip(view.class_keys, layout.class_keys, strict=True)]
    targets += [(card.button, area) for card, area in zip(view.cards, layout.cards, strict=True)]
    targets += [(key.button, area) for key, area in zip(view.actions, layout.actions, strict=True)]
    if view.language is not None:
        targets.append((view.language.button, layout.language))
    if view.corner is not None:
        targets.append((view.corner, layout.corner))
    return targets


def draw_speech(canvas: Canvas, words: str, layout: Layout, moving: Moving) -> None:
    """Draw the mascot and what it says."""
    draw_mascot(canvas, layout.mascot, moving)
    palette = canvas.palette
    lines = _speech_lines(canvas, layout)
    canvas.text(words, layout.guidance, SPEECH, palette.text, palette.background, bold=True, lines=lines)


def advice(canvas: Canvas, view: KioskView, layout: Layout) -> str:
    """What the mascot says: all names of a list only if they fit in letters that can be read from three metres away."""
    lines = _speech_lines(canvas, layout)
    return canvas.wording(view.guidance, view.short_guidance, layout.guidance, SPEECH, lines=lines, least=SPEECH)


def _speech_lines(canvas: Canvas, layout: Layout) -> int:
    return 2 if layout.guidance.height <= canvas.px(SPEECH_H) else 3


def draw_cards(canvas: Canvas, view: KioskView, layout: Layout, moving: Moving) -> None:
    """Draw the class cards, and the bar for "not sure" if the view has one."""
    for number in range(len(view.cards)):
        draw_class_card(canvas, view, number, layout, moving)
    if view.not_sure is not None:
        draw_not_sure(canvas, view, layout, moving)


def draw_class_card(canvas: Canvas, view: KioskView, number: int, layout: Layout, moving: Moving) -> None:
    """Draw one class card."""
    card, area = view.cards[number], layout.cards[number]
    bar, ring, light, lead = (part[number] for part in (moving.bars, moving.rings, moving.lights, moving.leads))
    draw_kept(
        canvas,
        ("card", number),
        (card, bar, ring, light, lead),
        area,
        lambda onto: draw_card(onto, card, area, bar=bar, ring=ring, light=light, lead=lead),
    )


def draw_keys(canvas: Canvas, view: KioskView, layout: Layout, moving: Moving) -> None:
    """Draw all keys that do not lie on the picture."""
    for key, area in zip(view.class_keys, layout.class_keys, strict=True):
        draw_key_kept(canvas, key, area, size=20)
    for number in range(len(view.actions)):
        draw_action(canvas, view, number, layout, moving)
    for key, area in zip(view.picture_keys, layout.picture_keys, strict=True):
        if area.width and not layout.camera.contains(area):
            draw_key_kept(canvas, key, area, size=KEY_TEXT, tall=True, strong=key.held)
    if view.language is not None:
        draw_language(canvas, view.language, layout.language)


def draw_action(canvas: Canvas, view: KioskView, number: int, layout: Layout, moving: Moving) -> None:
    """Draw one of the keys; the first one is TRAIN."""
    key, area, main = view.actions[number], layout.actions[number], number == 0
    breath = moving.breath if key.suggested else 0.0
    draw_key_kept(canvas, key, area, size=30 if main else KEY_TEXT, tall=not main, breath=breath)


def draw_language(canvas: Canvas, key: ActionKey, area: pygame.Rect) -> None:
    """Draw the key that changes the language; it shows the present one."""
    draw_key_kept(canvas, key, area, size=19, tall=True)


def draw_key_kept(
    canvas: Canvas,
    key: ActionKey,
    area: pygame.Rect,
    *,
    size: float,
    tall: bool = False,
    breath: float = 0.0,
    strong: bool = False,
) -> None:
    """Draw a key that lies on the plain background, anew only if it looks different."""
    draw_kept(
        canvas,
        ("key", key.button),
        (key, size, tall, breath, strong),
        area,
        lambda onto: draw_key(onto, key, area, size=size, tall=tall, breath=breath, strong=strong),
    )


def draw_flights(canvas: Canvas, view: KioskView, layout: Layout, moving: Moving) -> None:
    """Draw the pictures that fly from the camera into their cards, or from there to the mascot."""
    for flight in moving.flights:
        if flight.index < len(layout.cards):
            card = arrange_card(canvas, view.cards[flight.index], layout.cards[flight.index]).button.center
            way = (card, layout.mascot.center) if flight.to_mascot else (layout.camera.center, card)
            draw_flight(canvas, flight, *way)
    draw_confetti(canvas, layout.mascot.center, canvas.px(230), moving)


def draw_not_sure(canvas: Canvas, view: KioskView, layout: Layout, moving: Moving) -> None:
    """Draw the bar: beside its name, or below it where there is more room in the height."""
    palette, px, area = canvas.palette, canvas.px, layout.not_sure
    paint.panel(canvas.surface, area, palette.panel, px(18))
    inner = area.inflate(-px(32), -px(8))
    if area.height > px(NOT_SURE_TWO_ROWS):
        words = pygame.Rect(inner.left, inner.top, inner.width, inner.height // 2)
        track = pygame.Rect(inner.left, 0, inner.width, px(20))
        track.centery = inner.bottom - inner.height // 4
    else:
        needed = font(px(NOT_SURE), bold=True).size(view.not_sure_text)[0]
        words = pygame.Rect(inner.left, area.top, min(max(px(98), needed), area.width * 2 // 3), area.height)
        track = pygame.Rect(words.right + px(16), 0, inner.right - words.right - px(16), px(20))
        track.centery = area.centery
    canvas.text(view.not_sure_text, words, NOT_SURE, palette.quiet, palette.panel, bold=True, lines=2)
    paint.bar(canvas.surface, track, moving.not_sure, palette.quiet, palette.raised)
    tick = pygame.Rect(0, 0, px(3), px(20) + 2 * px(5))  # from here on the verdict is "not sure"
    tick.center = track.center
    paint.panel(canvas.surface, tick, palette.quiet, px(1.5))


def draw_problem_mark(canvas: Canvas, layout: Layout) -> None:
    """Draw a warning sign beside the mascot: staff read on their pages what it is about."""
    radius = canvas.px(17)
    centre = (layout.mascot.right - radius, layout.mascot.bottom - radius)
    canvas.surface.blit(disc := paint.disc(radius, canvas.palette.warning), disc.get_rect(center=centre))
    shape(canvas.surface, "triangle", centre, canvas.px(9), canvas.theme.ink(canvas.palette.warning))
