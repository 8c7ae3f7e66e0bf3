"""The screens: a frozen view in, pixels out, and which button a point is on."""

from __future__ import annotations

import math
from collections.abc import Hashable

import pygame

from app.ui import widgets
from app.ui.layout import Layout, arrange
from app.ui.theme import Theme, load_theme, mixed
from app.ui.view import ActionKey, ClassCard, KioskView, Screen, Tone

RADIUS = 16
SMALLEST_THUMBNAIL = 24


def draw(surface: pygame.Surface, view: KioskView, theme: Theme) -> None:
    """Draw a view: same view, size and theme, same pixels."""
    layout = arrange(view, surface.get_size(), theme)
    surface.fill(theme.background)
    _guidance(surface, view, layout, theme)
    _camera(surface, view, layout, theme)
    for card, area in zip(view.cards, layout.cards, strict=True):
        _card(surface, card, area, theme)
    _not_sure(surface, view, layout, theme)
    for key, area in zip(view.actions, layout.actions, strict=True):
        _key(surface, key, area, theme)
    _status(surface, view, layout, theme)
    _flying_picture(surface, view, layout, theme)
    if view.notice is not None:
        _notice(surface, view.notice.text, view.notice.tone, layout, theme)
    if view.question is not None:
        _question(surface, view, layout, theme)


def button_at(view: KioskView, size: tuple[int, int], position: tuple[int, int]) -> Hashable | None:
    """The button under a point, or None. While a question is asked only its answers can be touched."""
    layout = arrange(view, size, load_theme(size))
    if view.question is not None:
        candidates = list(zip((key.button for key in view.question.answers), layout.answers, strict=True))
    else:
        candidates = list(zip((card.button for card in view.cards), layout.cards, strict=True))
        candidates += list(zip((key.button for key in view.actions), layout.actions, strict=True))
    return next((button for button, area in candidates if area.collidepoint(position)), None)


def _guidance(surface: pygame.Surface, view: KioskView, layout: Layout, theme: Theme) -> None:
    area, font = layout.guidance, theme.font(30, bold=True)
    widgets.text(surface, view.guidance, area.midleft, font, theme.text, anchor="midleft", width=area.width)


def _camera(surface: pygame.Surface, view: KioskView, layout: Layout, theme: Theme) -> None:
    area, radius = layout.camera, theme.px(RADIUS)
    if view.screen is Screen.FAULT and view.fault is not None:
        _fault(surface, view.fault, area, theme)
        return
    if view.picture is None:
        widgets.panel(surface, area, theme.panel, radius)
        widgets.text(surface, "Waiting for the camera …", area.center, theme.font(26), theme.quiet, anchor="center")
        return
    widgets.picture(surface, view.picture, area, cached=False)
    _round_corners(surface, area, radius, theme)
    _model_square(surface, view, area, theme)
    if view.progress is not None:
        _progress(surface, view, area, theme)
    elif view.verdict is not None:
        _verdict(surface, view, area, theme)


def _round_corners(surface: pygame.Surface, area: pygame.Rect, radius: int, theme: Theme) -> None:
    for centre, corner in (
        ((area.left + radius, area.top + radius), area.topleft),
        ((area.right - radius - 1, area.top + radius), (area.right - radius, area.top)),
        ((area.left + radius, area.bottom - radius - 1), (area.left, area.bottom - radius)),
        ((area.right - radius - 1, area.bottom - radius - 1), (area.right - radius, area.bottom - radius)),
    ):
        cap = pygame.Surface((radius, radius), pygame.SRCALPHA)
        cap.fill(theme.background)
        pygame.draw.circle(cap, (0, 0, 0, 0), (centre[0] - corner[0], centre[1] - corner[1]), radius)
        surface.blit(cap, corner)


def _model_square(surface: pygame.Surface, view: KioskView, area: pygame.Rect, theme: Theme) -> None:
    """Corner marks of what the model sees."""
    if view.picture is None or view.model_square is None:
        return
    height, width = view.picture.pixels.shape[:2]
    share = max(area.width / width, area.height / height)
    left, top, side = view.model_square
    square = pygame.Rect(0, 0, round(side * share), round(side * share))
    square.center = (
        round(area.centerx + (left + side / 2 - width / 2) * share),
        round(area.centery + (top + side / 2 - height / 2) * share),
    )
    square = square.clip(area).inflate(-theme.px(28), -theme.px(28))
    arm, thick = theme.px(34), theme.px(4)
    for x, way_x in ((square.left, 1), (square.right, -1)):
        for y, way_y in ((square.top, 1), (square.bottom, -1)):
            pygame.draw.line(surface, theme.text, (x, y), (x + way_x * arm, y), thick)
            pygame.draw.line(surface, theme.text, (x, y), (x, y + way_y * arm), thick)


