"""The printable card of a lesson set: one HTML file for one sheet of A4 paper, without anything to load."""

from __future__ import annotations

import sys
from dataclasses import replace
from html import escape

from app.base.i18n import Message, message, translated
from app.base.paths import asset_path
from app.config.lesson import Lesson, in_language

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHAPES = (  # in the order of the class buttons, in a square from -50 to 50
    '<circle r="44"/>',
    '<rect x="-40" y="-40" width="80" height="80" rx="8"/>',
    '<path d="M0-46 48 38H-48Z"/>',
    '<path d="M0-48 44 0 0 48-44 0Z"/>',
    '<path d="M0-48 14-15 48-13 22 9 31 43 0 25-31 43-22 9-48-13-14-15Z"/>',
    '<path d="M-24-42H24L48 0 24 42H-24L-48 0Z"/>',
    '<path d="M-16-46H16V-16H46V16H16V46H-16V16H-46V-16H-16Z"/>',
    '<path d="M0-48C18-22 34-6 34 14A34 34 0 0 1-34 14C-34-6-18-22 0-48Z"/>',
    '<circle r="34" fill="none" stroke="#000" stroke-width="18"/>',
)
STEPS: tuple[Message, ...] = (
    message("Show the thing to the camera and hold its button. Turn it, move it, show its back."),
    message("Teach every thing in the same way: about {count} pictures each."),
    message("Press TRAIN. Then show things that it has not seen yet."),
    message("Wrong answer? Hold the correct button, show it again, and press TRAIN once more."),
    message("SAVE puts the model on a USB drive: it runs at home in a browser, too."),
)
QUESTIONS: tuple[Message, ...] = (
    message("What did it get wrong? Why, do you think?"),
    message("What helped it most?"),
)
STYLE = """
@page { size: A4; margin: 14mm }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 182mm; color: #2a231b; font: 12.5pt/1.4 "M PLUS Rounded 1c", system-ui, sans-serif }
h1 { margin: 0 0 2mm; font-size: 30pt; line-height: 1.1 }
.task { margin: 0 0 6mm; padding: 4mm 5mm; border-radius: 5mm; background: #f3ebdd; font-size: 15pt; font-weight: 600 }
.time { float: right; padding: 1.5mm 4mm; border: .5mm solid #2a231b; border-radius: 8mm; font-size: 15pt }
.classes { display: grid; gap: 4mm; margin: 0 0 6mm; padding: 0; list-style: none }
.classes { grid-template-columns: repeat(3, 1fr) }
.classes li { display: flex; align-items: center; gap: 4mm; padding: 3mm; border-radius: 5mm }
.classes li { border: .6mm solid #cbb997 }
.classes svg { flex: none; width: 20mm; height: 20mm }
.classes b { font-size: 16pt; line-height: 1.15; overflow-wrap: anywhere }
ol { margin: 0 0 6mm; padding-left: 8mm } ol li { margin: 0 0 2mm; padding-left: 2mm }
h2 { margin: 0 0 2mm; font-size: 14pt }
.line { height: 11mm; border-bottom: .3mm solid #665a49 } .line + h2 { margin-top: 5mm }
@media screen { body { padding: 14mm 0 } }
@media print { body { -webkit-print-color-adjust: exact; print-color-adjust: exact } }
"""


def lesson_card(lesson: Lesson, language: str) -> str:
    """Return the card as HTML.

    Args:
        lesson: The lesson set; its texts may come from a stranger, so they are escaped.
        language: Of the card, such as "de".
    """

    def said(text: Message) -> str:
        return escape(translated(text, language))

    name = escape(in_language(lesson.name, language))
    minutes = said(message("{minutes} min", minutes=lesson.minutes))
    time = f'<span class="time">{minutes}</span>' if lesson.minutes else ""
    steps = "".join(f"<li>{said(_step(one, lesson.target_shots))}</li>" for one in STEPS)
    classes = "".join(
        f'<li><svg viewBox="-50 -50 100 100" fill="{colour}" stroke="#2a231b" stroke-width="3" aria-hidden="true">'
        f"{SHAPES[index].replace('#000', colour)}</svg><b>{escape(label)}</b></li>"
        for index, (label, colour) in enumerate(zip(lesson.labels(language), _colours(), strict=False))
    )
    details = "" if lesson.details is None else f"<p>{escape(in_language(lesson.details, language))}</p>"
    notes = "".join(f'<h2>{said(one)}</h2><div class="line"></div><div class="line"></div>' for one in QUESTIONS)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{name}</title>\n<style>{STYLE}</style>\n"
        f'<h1>{time}{name}</h1>\n<p class="task">{escape(in_language(lesson.task, language))}</p>\n{details}\n'
        f'<ul class="classes">{classes}</ul>\n<ol>{steps}</ol>\n{notes}\n</html>\n'
    )


def _step(text: Message, count: int) -> Message:
    return replace(text, params=(("count", count),)) if "{count}" in text.template else text


def _colours() -> list[str]:
    palettes = tomllib.loads(asset_path("themes", "palettes.toml").read_text(encoding="utf-8"))
    colours: list[str] = palettes["paper"]["classes"]
    return colours
