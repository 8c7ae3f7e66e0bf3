"""The camera picture and what lies over it: the square that the model sees, the verdict, notices, and progress."""

from __future__ import annotations

import pygame

from app.base.picture import Picture
from app.base.tone import Tone
from app.ui.painting import paint
from app.ui.painting.canvas import CAP, DESCENT, Canvas
from app.ui.painting.game_strip import draw_strip
from app.ui.painting.keys import draw_key
from app.ui.painting.layout import PICTURE_KEY_TEXT, VERDICT_H, Layout
from app.ui.painting.lesson_chip import draw_lesson_chip
from app.ui.painting.marks import draw_class_mark
from app.ui.painting.motion import Flight, Moving
from app.ui.painting.shapes import shape, turn_arrow
from app.ui.painting.surfaces import CACHE
from app.ui.painting.theme import mixed
from app.views.model import KioskView, Verdict

CORNER = 30
SHARE = 0.66  # size of how sure it is, as a share of the size of the name
TURN_S = 2.4  # for one turn of the sign that asks to turn the thing


def draw_camera_area(canvas: Canvas, view: KioskView, layout: Layout, moving: Moving) -> None:
    """Draw the camera picture with what lies over it."""
    palette, px, area = canvas.palette, canvas.px, layout.camera
    if view.picture is None:
        paint.panel(canvas.surface, area, palette.panel, px(CORNER))
        words = area.inflate(-px(60), 0)
        canvas.text(view.waiting_text, words, 47, palette.quiet, palette.panel, align="center", lines=3)
    else:
        light = view.light if view.model_square is not None else None
        colour = None if light is None or light.index is None else canvas.theme.class_colour(light.index)
        square = view.model_square or (0, 0, 0)
        paint.camera(canvas.surface, view.picture, area, light=light, square=square, colour=colour)
        if view.frozen:
            pygame.draw.rect(canvas.surface, paint.PRINT_PAPER, area, width=px(14))
        paint.round_corners(canvas.surface, area, px(CORNER), palette.background)
        if view.model_square is not None and view.light is None and not view.frozen:
            _model_corners(canvas, view.picture, view.model_square, area)
    if view.progress is not None:
        _progress(canvas, view, layout.verdict, moving)
        return
    if any(card.alike for card in view.cards):
        _turn_sign(canvas, view, turn_place(canvas, area))
    elif view.verdict is not None:
        _verdict(canvas, view.verdict, layout.verdict, moving.verdict)
    if view.lesson is not None and view.notice is None:
        draw_lesson_chip(canvas, view.lesson, area)
    if view.game is not None and view.notice is None:
        draw_strip(canvas, view.game, area)
    draw_picture_keys(canvas, view, layout)


def draw_picture_keys(canvas: Canvas, view: KioskView, layout: Layout) -> None:
    """Draw WHY and PLAY where they lie on the picture."""
    for key, place in zip(view.picture_keys, layout.picture_keys, strict=True):
        if place.width and layout.camera.contains(place):
            draw_key(canvas, key, place, size=PICTURE_KEY_TEXT, strong=key.held)


