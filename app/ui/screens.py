"""Draw any screen from its view, and find the button at a point or in a direction."""

from __future__ import annotations

from collections.abc import Hashable

import pygame

from app.ui.pages.attract import attract_targets, draw_attract
from app.ui.pages.dialog import arrange_dialog, draw_question
from app.ui.pages.fault import draw_fault
from app.ui.pages.gallery import draw_gallery, gallery_targets
from app.ui.pages.main_screen import draw_main, main_targets
from app.ui.pages.results import arrange_results, draw_results, results_targets
from app.ui.pages.saving import arrange_saving, draw_saving, saving_targets
from app.ui.pages.staff import draw_staff, hint_place, staff_targets
from app.ui.pages.typing_page import draw_typing, typing_notice_place, typing_targets
from app.ui.pages.waking import draw_waking
from app.ui.painting import paint
from app.ui.painting.canvas import Canvas, DrawnText
from app.ui.painting.highlight import draw_highlight
from app.ui.painting.hold_ring import draw_hold_ring
from app.ui.painting.layout import arrange
from app.ui.painting.motion import Moving, settled
from app.ui.painting.page import Target, draw_page_notice
from app.ui.painting.surfaces import PRINTS
from app.ui.painting.theme import Theme, load_theme
from app.views.model import KioskView, Screen

VEIL = 0.84  # opacity of the veil between a question and what is behind it
SIDEWAYS_WEIGHT = 0.25  # of a sideways distance, compared with one up or down


def draw(surface: pygame.Surface, view: KioskView, theme: Theme, moving: Moving | None = None) -> tuple[DrawnText, ...]:
    """Draw a view; the same arguments draw the same pixels.

    Args:
        surface: Where to draw.
        view: What to draw.
        theme: Colours and scale.
        moving: The state of all motion; None draws everything at rest.

    Returns:
        The texts that were drawn, with their places.
    """
    canvas = Canvas(surface, theme)
    width, height = surface.get_size()
    moving = moving or settled(view, portrait=height > width)
    if view.question is not None and moving.behind is not None:
        _draw_behind(surface, moving.behind, theme, moving.sheet)
        draw_question(canvas, view.question, moving)
    else:
        surface.fill(theme.palette.background)
        _draw_screen(canvas, view, moving)
        if view.focus is not None:
            _draw_cursor(canvas, view, view.focus)
    if view.staff_hold is not None:
        draw_hold_ring(canvas, view.staff_hold)
    if view.scanned:
        draw_highlight(canvas, [area for button, area in _targets(view, canvas) if button in view.scanned])
    PRINTS.screen_drawn({one.key for card in view.cards for one in card.thumbnails})  # some lie on parts that were kept
    return tuple(canvas.texts)


def button_at(view: KioskView, size: tuple[int, int], position: tuple[int, int]) -> Hashable | None:
    """The button at a point in pixels; None if there is none."""
    return next((button for button, area in targets(view, size) if area.collidepoint(position)), None)


def targets(view: KioskView, size: tuple[int, int]) -> list[Target]:
    """Everything that can be touched, the uppermost first; below a question only its answers."""
    return _targets(view, Canvas(pygame.Surface(size, depth=8), load_theme(size)))  # nothing is drawn on it


def ahead(view: KioskView, size: tuple[int, int], step: int) -> tuple[Hashable, ...] | None:
    """The buttons above (`step` is -1) or below (1) the cursor, the nearest first; None without a cursor."""
    places = targets(view, size) if view.focus is not None else []
    here = next((area for button, area in places if button == view.focus), None)
    if here is None:
        return None
    there = [
        (_distance(here, area), button)
        for button, area in places
        if (area.centery - here.centery) * step > max(area.height, here.height) / 2
    ]
    return tuple(button for _, button in sorted(there, key=lambda one: one[0]))


def _distance(here: pygame.Rect, there: pygame.Rect) -> tuple[float, int]:
    """Sort key of the nearest button up or down. Sideways counts less, so that a row with gaps is not skipped."""
    vertical = max(0, there.top - here.bottom, here.top - there.bottom)
    sideways = max(0, there.left - here.right, here.left - there.right)
    return vertical + SIDEWAYS_WEIGHT * sideways, abs(there.centerx - here.centerx)


