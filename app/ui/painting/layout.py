"""The layout of the main screen, which both drawing and touching use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pygame

from app.ui.painting.theme import Theme, font
from app.views.model import KioskView

MARGIN, GAP = 20, 12
COLUMN = 476  # width of the column beside the camera picture
SPEECH_H = 112  # of the mascot and what it says: letters for three metres take two lines in it
MAIN_H, ROW_H = 64, 58
STRIP_H = 44  # the bar of "not sure", and the key that adds a class
ADD_W = 172  # of that key, where something else is beside it
LANGUAGE_W = 92
KEY_TEXT, KEY_ROOM = 18, 14  # size of the text on the smaller keys, and the width that their margins take
# On the picture in a landscape window:
VERDICT_H, NOTICE_H = 112, 112
PICTURE_KEY_W, PICTURE_KEY_H = 150, 60  # WHY and PLAY; the least width
PICTURE_KEY_TEXT, PICTURE_KEY_ROOM = 24, 92  # size of their text, and the width that icon and margins take
# In a portrait window:
HIGH_FROM = 1240  # height from which there is room enough, as in windows of 9:16; every one has 1180
HIGH_SPEECH_H, LOW_SPEECH_H = 166, 153  # three lines of what the mascot says, in high windows and in low ones
SMALL_MASCOT = 70
BAND_H = 68  # the verdict and "not sure", below the picture
NOT_SURE_W = 212
TWO_ROWS = 6  # cards that three columns hold in two rows
DENSE_GAP, DENSE_BAND_H, DENSE_MAIN_H, DENSE_ROW_H = 8, 56, 56, 52  # in low windows with more cards than that
CARD_H = 112  # the greatest height of a card
HIGHER_THAN_WIDE = 1.06  # the greatest height of the picture, as a share of its width
BESIDE_TRAIN_W = 112  # of WHY and of PLAY


@dataclass(frozen=True)
class Layout:
    """The parts of the main screen, in pixels; cards and keys are in the order of the view.

    The mascot and what it says take the whole width, so that they can be read from three metres away. In a landscape
    window the column is beside the camera picture; the verdict, notices, and those of `picture_keys` that can be
    pressed lie on the picture. In a portrait window everything else is above and below the picture, which is at least
    half as high as the window: the verdict below it, `picture_keys` beside TRAIN, notices in the place of the guidance.
    What a view does not have is empty.
    """

    mascot: pygame.Rect
    guidance: pygame.Rect
    camera: pygame.Rect
    verdict: pygame.Rect
    notice: pygame.Rect
    cards: tuple[pygame.Rect, ...]
    not_sure: pygame.Rect
    class_keys: tuple[pygame.Rect, ...]
    picture_keys: tuple[pygame.Rect, ...]
    actions: tuple[pygame.Rect, ...]
    language: pygame.Rect
    foot: pygame.Rect  # around all actions
    corner: pygame.Rect


def arrange(view: KioskView, size: tuple[int, int], theme: Theme) -> Layout:
    """Arrange the main screen for a window of (width, height) pixels."""
    window = pygame.Rect(0, 0, *size).inflate(-2 * theme.px(MARGIN), -2 * theme.px(MARGIN))
    return _landscape(view, window, theme) if size[0] >= size[1] else _portrait(view, window, theme)


def _landscape(view: KioskView, window: pygame.Rect, theme: Theme) -> Layout:
    px, gap = theme.px, theme.px(GAP)
    speech = pygame.Rect(window.left, window.top, window.width, px(SPEECH_H))
    below = pygame.Rect(window.left, speech.bottom + gap, window.width, window.bottom - speech.bottom - gap)
    column_w = max(px(COLUMN), below.width - round(below.height * 1.5))
    camera = pygame.Rect(below.left, below.top, below.width - column_w - px(MARGIN), below.height)
    column = pygame.Rect(below.right - column_w, below.top, column_w, below.height)
    mascot, guidance = _speech(speech, theme)
    foot = _foot(view, column, theme)
    bottom = foot.main.top - px(16)
    strip = pygame.Rect(column.left, bottom - px(STRIP_H), column.width, px(STRIP_H))
    if view.not_sure is not None or view.class_keys:
        bottom = strip.top - gap
    not_sure, class_keys = _strip(view, strip, theme)
    area = pygame.Rect(column.left, column.top, column.width, bottom - column.top)
    verdict_h = min(px(VERDICT_H), camera.height // 3)
    on_picture = camera.inflate(-2 * px(20), -2 * px(20))
    verdict = pygame.Rect(on_picture.left, on_picture.bottom - verdict_h, on_picture.width, verdict_h)
    count = len(view.cards)
    return Layout(
        mascot=mascot,
        guidance=guidance,
        camera=camera,
        verdict=verdict,
        notice=pygame.Rect(on_picture.left, on_picture.top, on_picture.width, min(px(NOTICE_H), camera.height // 3)),
        cards=grid(area, count, 1 if count <= 4 else 2, px(10)),
        not_sure=not_sure,
        class_keys=class_keys,
        picture_keys=_on_picture(view, on_picture, verdict, theme),
        actions=foot.actions,
        language=foot.language,
        foot=foot.whole,
        corner=_corner(theme),
    )


def _portrait(view: KioskView, window: pygame.Rect, theme: Theme) -> Layout:
    px, count = theme.px, len(view.cards)
    height = window.height + 2 * px(MARGIN)
    high = height >= px(HIGH_FROM)
    dense = not high and count > TWO_ROWS  # so that the advice can have as large letters as with fewer cards
    gap, between = (px(DENSE_GAP), px(DENSE_GAP)) if dense else (px(GAP), px(10))
    speech = pygame.Rect(window.left, window.top, window.width, px(HIGH_SPEECH_H if high else LOW_SPEECH_H))
    mascot, guidance = _speech(speech, theme)
    foot = _foot(view, window, theme, portrait=True, dense=dense)
    bottom, top = foot.main.top - gap, speech.bottom + gap
    half = (height + 1) // 2
    has_band = view.verdict is not None or view.not_sure is not None or view.progress is not None
    band_h = px(DENSE_BAND_H if dense else BAND_H) if has_band else 0
    below = band_h + gap if has_band else 0
    columns = 3 if count > (4 if high else 2) else 2 if count == 4 else 1
    rows = max(1, -(-count // columns))
    highest = rows * px(CARD_H) + (rows - 1) * between
    room = bottom - top - gap - below - highest  # if the cards are as high as can be
    camera_h = max(half, min(room, round(window.width * HIGHER_THAN_WIDE)))
    camera = pygame.Rect(window.left, top, window.width, camera_h)
    band = pygame.Rect(window.left, camera.bottom + gap, window.width, band_h)
    not_sure = pygame.Rect(band.right, band.top, 0, 0)
    if view.not_sure is not None:
        not_sure = pygame.Rect(band.right - px(NOT_SURE_W), band.top, px(NOT_SURE_W), band.height)
    verdict_w = (not_sure.left - gap if not_sure.width else band.right) - band.left
    cards_top = camera.bottom + gap + below
    cards_bottom = min(bottom, cards_top + highest)
    area = pygame.Rect(window.left, cards_top, window.width, cards_bottom - cards_top)
    return Layout(
        mascot=mascot,
        guidance=guidance,
        camera=camera,
        verdict=pygame.Rect(band.left, band.top, verdict_w, band.height),
        notice=guidance.inflate(0, -px(4)),
        cards=grid(area, count, columns, between),
        not_sure=not_sure,
        class_keys=(foot.add,) if view.class_keys else (),
        picture_keys=foot.picture_keys,
        actions=foot.actions,
        language=foot.language,
        foot=foot.whole,
        corner=_corner(theme),
    )


def _speech(area: pygame.Rect, theme: Theme) -> tuple[pygame.Rect, pygame.Rect]:
    """The mascot, and the place of what it says."""
    px = theme.px
    edge = min(area.height - px(8), px(SMALL_MASCOT)) if area.height > px(SPEECH_H) else area.height - px(8)
    mascot = pygame.Rect(area.left, area.top + (area.height - edge) // 2, edge, edge)
    left = mascot.right + (px(12) if area.height > px(SPEECH_H) else px(18))
    return mascot, pygame.Rect(left, area.top, area.right - left, area.height)


def _strip(view: KioskView, strip: pygame.Rect, theme: Theme) -> tuple[pygame.Rect, tuple[pygame.Rect, ...]]:
    """The bar of "not sure", and the key that adds a class; each alone is as wide as the strip."""
    nowhere = pygame.Rect(strip.left, strip.bottom, 0, 0)
    if view.not_sure is None:
        return nowhere, (strip,) if view.class_keys else ()
    if not view.class_keys:
        return strip, ()
    add = pygame.Rect(strip.right - theme.px(ADD_W), strip.top, theme.px(ADD_W), strip.height)
    return pygame.Rect(strip.left, strip.top, add.left - theme.px(GAP) - strip.left, strip.height), (add,)


def _on_picture(view: KioskView, inner: pygame.Rect, verdict: pygame.Rect, theme: Theme) -> tuple[pygame.Rect, ...]:
    """WHY and PLAY, in a row from the right and above a verdict; a key that is dead does not lie on the picture."""
    px, keys = theme.px, view.picture_keys
    by = font(px(PICTURE_KEY_TEXT), bold=True)
    widths = [max(px(PICTURE_KEY_W), by.size(key.text)[0] + px(PICTURE_KEY_ROOM)) * key.enabled for key in keys]
    bottom = inner.bottom if view.verdict is None else verdict.top - px(GAP)
    row = pygame.Rect(inner.left, bottom - px(PICTURE_KEY_H), inner.width, px(PICTURE_KEY_H))
    return _divided(row, widths, px(GAP))[1:]


def _divided(row: pygame.Rect, widths: Sequence[int], gap: int) -> tuple[pygame.Rect, ...]:
    """Divide a row: the last parts are as wide as `widths` says, 0 for none, and the first takes what is left."""
    places, right = [], row.right
    for width in reversed(widths):
        places.append(pygame.Rect(right - width, row.top, width, row.height))
        right -= width + gap if width else 0
    return (pygame.Rect(row.left, row.top, right - row.left, row.height), *reversed(places))


@dataclass(frozen=True)
class _Foot:
    """The keys below everything else; WHY, PLAY and the key that adds a class only in a portrait window."""

    main: pygame.Rect
    actions: tuple[pygame.Rect, ...]
    language: pygame.Rect
    whole: pygame.Rect
    picture_keys: tuple[pygame.Rect, ...]
    add: pygame.Rect


def _foot(view: KioskView, column: pygame.Rect, theme: Theme, *, portrait: bool = False, dense: bool = False) -> _Foot:
    """TRAIN in a row, the smaller keys below it, and the language in one of these rows."""
    px, gap = theme.px, theme.px(GAP)
    row_h, main_h = (px(DENSE_ROW_H), px(DENSE_MAIN_H)) if dense else (px(ROW_H), px(MAIN_H))
    row = pygame.Rect(column.left, column.bottom - row_h, column.width, row_h)
    main = pygame.Rect(column.left, row.top - (px(DENSE_GAP) if dense else gap) - main_h, column.width, main_h)
    language_w = px(LANGUAGE_W) if view.language is not None else 0
    if portrait:
        beside = (*[px(BESIDE_TRAIN_W)] * len(view.picture_keys), px(ADD_W) if view.class_keys else 0)
        train, *picture_keys, add = _divided(main, beside, gap)
        smaller, language = _divided(row, (language_w,), gap)
    else:
        train, add, language = _divided(main, (0, language_w), gap)
        smaller, picture_keys = row, []
    return _Foot(
        main,
        actions=(train, *_as_wide_as_needed(view, smaller, theme)) if view.actions else (),
        language=language,
        whole=pygame.Rect(main.left, main.top, main.width, row.bottom - main.top),
        picture_keys=tuple(picture_keys),
        add=add,
    )


def _as_wide_as_needed(view: KioskView, row: pygame.Rect, theme: Theme) -> tuple[pygame.Rect, ...]:
    """Places of the smaller keys side by side: equal, or as wide as their texts need if one of them is long."""
    gap, keys = theme.px(GAP), view.actions[1:]
    if not keys:
        return ()
    room = row.width - gap * (len(keys) - 1)
    needs = [font(theme.px(KEY_TEXT), bold=True).size(key.text)[0] + theme.px(KEY_ROOM) for key in keys]
    if max(needs) <= room / len(keys):
        return grid(row, len(keys), len(keys), gap)
    spare = max(0.0, (room - sum(needs)) / len(keys))
    widths = [need * min(1.0, room / sum(needs)) + spare for need in needs]
    lefts = [row.left + sum(widths[:place]) + place * gap for place in range(len(keys))]
    return tuple(
        pygame.Rect(round(left), row.top, round(left + width) - round(left), row.height)
        for left, width in zip(lefts, widths, strict=True)
    )


def _corner(theme: Theme) -> pygame.Rect:
    return pygame.Rect(0, 0, theme.px(96), theme.px(96))


def grid(area: pygame.Rect, count: int, columns: int, gap: int) -> tuple[pygame.Rect, ...]:
    """Divide an area into `count` equal cells with gaps between them, row by row."""
    if count <= 0:
        return ()
    rows = -(-count // columns)
    xs = [round(area.left + (area.width + gap) * n / columns) for n in range(columns + 1)]
    ys = [round(area.top + (area.height + gap) * n / rows) for n in range(rows + 1)]
    return tuple(
        pygame.Rect(
            xs[n % columns],
            ys[n // columns],
            xs[n % columns + 1] - gap - xs[n % columns],
            ys[n // columns + 1] - gap - ys[n // columns],
        )
        for n in range(count)
    )