def _verdict(surface: pygame.Surface, view: KioskView, area: pygame.Rect, theme: Theme) -> None:
    verdict = view.verdict
    if verdict is None:
        return
    known = verdict.index is not None
    colour = theme.classes[verdict.index] if verdict.index is not None else theme.quiet
    strip = pygame.Rect(0, 0, area.width - theme.px(56), theme.px(92))
    strip.midbottom = (area.centerx, area.bottom - theme.px(28))
    widgets.panel(surface, strip, colour if known else theme.panel, theme.px(24))
    ink = theme.ink if known else theme.text
    share = f"{verdict.confidence:.0%}" if known else ""
    number = widgets.text(
        surface, share, (strip.right - theme.px(28), strip.centery), theme.font(40), ink, anchor="midright"
    )
    left = strip.left + theme.px(28)
    if verdict.index is not None:
        radius = theme.px(20)
        widgets.shape(surface, theme.shapes[verdict.index], (left + radius, strip.centery), radius, ink)
        left += 2 * radius + theme.px(20)
    widgets.text(
        surface,
        verdict.text,
        (left, strip.centery),
        theme.font(56, bold=True),
        ink,
        anchor="midleft",
        width=number.left - left - theme.px(16),
    )


def _progress(surface: pygame.Surface, view: KioskView, area: pygame.Rect, theme: Theme) -> None:
    veil = pygame.Surface(area.size, pygame.SRCALPHA)
    veil.fill((*theme.background, 190))
    surface.blit(veil, area)
    words = view.progress_text
    widgets.text(
        surface,
        words,
        (area.centerx, area.centery - theme.px(30)),
        theme.font(48, bold=True),
        theme.text,
        anchor="center",
        width=area.width,
    )
    track = pygame.Rect(0, 0, round(area.width * 0.6), theme.px(16))
    track.center = (area.centerx, area.centery + theme.px(36))
    widgets.bar(surface, track, view.progress or 0.0, theme.accent, theme.raised)


def _fault(surface: pygame.Surface, fault: tuple[str, str], area: pygame.Rect, theme: Theme) -> None:
    widgets.panel(surface, area, theme.panel, theme.px(RADIUS), theme.warning)
    inner = area.inflate(-theme.px(80), 0)
    inner.top = area.centery - theme.px(90)
    widgets.shape(surface, "triangle", (area.centerx, inner.top - theme.px(40)), theme.px(30), theme.warning)
    inner.top = widgets.paragraph(surface, fault[0], inner, theme.font(40, bold=True), theme.text) + theme.px(12)
    widgets.paragraph(surface, fault[1], inner, theme.font(24), theme.quiet)


