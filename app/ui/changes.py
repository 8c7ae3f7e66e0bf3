"""Draw only what differs from the view before: on most frames that is the camera picture, a bar, or the mascot's eyes.

The result is the same, pixel for pixel, as drawing the whole screen. Only parts that nothing else overlaps are drawn
alone, so whatever lies over a part (a message, a question, a flying print) makes the whole screen be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pygame

from app.ui.pages.attract import call_place, draw_call, draw_stage
from app.ui.pages.main_screen import draw_action, draw_class_card, draw_not_sure
from app.ui.painting.camera_area import draw_camera_area
from app.ui.painting.canvas import Canvas
from app.ui.painting.layout import Layout, arrange
from app.ui.painting.mascot import draw_mascot
from app.ui.painting.motion import Moving
from app.ui.painting.surfaces import PRINTS
from app.ui.painting.theme import Theme
from app.views.model import KioskView, Screen

SCREENS = (Screen.ATTRACT, Screen.TEACH, Screen.TRAINING, Screen.LIVE)

Shown = tuple[KioskView, Moving]
"""What was drawn: a view, and the state of all motion."""

Part = tuple[pygame.Rect, Callable[[], None]]


def draw_changes(surface: pygame.Surface, before: Shown, now: Shown, theme: Theme) -> list[pygame.Rect] | None:
    """Draw what differs from `before`, which the surface shows.

    Args:
        surface: Where to draw.
        before: What the surface shows; without its time, as `visible.still` returns it.
        now: What it should show.
        theme: Colours and scale.

    Returns:
        The areas that were drawn; None if the whole screen must be drawn, and nothing was.
    """
    if not (_alone(before) and _alone(now) and _rest(before) == _rest(now)):
        return None
    view, moving = now
    canvas = Canvas(surface, theme)
    layout = arrange(view, surface.get_size(), theme)
    if min(before[1].verdict, moving.verdict) < 1 and not layout.camera.contains(layout.verdict):
        return None  # a verdict that comes in reaches beyond its place
    areas: list[pygame.Rect] = []
    for area, draw in _changed_parts(canvas, layout, before, now):
        if view.picture is None or area != layout.camera:  # the picture covers its whole place
            surface.fill(theme.palette.background, area)
        draw()
        areas.append(area)
    PRINTS.screen_drawn({one.key for card in view.cards for one in card.thumbnails})
    return areas


def _changed_parts(canvas: Canvas, layout: Layout, before: Shown, now: Shown) -> Iterator[Part]:
    """The parts that differ: the place of each, and what draws it."""
    old, (view, moving) = before[1], now
    attract, beside = view.attract, False
    if _of_picture(now) != _of_picture(before):
        below = view.verdict is not None or view.progress is not None
        area = layout.camera.union(layout.verdict) if below else layout.camera
        if attract is not None:
            yield area, partial(draw_stage, canvas, view, attract, layout, moving)
        else:
            yield area, partial(draw_camera_area, canvas, view, layout, moving)
            beside = view.not_sure is not None and area.colliderect(layout.not_sure)  # in a portrait window
    if (moving.gaze, moving.lids, moving.glad) != (old.gaze, old.lids, old.glad):
        yield layout.mascot, partial(draw_mascot, canvas, layout.mascot, moving)
    for number, place in enumerate(layout.cards):
        if _of_card(now, number) != _of_card(before, number):
            yield place, partial(draw_class_card, canvas, view, number, layout, moving)
    if beside or moving.not_sure != old.not_sure:
        yield layout.not_sure, partial(draw_not_sure, canvas, view, layout, moving)
    if moving.breath != old.breath:
        if attract is not None:
            yield call_place(canvas, view, layout), partial(draw_call, canvas, view, attract, layout, moving)
        for number, key in enumerate(view.actions):
            if attract is None and key.suggested:
                yield layout.actions[number], partial(draw_action, canvas, view, number, layout, moving)


def _alone(shown: Shown) -> bool:
    """Whether nothing lies over the parts that can be drawn alone, and nothing flies from one to the other."""
    view, moving = shown
    over = view.notice or view.question or view.typing or view.scanned or view.game or view.light or view.status.problem
    marked = view.staff_hold is not None or view.focus is not None
    flies = moving.flights or moving.cheer or moving.nod
    return view.screen in SCREENS and not (over or marked or flies or any(card.alike for card in view.cards))


def _rest(shown: Shown) -> object:
    """Everything about what is shown, but the values of the parts that can be drawn alone."""
    view, moving = shown
    values = (view.picture, view.verdict, view.not_sure, view.progress)
    kinds = (*(value is None for value in values), len(view.cards))
    nothing: tuple[float, ...] = ()
    return (
        kinds,
        replace(view, cards=(), picture=None, verdict=None, not_sure=None, progress=None, flash=None, now_s=0.0),
        replace(
            moving,
            bars=nothing,
            rings=nothing,
            lights=nothing,
            leads=nothing,
            not_sure=0.0,
            progress=0.0,
            verdict=1.0,
            gaze=(0.0, 0.0),
            lids=0.0,
            glad=0.0,
            breath=0.0,
        ),
    )


def _of_picture(shown: Shown) -> object:
    view, moving = shown
    return view.picture, view.verdict, moving.verdict, moving.progress


def _of_card(shown: Shown, number: int) -> object:
    view, moving = shown
    return view.cards[number], *(part[number] for part in (moving.bars, moving.rings, moving.lights, moving.leads))
