"""The mark of a class: its shape on a disc in its colour."""

from __future__ import annotations

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.shapes import shape


def draw_class_mark(canvas: Canvas, index: int, centre: tuple[int, int], radius: int) -> None:
    """Draw the colour and shape of a class."""
    colour = canvas.theme.class_colour(index)
    disc = paint.disc(radius, colour)
    canvas.surface.blit(disc, disc.get_rect(center=centre))
    shape(
        canvas.surface, canvas.theme.class_shape(index), centre, max(3, round(radius * 0.55)), canvas.theme.ink(colour)
    )
