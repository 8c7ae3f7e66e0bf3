"""Make `README.txt` of a saved folder: what to open first, then a part for makers, in the language of the visit."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from app.base.i18n import SOURCE_LANGUAGE, Message, message, translated

COLUMNS = 90
COMMANDS = {
    message("Pictures:"): ("pip install ai-edge-litert numpy pillow", "python classify.py picture.jpg"),
    message("A webcam:"): ("pip install opencv-python", "python classify.py --camera 0"),
}


@dataclass(frozen=True)
class ReadmeFacts:
    """What the text says about a folder.

    Attributes:
        labels: Class labels.
        model_file: Path of the main model inside the folder.
        has_page, has_report: Whether the folder has `open_me.html` and `report.html`.
        needs_edge_tpu: Whether the main model runs only on an Edge TPU.
        threshold: Below this top probability the answer is "not sure", 0..1; None if it is never "not sure".
        language: A language of LANGUAGES.
    """

    labels: Sequence[str]
    model_file: str
    has_page: bool
    has_report: bool
    needs_edge_tpu: bool
    threshold: float | None
    language: str = SOURCE_LANGUAGE


def readme(facts: ReadmeFacts) -> str:
    """Return the text; every line of it has COLUMNS characters at most, unless one word is longer."""
    parts: list[Message | str] = [
        _first(facts),
        *_for_all(facts),
        _title(facts),
        _model(facts),
        _not_sure(facts),
        _how_to_run(facts),
    ]
    text = "\n\n".join(_filled(part, facts.language) for part in parts)
    for what, commands in COMMANDS.items():
        text += f"\n\n{translated(what, facts.language)}\n" + "\n".join(f"    {line}" for line in commands)
    return text + "\n"


def _first(facts: ReadmeFacts) -> Message:
    return message("Open open_me.html") if facts.has_page else message("Run classify.py, as shown below")


def _for_all(facts: ReadmeFacts) -> list[Message]:
    parts = [message("The model in this folder was taught to recognise: {labels}.", labels=", ".join(facts.labels))]
    if facts.has_page:
        parts.append(
            message(
                "Double-click open_me.html. It opens in a browser, and it needs no Internet. Start the camera and show "
                "it something. No picture leaves your computer."
            )
        )
    if facts.has_report:
        parts.append(message("In report.html you see how good the model is and what it mixes up."))
    parts.append(
        message("Do you want to teach it more? Plug the drive with this folder into the kiosk, and it can carry on.")
    )
    return parts


def _title(facts: ReadmeFacts) -> str:
    title = translated(message("For makers"), facts.language)
    return f"{title}\n{'-' * len(title)}"


def _model(facts: ReadmeFacts) -> Message:
    return message(
        "{file} is an ordinary TensorFlow Lite model. It takes the centre square of a picture, in RGB, and returns a "
        "probability for each line of labels.txt.",
        file=facts.model_file,
    )


def _not_sure(facts: ReadmeFacts) -> Message:
    if facts.threshold is None:
        return message("The label with the highest probability is the answer.")
    return message(
        "The answer is “not sure” if the highest probability is below {threshold}, or if the test in the model file "
        "finds nothing like the picture among the taught pictures. classify.py shows how to apply both.",
        threshold=f"{facts.threshold:.2f}",
    )


def _how_to_run(facts: ReadmeFacts) -> Message:
    if facts.needs_edge_tpu:
        return message("Run it on a computer with Python and a Coral Edge TPU.")
    return message("Run it on a computer with Python.")


def _filled(part: Message | str, language: str) -> str:
    if isinstance(part, str):
        return part
    return textwrap.fill(translated(part, language), COLUMNS, break_long_words=False, break_on_hyphens=False)
