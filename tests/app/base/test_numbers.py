"""Numbers are written as each language writes them."""

from __future__ import annotations

import pytest

from app.base.i18n import LANGUAGES, translated
from app.base.numbers import percent, percent_with_tenth

NO_BREAK, NARROW = "\u00a0", "\u202f"
AS_WRITTEN = {
    "en": ("95%", "99.5%"),
    "de": (f"95{NO_BREAK}%", f"99,5{NO_BREAK}%"),
    "fr": (f"95{NARROW}%", f"99,5{NARROW}%"),
    "es": (f"95{NO_BREAK}%", f"99,5{NO_BREAK}%"),
    "tr": ("%95", "%99,5"),
}  # Unicode CLDR 44, the percent format of each language; Spanish and German with their no-break space


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_percentage_is_written_as_the_language_writes_it(language: str) -> None:
    assert (translated(percent(0.95), language), translated(percent_with_tenth(0.995), language)) == AS_WRITTEN[
        language
    ]


@pytest.mark.parametrize(
    ("share", "usual", "down"), [(0, 0, 0), (0.29, 29, 29), (0.996, 100, 99), (0.745, 74, 74), (1, 100, 100)]
)
def test_a_percentage_is_rounded_or_never_rounded_up(share: float, usual: int, down: int) -> None:
    assert (str(percent(share)), str(percent(share, down=True))) == (f"{usual}%", f"{down}%")
