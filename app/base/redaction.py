"""Remove secrets from texts: the passwords and tokens in addresses of cameras. Every log and error text passes here.

Logs also leave out what visitors wrote: the names of sessions and saved folders hold the names of their classes.
"""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any
from urllib.parse import urlsplit

HIDDEN = "…"
_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*:)//(?P<rest>[^\s\"'<>]*)", re.IGNORECASE)
_AFTER = ":.,!)]"  # what may follow an address in a sentence
_LOGIN = re.compile(r"[^\s/:@\"']+:(?!//)[^\s@\"']+@(?=[\w\[])")  # user:password@host without a scheme
_DATED_NAME = re.compile(r"(?<!\d)(?P<date>\d{4}-\d\d-\d\d_\d{4,6})_[\w.-]*")


def redacted(text: str) -> str:
    """Return a text in which no address shows a password or a token.

    In every address this hides what stands before the last @, because a password may contain / and @ itself; everything
    after ?, ; or #; and every part of the path with an =, because some cameras expect the password there.
    """
    return _LOGIN.sub(f"{HIDDEN}@", _ADDRESS.sub(_shown, text))


def host_of(address: str) -> str:
    """Return the computer that an address names, without login and port; empty if it names none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def without_class_names(text: str) -> str:
    """Return a text in which the names of sessions and saved folders are only dates: 2026-01-31_141200_…"""
    return _DATED_NAME.sub(rf"\g<date>_{HIDDEN}", text)


def redact_logs() -> None:
    """Redact every message and traceback that is logged from now on, for all handlers."""
    logging.setLogRecordFactory(_RedactedRecord)


def _shown(address: re.Match[str]) -> str:
    rest = address["rest"].rstrip(_AFTER)
    login, at, place = rest.rpartition("@")
    place, mark = _cut(place)
    steps = (HIDDEN if "=" in step else step for step in place.split("/"))
    return f"{address['scheme']}//{HIDDEN if login else ''}{at}{'/'.join(steps)}{mark}{address['rest'][len(rest) :]}"


def _cut(place: str) -> tuple[str, str]:
    """The part before the first ?, ; or #, and the mark with what it hides."""
    found = re.search(r"[?;#]", place)
    return (place, "") if found is None else (place[: found.start()], f"{found[0]}{HIDDEN}")


def _for_log(text: str) -> str:
    return without_class_names(redacted(text))


class _RedactedRecord(logging.LogRecord):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0] is not None:
            self.exc_text = _for_log("".join(traceback.format_exception(*self.exc_info)).rstrip("\n"))

    def getMessage(self) -> str:  # noqa: N802  # the name that logging calls
        return _for_log(super().getMessage())