def _card(surface: pygame.Surface, card: ClassCard, area: pygame.Rect, theme: Theme) -> None:
    colour = theme.classes[card.index % len(theme.classes)]
    face = mixed(theme.panel, colour, 0.35 if card.held else 0.14 if card.leading else 0.0)
    border = colour if card.held or card.leading else None
    widgets.panel(surface, area, face, theme.px(RADIUS), border)
    pad = theme.px(14)
    radius = min(theme.px(34), (area.height - 2 * pad) // 2, area.width // 5)
    centre = (area.left + pad + radius, area.top + pad + radius)
    widgets.ring(surface, centre, radius, min(1.0, card.shots / card.target), colour, theme.raised)
    widgets.shape(surface, theme.shapes[card.index % len(theme.shapes)], centre, max(4, round(radius * 0.42)), colour)
    left, right = centre[0] + radius + pad, area.right - pad
    key_font, small = theme.font(18, bold=True), theme.font(18)
    chip = pygame.Rect(right - theme.px(30), area.top + pad, theme.px(30), theme.px(30))
    widgets.panel(surface, chip, theme.raised, theme.px(8))
    widgets.text(surface, card.key, chip.center, key_font, theme.text, anchor="center")
    name = widgets.text(
        surface, card.label, (left, area.top + pad), theme.font(28, bold=True), theme.text, width=chip.left - left - pad
    )
    count = "1 picture" if card.shots == 1 else f"{card.shots} pictures" if card.shots else "hold to teach"
    row = widgets.text(surface, count, (left, name.bottom), small, theme.quiet, width=right - left)
    bar_h = theme.px(14)
    content_bottom = max(row.bottom, centre[1] + radius)
    track = pygame.Rect(area.left + pad, area.bottom - pad - bar_h, area.width - 2 * pad, bar_h)
    if track.top < content_bottom:  # a low card: a thin bar along its lower edge
        track = pygame.Rect(track.left, area.bottom - theme.px(9), track.width, theme.px(5))
    thumbs_top = content_bottom + theme.px(8)
    if card.confidence is not None:
        widgets.bar(surface, track, card.confidence, colour, theme.raised)
        space = track.top - theme.px(8) - thumbs_top
    else:
        space = area.bottom - pad - thumbs_top
    if space >= theme.px(SMALLEST_THUMBNAIL):
        thumbnails = pygame.Rect(area.left + pad, thumbs_top, area.width - 2 * pad, space)
    else:  # beside the count, under the key
        top = chip.bottom + theme.px(6)
        thumbnails = pygame.Rect(row.right + pad, top, right - row.right - pad, track.top - theme.px(8) - top)
    _thumbnails(surface, card, thumbnails, theme)


def _thumbnails(surface: pygame.Surface, card: ClassCard, area: pygame.Rect, theme: Theme) -> None:
    edge = min(area.height, theme.px(64))
    if edge < theme.px(SMALLEST_THUMBNAIL):
        return
    gap = theme.px(6)
    fits = (area.width + gap) // (edge + gap)
    for place, shown in enumerate(card.thumbnails[-fits:]):
        spot = pygame.Rect(area.left + place * (edge + gap), area.top, edge, edge)
        widgets.picture(surface, shown, spot, cached=True, radius=theme.px(8))


def _not_sure(surface: pygame.Surface, view: KioskView, layout: Layout, theme: Theme) -> None:
    area = layout.not_sure
    widgets.panel(surface, area, theme.panel, theme.px(12))
    pad = theme.px(14)
    words = widgets.text(
        surface, "Not sure", (area.left + pad, area.centery), theme.font(20, bold=True), theme.quiet, anchor="midleft"
    )
    track = pygame.Rect(words.right + pad, area.centery - theme.px(6), area.right - words.right - 2 * pad, theme.px(12))
    widgets.bar(surface, track, view.not_sure or 0.0, theme.quiet, theme.raised)


def _key(surface: pygame.Surface, key: ActionKey, area: pygame.Rect, theme: Theme) -> None:
    face, ink = widgets.button_face(theme, enabled=key.enabled, held=key.held, suggested=key.suggested)
    widgets.panel(surface, area, face, theme.px(RADIUS))
    words = widgets.text(
        surface, key.text, area.center, theme.font(28, bold=True), ink, anchor="center", width=area.width - theme.px(60)
    )
    widgets.text(surface, key.key, (words.right + theme.px(12), area.centery), theme.font(18), ink, anchor="midleft")


def _status(surface: pygame.Surface, view: KioskView, layout: Layout, theme: Theme) -> None:
    status, area = view.status, layout.status
    rate = f"{status.frames_per_second:.0f} pictures/s" if status.frames_per_second else ""
    words = "   ·   ".join(part for part in (status.camera, status.backend, rate, status.drive) if part)
    colour = theme.warning if status.problem else theme.quiet
    widgets.text(surface, words, area.midleft, theme.font(17), colour, anchor="midleft", width=area.width)


def _flying_picture(surface: pygame.Surface, view: KioskView, layout: Layout, theme: Theme) -> None:
    """The picture just taken flies from the camera into its card and shrinks on the way."""
    if view.flash is None:
        return
    index, shown, age_s = view.flash
    share = min(1.0, age_s / 0.4)
    eased = 1 - (1 - share) ** 3
    if share >= 1:
        return
    start, end = layout.camera.center, layout.cards[index].center
    edge = theme.px(180 - 130 * eased)
    arc = theme.px(60) * math.sin(math.pi * share)
    spot = pygame.Rect(0, 0, edge, edge)
    spot.center = (round(start[0] + (end[0] - start[0]) * eased), round(start[1] + (end[1] - start[1]) * eased - arc))
    widgets.picture(surface, shown, spot, cached=False)


def _notice(surface: pygame.Surface, words: str, tone: Tone, layout: Layout, theme: Theme) -> None:
    colour = {Tone.HINT: theme.text, Tone.SUCCESS: theme.accent, Tone.WARNING: theme.warning}[tone]
    font, pad = theme.font(24, bold=True), theme.px(20)
    width = layout.camera.width - 2 * pad
    lines = widgets.lines_of(words, font, width - 2 * pad)
    area = pygame.Rect(0, 0, width, len(lines) * font.get_linesize() + pad)
    area.midtop = (layout.camera.centerx, layout.camera.top + pad)
    widgets.panel(surface, area, colour, theme.px(RADIUS))
    inner = area.inflate(-2 * pad, -pad)
    widgets.paragraph(surface, words, inner, font, theme.ink)


def _question(surface: pygame.Surface, view: KioskView, layout: Layout, theme: Theme) -> None:
    question = view.question
    if question is None:
        return
    veil = pygame.Surface(surface.get_size(), pygame.SRCALPHA)
    veil.fill((*theme.background, 200))
    surface.blit(veil, (0, 0))
    widgets.panel(surface, layout.dialog, theme.panel, theme.px(24), theme.line)
    inner = layout.dialog.inflate(-theme.px(60), -theme.px(60))
    inner.top = widgets.paragraph(surface, question.title, inner, theme.font(40, bold=True), theme.text) + theme.px(8)
    widgets.paragraph(surface, question.text, inner, theme.font(24), theme.quiet)
    for key, area in zip(question.answers, layout.answers, strict=True):
        _key(surface, key, area, theme)
