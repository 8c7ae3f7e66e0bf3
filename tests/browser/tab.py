"""A tab of a browser that shows a page from the disk, with the same verbs for every browser."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

LOCAL = ("about:", "blob:", "data:", "file:")  # a request for any other address is a problem
LONGEST_MS = 60_000
ANSWERS_AT_ONCE = 20  # for which a test waits so long at most
WAITING = """async (...values) => {
    const condition = %s, end = performance.now() + %d;
    while (!await condition(...values)) {
        if (performance.now() > end) return false;
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return true;
}"""


class Camera(Enum):
    """What happens when a page wants the camera."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    MISSING = "missing"


@dataclass(frozen=True)
class Window:
    """The window of a tab."""

    width: int = 1280  # in pixels, as height
    height: int = 800
    dark: bool = False
    online: bool = False  # whether it may load pages from this computer's own server


DEFAULT = Window()


class Tab(ABC):
    """A page that is open.

    Attributes:
        problems: What it did that it must not do: errors, warnings, dialogs, and requests that leave the computer.
    """

    problems: list[str]

    @abstractmethod
    def evaluate(self, function: str, *values: Any) -> Any:
        """Call a JavaScript function in the page, and wait for its promise; values and result must fit into JSON."""

    @abstractmethod
    def click(self, selector: str) -> None:
        """Scroll to an element and click it with the mouse."""

    @abstractmethod
    def press(self, key: str) -> None:
        """Press a key: "Tab", "Enter", "Space" or "ArrowDown"."""

    @abstractmethod
    def give(self, selector: str, paths: Sequence[Path]) -> None:
        """Choose files in an `input[type=file]`."""

    @abstractmethod
    def saved_by(self, selector: str) -> bytes:
        """Click something that saves a file, and return the content of that file."""

    @abstractmethod
    def resize(self, width: int, height: int) -> None:
        """Change the size of the window, in pixels."""

    @abstractmethod
    def picture(self) -> bytes:
        """What the window shows, as a PNG."""

    def wait(self, condition: str, *values: Any) -> None:
        """Wait until a JavaScript function returns true."""
        assert self.evaluate(WAITING % (condition, LONGEST_MS), *values), f"never true: {condition} {values}"

    def wait_for_text(self, selector: str, text: str) -> None:
        """Wait until the first element that matches shows exactly this text."""
        self.wait("(selector, text) => document.querySelector(selector)?.innerText.trim() === text", selector, text)

    def text(self, selector: str) -> str:
        """The visible text of the first element that matches."""
        return str(self.evaluate("(selector) => document.querySelector(selector).innerText", selector)).strip()

    def texts(self, selector: str) -> list[str]:
        """The visible texts of all elements that match."""
        return [str(one) for one in self.evaluate(
            "(selector) => [...document.querySelectorAll(selector)].map((one) => one.innerText.trim())", selector
        )]  # fmt: skip

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a `select`."""
        self.evaluate(
            """(selector, value) => {
                const list = document.querySelector(selector);
                list.value = value;
                list.dispatchEvent(new Event('change', {bubbles: true}));
            }""",
            selector,
            value,
        )

    def wait_until_ready(self) -> None:
        """Wait until the model is ready."""
        self.wait("() => document.body.dataset.state === 'ready'")

    def answers(self, pictures: Sequence[Path]) -> list[dict[str, str]]:
        """Give the page pictures, and return the data of their answers, by their names without `data-`."""
        count = "() => document.querySelectorAll('[data-testid=answer]').length"
        before = self.evaluate(count)
        self.give("[data-testid=pictures]", pictures)
        for number in range(1, len(pictures) + 1, ANSWERS_AT_ONCE):  # many take long, but each of them comes in time
            self.wait(f"(number) => ({count})() >= number", before + number)
        self.wait(f"(number) => ({count})() >= number", before + len(pictures))
        found: list[dict[str, str]] = self.evaluate(
            "() => [...document.querySelectorAll('[data-testid=answer]')].map((one) => ({...one.dataset}))"
        )
        return found[before:]


class Browser(ABC):
    """A browser without a network.

    Attributes:
        camera_shows: The label of what its fake camera shows; None if that is nothing known.
    """

    camera_shows: str | None

    @abstractmethod
    def open(self, address: str, camera: Camera = Camera.ALLOWED, window: Window = DEFAULT) -> Tab:
        """Open a page in a new tab."""

    @abstractmethod
    def close_tab(self, tab: Tab) -> None:
        """Close a tab; after that, its `problems` are complete."""

    @abstractmethod
    def close(self) -> None:
        """Close the browser."""
