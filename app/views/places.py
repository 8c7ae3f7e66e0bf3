"""Which classes have a card, where the model that answers knows more of them than there are cards.

The cards of the first classes have buttons that teach, so those stay. Of the others, a class gets a card when the model
names it, in the place of the one that was named longest ago. So whatever is named has a card, and a card changes only
for a class that had none.
"""

from __future__ import annotations

from app.core.modes.settings import CLASS_NUMBERS
from app.views.model import Places

MOST_CARDS = CLASS_NUMBERS[-1]


def placed(before: Places, labels: tuple[str, ...], teachable: int, named: int | None) -> Places:
    """Return the classes on the cards now.

    Args:
        before: Those of the tick before.
        labels: Of all classes that the model knows.
        teachable: How many classes have a button that teaches.
        named: The class that the verdict names, or None.
    """
    count = min(len(labels), MOST_CARDS)
    changing = tuple(range(min(teachable, MOST_CARDS - 1), count))
    if before.labels != labels or sorted(before.named) != list(changing):
        before = Places(labels, tuple(range(count)), changing[::-1])
    if named is None or len(labels) <= MOST_CARDS:
        return before
    place = before.place_of(named)
    if place is None:
        place = before.named[0]
    elif place not in changing:
        return before
    shown = (*before.shown[:place], named, *before.shown[place + 1 :])
    return Places(labels, shown, (*(one for one in before.named if one != place), place))
