"""Ask the person who installs the kiosk for consent, and for the first PIN of the staff pages."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from getpass import getpass
from typing import Protocol

from app.base.pin import is_pin
from app.commands.streams import print_line

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
        """Whether the person wants this change; the end of the input (Ctrl-D) means no."""
        if self._yes:
            return True
        if not self._is_terminal:
            return False
        try:
            return self._read(f"May the installation {about}? [y/N] ").strip().lower() in ("y", "yes")
        except EOFError:
            print_line()
            return False

    def pin(self) -> str:
        """The PIN that the person chose, typed twice; empty to make one, also at the end of the input (Ctrl-D)."""
        while self._is_terminal and not self._yes:
            try:
                pin = self._read_secret("PIN for the staff pages (4 to 12 digits; empty to get one): ").strip()
                if not pin or (is_pin(pin) and self._read_secret("Once more: ").strip() == pin):
                    return pin
            except EOFError:
                print_line()
                return ""
            print_line("A PIN has 4 to 12 digits, and must be the same twice.")
        return ""


def made_pin() -> str:
    """Return a random PIN."""
    return f"{secrets.randbelow(10**MADE_DIGITS):0{MADE_DIGITS}}"
