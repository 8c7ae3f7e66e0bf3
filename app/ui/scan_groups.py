"""What one switch can press on a view, in the order in which the highlight visits it.

Whatever a finger can touch is among it. A few buttons are visited one by one; many are visited in groups: the rows of a
page, or the cards, keys and everything else of the main screen.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pygame

from app.base.buttons import Action, Button, ClassGallery, ClassName, OnScreen, ScreenKey, StaffTab
from app.ui import screens
from app.views.model import KioskView, Screen

Place = tuple[Button, pygame.Rect]
Groups = tuple[tuple[Button, ...], ...]

ONE_BY_ONE = 8  # the most buttons that are visited without groups
ON_PICTURE = (Action.WHY, Action.PLAY)  # needed less often than the keys below


def scan_groups(view: KioskView, size: tuple[int, int]) -> Groups:
    """Return the groups of buttons that can be pressed now; a group with one button is that button."""
    if view.screen is Screen.ATTRACT or (view.progress is not None and view.saving is None):
        return ()  # every press means the same, or nothing
    dead = _disabled(view)
    places = [
        (button, area)
        for button, area in screens.targets(view, size)
        if isinstance(button, int | Action | OnScreen) and button not in dead
    ]
    on_page = view.question is not None or view.typing is not None or not _is_main(view)
    if on_page:
        places = [place for place in places if place[0] is not ScreenKey.CORNER]
    if not on_page:
        groups = _main_groups([button for button, _ in places])
    elif view.staff is not None and view.question is None and view.typing is None:
        groups = _staff_groups(places)
    elif len(places) > ONE_BY_ONE:
        groups = _rows(places)
    else:
        groups = (tuple(button for button, _ in places),)
    if sum(map(len, groups)) <= ONE_BY_ONE:
        return tuple((button,) for group in groups for button in group)
    return groups


def _is_main(view: KioskView) -> bool:
    return view.screen in (Screen.TEACH, Screen.LIVE)


def _main_groups(buttons: list[Button]) -> Groups:
    """The class cards, the keys with TRAIN first, and what is smaller: pictures and names of the classes, the rest."""
    cards = tuple(one for one in buttons if isinstance(one, int))
    keys = tuple(sorted((one for one in buttons if isinstance(one, Action)), key=ON_PICTURE.__contains__))
    galleries = tuple(one for one in buttons if isinstance(one, ClassGallery))
    names = tuple(one for one in buttons if isinstance(one, ClassName))
    others = tuple(one for one in buttons if not isinstance(one, int | Action | ClassGallery | ClassName))
    return tuple(group for group in (cards, keys, galleries, names, others) if group)


def _staff_groups(places: Sequence[Place]) -> Groups:
    """The rows of the open staff page, "back", and the other pages."""
    tabs = tuple(button for button, _ in places if isinstance(button, StaffTab))
    rows = _rows([place for place in places if not isinstance(place[0], StaffTab)])
    return (*rows, tabs)


def _rows(places: Sequence[Place]) -> Groups:
    """Buttons beside each other, from the top to the bottom, each row from the left to the right."""
    rows: list[list[Place]] = []
    for one in sorted(places, key=lambda place: place[1].centery):
        if rows and one[1].centery <= _middle(rows[-1][0][1]):
            rows[-1].append(one)
        else:
            rows.append([one])
    return tuple(tuple(button for button, _ in sorted(row, key=lambda place: place[1].left)) for row in rows)


def _middle(area: pygame.Rect) -> float:
    """How far down a button may be centred to stand in the row of `area`."""
    return area.centery + area.height / 3


def _disabled(view: KioskView) -> set[Hashable]:
    pages = (view.gallery, view.results, view.saving, view.typing)
    keys = [*view.actions, *view.picture_keys]
    keys += [key for page in pages if page is not None for key in page.keys]
    keys += view.question.answers if view.question is not None else ()
    dead: set[Hashable] = {key.button for key in keys if not key.enabled}
    dead.update(card.button for card in view.cards if not card.enabled)
    return dead - {key.button for key in keys if key.enabled}