def turn_place(canvas: Canvas, camera: pygame.Rect) -> pygame.Rect:
    """The place of the sign that asks to turn the thing, at the lower edge of the picture."""
    px = canvas.px
    height = min(px(VERDICT_H), camera.height // 3)
    return pygame.Rect(camera.left + px(20), camera.bottom - px(20) - height, camera.width - 2 * px(20), height)


def square_place(picture: Picture, model_square: tuple[int, int, int], area: pygame.Rect) -> pygame.Rect:
    """Where the square that the model sees lies on the screen; it may be larger than the place of the picture."""
    height, width = picture.pixels.shape[:2]
    share = max(area.width / width, area.height / height)
    left, top, side = model_square
    square = pygame.Rect(0, 0, round(side * share), round(side * share))
    square.center = (
        round(area.centerx + (left + side / 2 - width / 2) * share),
        round(area.centery + (top + side / 2 - height / 2) * share),
    )
    return square


def draw_notice(canvas: Canvas, words: str, tone: Tone, place: pygame.Rect, arrived: float) -> None:
    """Draw a passing message over whatever is at its place; `arrived` 0..1 is how far it has come in."""
    px = canvas.px
    face = canvas.theme.tone(tone)
    area = place.move(0, -round((1 - arrived) * px(16)))
    canvas.forget(place)
    paint.panel(canvas.surface, area, face, px(20))
    canvas.text(
        words, area.inflate(-px(40), -px(14)), 40, canvas.theme.ink(face), face, bold=True, align="center", lines=4
    )


def draw_flight(canvas: Canvas, flight: Flight, start: tuple[int, int], goal: tuple[int, int]) -> None:
    """Draw a print on its way to a card, or from there to the mascot: in an arc, getting smaller."""
    eased = flight.progress**2 if flight.to_mascot else 1 - (1 - flight.progress) ** 3
    first, last = (canvas.px(64), canvas.px(32)) if flight.to_mascot else (canvas.px(220), canvas.px(44))
    edge = round(first + (last - first) * eased)
    x = start[0] + (goal[0] - start[0]) * eased
    y = start[1] + (goal[1] - start[1]) * eased - canvas.px(90) * 4 * eased * (1 - eased)
    paint.flying(canvas.surface, flight.picture, (x, y), max(8, edge), first)


def _verdict(canvas: Canvas, verdict: Verdict, area: pygame.Rect, arrived: float) -> None:
    palette, px = canvas.palette, canvas.px
    area = area.move(0, round((1 - arrived) * px(18)))
    known = verdict.sure
    face = canvas.theme.class_colour(verdict.index) if known and verdict.index is not None else palette.panel
    ink = canvas.theme.ink(face) if known else palette.text
    paint.lip(canvas.surface, area, face, mixed(face, (0, 0, 0), 0.3), px(26), px(6))
    plate = pygame.Rect(area.left, area.top, area.width, area.height - px(6)).inflate(-px(52), -px(12))
    radius = min(px(34), plate.height // 2)
    at = (plate.left + radius, plate.centery)
    if verdict.index is None:
        mark = pygame.Rect(plate.left, plate.top, 2 * radius, plate.height)
        canvas.text("?", mark, _centred(canvas, plate, 64), ink, face, bold=True, align="center")
    elif known:
        shape(canvas.surface, canvas.theme.class_shape(verdict.index), at, radius, ink)
    else:
        draw_class_mark(canvas, verdict.index, at, radius)
    words = pygame.Rect(at[0] + radius + px(22), plate.top, plate.right - at[0] - radius - px(22), plate.height)
    size = _centred(canvas, plate, 70)
    if known and verdict.share_text:
        share = pygame.Rect(plate.right - px(150), plate.top, px(150), plate.height)
        drawn = canvas.text(verdict.share_text, share, SHARE * size, ink, face, align="right")
        words.width = drawn.left - px(16) - words.left
    canvas.text(verdict.text, words, size, ink, face, bold=True, lines=2)


def _turn_sign(canvas: Canvas, view: KioskView, area: pygame.Rect) -> None:
    """Draw an arrow that turns, where the verdict would be: it says without words what to do with the thing."""
    radius = min(canvas.px(52), area.height // 2)
    disc = paint.disc(radius, canvas.palette.panel)
    canvas.surface.blit(disc, disc.get_rect(center=area.center))
    turns = 0.0 if view.less_motion else view.now_s / TURN_S
    turn_arrow(canvas.surface, area.center, round(radius * 0.72), canvas.palette.text, turns)


def _model_corners(canvas: Canvas, picture: Picture, model_square: tuple[int, int, int], area: pygame.Rect) -> None:
    """Mark the corners of the square that the model sees."""
    square = square_place(picture, model_square, area).clip(area).inflate(-canvas.px(50), -canvas.px(50))
    arm, thick = canvas.px(44), canvas.px(5)

    def corners() -> pygame.Surface:
        big = pygame.Surface((2 * arm, 2 * arm), pygame.SRCALPHA)
        whole = big.get_rect()
        pygame.draw.rect(big, (40, 32, 24, 80), whole, width=thick + 2 * rim, border_radius=radius)
        inner = whole.inflate(-2 * rim, -2 * rim)
        pygame.draw.rect(big, (255, 255, 255, 240), inner, width=thick, border_radius=radius - rim)
        return big

    rim, radius = canvas.px(1.5), canvas.px(26)
    drawn = CACHE.get(("finder", arm, thick, radius), corners)
    reach = round(arm * 0.92)
    far = 2 * arm - reach
    for x, cut_x in ((square.left, 0), (square.right - reach, far)):
        for y, cut_y in ((square.top, 0), (square.bottom - reach, far)):
            canvas.surface.blit(drawn, (x, y), (cut_x, cut_y, reach, reach))


def _progress(canvas: Canvas, view: KioskView, area: pygame.Rect, moving: Moving) -> None:
    """Draw what the kiosk is doing where the verdict would be, with a ring that fills; the camera picture stays."""
    palette, px = canvas.palette, canvas.px
    paint.lip(canvas.surface, area, palette.panel, mixed(palette.panel, (0, 0, 0), 0.3), px(26), px(6))
    plate = pygame.Rect(area.left, area.top, area.width, area.height - px(6)).inflate(-px(52), -px(12))
    radius = min(px(38), plate.height // 2)
    centre = (plate.left + radius, plate.centery)
    paint.ring(canvas.surface, centre, radius, px(12), moving.progress, palette.accent, palette.raised)
    words = pygame.Rect(centre[0] + radius + px(22), plate.top, plate.right - centre[0] - radius - px(22), plate.height)
    canvas.text(view.progress_text, words, _centred(canvas, plate, 60), palette.text, palette.panel, bold=True, lines=2)


def _centred(canvas: Canvas, plate: pygame.Rect, most: float) -> float:
    """The greatest size, in units, of a line that can be centred by its capitals on a plate."""
    return min(most, plate.height / canvas.theme.unit / (CAP + 2 * DESCENT))
