"""Ask the person who installs the kiosk for consent, and for the first PIN of the staff pages."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from getpass import getpass
from typing import Protocol

from app.base.pin import is_pin

MADE_DIGITS = 6


class Asks(Protocol):
    """The person at the terminal."""

    def agrees(self, about: str) -> bool:
        """Whether the person wants this change."""

    def pin(self) -> str:
        """The PIN that the person chose; empty to make one."""


class Terminal:
    """Asks at the terminal.

    Args:
        yes: Agree to everything without asking.
        read: Reads an answer; a PIN does not show.
        is_terminal: Whether somebody can answer. Otherwise nothing is agreed to, and a PIN is made.
    """

    def __init__(
        self,
        *,
        yes: bool,
        read: Callable[[str], str] = input,
        read_secret: Callable[[str], str] = getpass,
        is_terminal: bool | None = None,
    ) -> None:
        self._yes = yes
        self._read, self._read_secret = read, read_secret
        self._is_terminal = sys.stdin.isatty() if is_terminal is None else is_terminal

    def agrees(self, about: str) -> bool:
        """Whether the person wants this change."""
        if self._yes:
            return True
        return self._is_terminal and self._read(f"May the installation {about}? [y/N] ").strip().lower() in ("y", "yes")

    def pin(self) -> str:
        """The PIN that the person chose, typed twice; empty to make one."""
        while self._is_terminal and not self._yes:
            pin = self._read_secret("PIN for the staff pages (4 to 12 digits; empty to get one): ").strip()
            if not pin or (is_pin(pin) and self._read_secret("Once more: ").strip() == pin):
                return pin
            print("A PIN has 4 to 12 digits, and must be the same twice.")
        return ""


def made_pin() -> str:
    """Return a random PIN."""
    return f"{secrets.randbelow(10**MADE_DIGITS):0{MADE_DIGITS}}"
