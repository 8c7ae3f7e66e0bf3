"""Merge the class names of many stations: spellings, synonyms that a file lists, and translations of default names."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from app.base.errors import HubRefused
from app.base.i18n import LANGUAGES, SOURCE_LANGUAGE, translated
from app.base.labels import name_key
from app.base.text_files import NotText, read_text_file
from app.config.class_names import default_names

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LEAVE_OUT = ""  # the name in a mapping file whose synonyms are left out


class NameMap:
    """Decides which names mean the same class.

    Args:
        synonyms: The name of a class by `name_key` of its synonyms, as `read_mapping` returns it.
    """

    def __init__(self, synonyms: Mapping[str, str] | None = None) -> None:
        self._synonyms = dict(synonyms or {})
        self._spellings: dict[str, Counter[str]] = {}

    def key(self, label: str) -> str:
        """Return the key of the class that a label means; empty if the mapping file leaves it out."""
        key = name_key(label)
        if key in self._synonyms:
            return name_key(self._synonyms[key])
        return name_key(translations().get(key, label))

    def count(self, label: str, samples: int) -> None:
        """Remember how many samples have this spelling of a name."""
        self._spellings.setdefault(self.key(label), Counter())[" ".join(label.split())] += samples

    def shown(self, key: str) -> str:
        """Return the name to show: the mapping file's, the English default name, or the most frequent spelling."""
        named = next((name for name in self._synonyms.values() if name_key(name) == key), None)
        named = named or next((name for name in translations().values() if name_key(name) == key), None)
        spellings = self._spellings.get(key, Counter())
        return named or min(spellings, key=lambda one: (-spellings[one], one), default=key)

    def spellings(self, key: str) -> tuple[str, ...]:
        """Return all names that were merged into a class, the most frequent first."""
        found = self._spellings.get(key, Counter())
        return tuple(sorted(found, key=lambda one: (-found[one], one)))


def read_mapping(path: Path) -> dict[str, str]:
    """Read a file that lists synonyms: `cup = ["mug", "Tasse"]`; those of `""` are left out.

    Returns:
        The name of the class by `name_key` of each synonym and of the name itself.

    Raises:
        HubRefused: If the file cannot be read, has another form, or gives a name to two classes.
    """
    try:
        table = tomllib.loads(read_text_file(path))
    except OSError as error:
        raise HubRefused(f"cannot read {path}: {error.strerror}. Name another file with --mapping.") from error
    except (NotText, RecursionError, ValueError) as error:
        raise HubRefused(f"{path}: {error}. {FORM}") from error
    found: dict[str, str] = {}
    for name, synonyms in table.items():
        if not isinstance(synonyms, list) or not all(isinstance(one, str) and one.strip() for one in synonyms):
            raise HubRefused(f"{path}: {name!r} does not list names. {FORM}")
        for one in (name, *synonyms) if name else synonyms:
            if found.setdefault(name_key(one), name) != name:
                raise HubRefused(f"{path}: {one!r} belongs to {found[name_key(one)]!r} and to {name!r}. Keep one.")
    return found


FORM = 'Write one class a line: cup = ["mug", "Tasse"].'


@cache
def translations() -> dict[str, str]:
    """Return the English default name by `name_key` of its translations. One that means two names is left out."""
    found: dict[str, str] = {}
    unclear: set[str] = set()
    for name in default_names():
        english = translated(name, SOURCE_LANGUAGE)
        for language in LANGUAGES:
            key = name_key(translated(name, language))
            if found.setdefault(key, english) != english:
                unclear.add(key)
    own = {name_key(translated(name, SOURCE_LANGUAGE)) for name in default_names()}
    return {key: english for key, english in found.items() if key in own or key not in unclear}
