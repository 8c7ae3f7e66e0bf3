"""A question over any screen; until it is answered, only its answers can be touched."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.keys import draw_key
from app.ui.painting.layout import grid
from app.ui.painting.mascot import draw_mascot
from app.ui.painting.motion import Moving
from app.views.model import Question

ANSWER_H, LISTED_H, GAP = 72, 84, 16  # units
TITLE_H, TEXT_H, LARGE_TEXT_H = 72, 140, 172  # units; the text beside a count can be read from three metres away
FACE, PICTURE, LISTED_PICTURE = 120, 300, 168  # units
ONE_COLUMN = 3  # as many listed answers fit into one column


@dataclass(frozen=True)
class DialogLayout:
    """The parts of a question, in pixels."""

    sheet: pygame.Rect
    face: pygame.Rect
    title: pygame.Rect
    text: pygame.Rect
    answers: tuple[pygame.Rect, ...]


def arrange_dialog(question: Question, canvas: Canvas) -> DialogLayout:
    """Arrange a question in the middle of the window, with answers side by side, or listed in one or two columns.

    In a portrait window more than two answers are one below the other.
    """
    px, window = canvas.px, canvas.surface.get_rect()
    count = max(1, len(question.answers))
    columns = 1 if count > 2 and window.width < window.height else count
    if question.listed:
        columns = 1 if count <= ONE_COLUMN else 2
    lines = -(-count // columns)
    answers_h = lines * px(LISTED_H if question.listed else ANSWER_H) + (lines - 1) * px(GAP)
    wide = columns > (1 if question.listed else 2)
    width = px(1100) if question.countdown else px(980) if wide else px(860)
    text_h = px(LARGE_TEXT_H if question.countdown else TEXT_H if question.text else 24)
    face_h = px(FACE if question.picture is None else LISTED_PICTURE if question.listed else PICTURE)
    height = px(76 + TITLE_H) + text_h + face_h + answers_h
    sheet = pygame.Rect(0, 0, min(width, window.width - px(40)), min(height, window.height - px(40)))
    sheet.center = window.center
    inner = sheet.inflate(-px(64), -px(56))
    face = pygame.Rect(0, inner.top, face_h if question.picture is None else round(face_h * 4 / 3), face_h)
    face.centerx = sheet.centerx
    answers = pygame.Rect(inner.left, inner.bottom - answers_h, inner.width, answers_h)
    title = pygame.Rect(inner.left, face.bottom + px(8), inner.width, px(TITLE_H))
    text = pygame.Rect(inner.left, title.bottom, inner.width, answers.top - title.bottom - px(12))
    return DialogLayout(sheet, face, title, text, grid(answers, len(question.answers), columns, px(GAP)))


def draw_question(canvas: Canvas, question: Question, moving: Moving) -> None:
    """Draw a question; a ring shows the time that is left for an answer, around the face or around the seconds."""
    palette, px = canvas.palette, canvas.px
    layout = arrange_dialog(question, canvas)
    paint.lip(canvas.surface, layout.sheet, palette.panel, palette.line, px(32), px(7))
    if question.left is not None and question.picture is None:
        ring = palette.accent if question.left > 0.3 else palette.warning
        paint.ring(
            canvas.surface, layout.face.center, layout.face.width // 2, px(9), question.left, ring, palette.raised
        )
    if question.countdown:
        inside = layout.face.inflate(-px(34), -px(34))
        canvas.text(question.countdown, inside, 58, palette.text, palette.panel, bold=True, align="center")
    elif question.picture is None:
        draw_mascot(canvas, layout.face.inflate(-px(34), -px(34)), moving)
    else:
        paint.camera(canvas.surface, question.picture, layout.face)
        paint.round_corners(canvas.surface, layout.face, px(20), palette.panel)
    canvas.text(question.title, layout.title, 54, palette.text, palette.panel, bold=True, align="center")
    canvas.text(
        question.text,
        layout.text,
        47 if question.countdown else 34,
        palette.text,
        palette.panel,
        align="center",
        lines=3,
    )
    for key, area in zip(question.answers, layout.answers, strict=True):
        draw_key(canvas, key, area, size=30, strong=key.suggested)