def _targets(view: KioskView, canvas: Canvas) -> list[Target]:
    size = canvas.surface.get_size()
    if view.question is not None:
        layout = arrange_dialog(view.question, canvas)
        return [(key.button, area) for key, area in zip(view.question.answers, layout.answers, strict=True)]
    if view.typing is not None:
        return typing_targets(canvas, view.typing)
    corner: list[Target] = [(view.corner, arrange(view, size, canvas.theme).corner)] if view.corner is not None else []
    if view.screen in (Screen.FAULT, Screen.WAKING):
        return corner
    if view.screen is Screen.ATTRACT and view.attract is not None:
        return attract_targets(view, canvas)
    if view.screen is Screen.GALLERY and view.gallery is not None:
        return gallery_targets(canvas, view.gallery) + corner
    if view.screen is Screen.RESULTS and view.results is not None:
        return results_targets(canvas, view.results) + corner
    if view.screen is Screen.SAVING and view.saving is not None:
        return saving_targets(canvas, view.saving) + corner
    if view.screen is Screen.STAFF and view.staff is not None:
        return staff_targets(canvas, view.staff)
    return main_targets(view, canvas)


def _draw_behind(surface: pygame.Surface, behind: KioskView, theme: Theme, arrived: float) -> None:
    """Draw what a question covers, below a veil. It stands still, so it is drawn once and then copied.

    It is kept among the prints, because it shows the camera picture.
    """
    size, veil = surface.get_size(), VEIL * arrived
    width, height = size

    def make(opacity: float) -> pygame.Surface:
        whole = pygame.Surface(size, 0, surface)
        if opacity:
            whole.blit(PRINTS.get(("behind", size, theme, behind), lambda: make(0.0)), (0, 0))
            paint.veil(whole, whole.get_rect(), theme.palette.background, opacity)
            return whole
        whole.fill(theme.palette.background)
        _draw_screen(Canvas(whole, theme), behind, settled(behind, portrait=height > width))
        return whole

    if arrived == 1.0:
        surface.blit(PRINTS.get(("veiled", size, theme, behind), lambda: make(VEIL)), (0, 0))
        return
    surface.blit(PRINTS.get(("behind", size, theme, behind), lambda: make(0.0)), (0, 0))
    paint.veil(surface, surface.get_rect(), theme.palette.background, veil)


def _draw_cursor(canvas: Canvas, view: KioskView, focus: Hashable) -> None:
    """Draw a frame around the button under the cursor, in two colours so that one stands out from any background."""
    area = next((area for button, area in _targets(view, canvas) if button == focus), None)
    if area is None:
        return
    px, palette = canvas.px, canvas.palette
    for inflation, colour in ((px(12), palette.text), (px(4), palette.accent)):
        pygame.draw.rect(canvas.surface, colour, area.inflate(inflation, inflation), max(2, px(4)), px(18))


def _draw_screen(canvas: Canvas, view: KioskView, moving: Moving) -> None:
    if view.typing is not None:
        draw_typing(canvas, view.typing)
    elif view.screen is Screen.FAULT:
        draw_fault(canvas, view, moving)
    elif view.screen is Screen.WAKING:
        draw_waking(canvas, view, moving)
    elif view.screen is Screen.ATTRACT and view.attract is not None:
        draw_attract(canvas, view, view.attract, moving)
    elif view.screen is Screen.GALLERY and view.gallery is not None:
        draw_gallery(canvas, view.gallery, moving.breath)
    elif view.screen is Screen.RESULTS and view.results is not None:
        draw_results(canvas, view.results, moving)
    elif view.screen is Screen.SAVING and view.saving is not None:
        draw_saving(canvas, view.saving, moving)
    elif view.screen is Screen.STAFF and view.staff is not None:
        draw_staff(canvas, view.staff, view)
    else:
        draw_main(canvas, view, moving)
        return
    if view.notice is not None:
        draw_page_notice(canvas, view.notice, moving.notice, _notice_place(canvas, view))


def _notice_place(canvas: Canvas, view: KioskView) -> pygame.Rect | None:
    """Where a page shows passing messages; None if it has the usual title, which they cover."""
    if view.typing is not None:
        return typing_notice_place(canvas)
    if view.screen is Screen.STAFF and view.staff is not None:
        return hint_place(canvas, view.staff)
    if view.screen is Screen.SAVING:
        return arrange_saving(canvas).title
    if view.screen is Screen.RESULTS and view.results is not None:
        return arrange_results(canvas, view.results).verdict
    return None
