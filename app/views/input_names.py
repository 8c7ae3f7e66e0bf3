"""The names of keys and of game pads in words, for staff."""

from __future__ import annotations

from app.base.i18n import Text, message

KEYS: dict[str, Text] = {
    "return": message("Enter"),
    "space": message("Space bar"),
    "escape": "Esc",
    "backspace": message("Backspace"),
    "delete": message("Delete"),
    "tab": "Tab",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "lshift": message("left Shift"),
    "rshift": message("right Shift"),
    "lctrl": message("left Ctrl"),
    "rctrl": message("right Ctrl"),
    "lalt": message("left Alt"),
    "ralt": message("right Alt"),
    "pageup": message("Page up"),
    "pagedown": message("Page down"),
    "home": message("Home"),
    "end": message("End"),
}
PAD_KEYS: dict[str, str] = {
    "plus": "+",
    "minus": "−",
    "multiply": "×",
    "divide": "÷",
    "period": ".",
    "enter": "↵",
    "equals": "=",
}
ARROWS = {"up": "↑", "down": "↓", "left": "←", "right": "→"}


def input_name(source: str) -> Text:
    """Return the name of a key or of a game pad's button in words; a pin is called as in the wiring."""
    match source.split(":"):
        case ["key", name] if name.startswith("kp_"):
            key = name.removeprefix("kp_")
            return message("number pad {key}", key=PAD_KEYS.get(key, key.upper()))
        case ["key", name] if name.startswith("code_"):
            return message("key number {number}", number=name.removeprefix("code_"))
        case ["key", name]:
            return KEYS.get(name, name.upper() if len(name) < 4 else name)
        case ["pad", pad, "button", number] if pad.isdecimal() and number.isdecimal():
            return message("game pad {pad}, button {number}", pad=int(pad) + 1, number=int(number) + 1)
        case ["pad", pad, "axis", axis] if pad.isdecimal():
            return message("game pad {pad}, stick {axis}", pad=int(pad) + 1, axis=axis)
        case ["pad", pad, "hat", _, direction] if pad.isdecimal():
            arrow = ARROWS.get(direction, direction)
            return message("game pad {pad}, cross {arrow}", pad=int(pad) + 1, arrow=arrow)
    return source
