"""The learning curve of the training report, as a drawing in SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.base.i18n import Message, message
from app.base.numbers import percent

Say = Callable[[Message], str]
"""Returns a text in the language of the page."""

CURVE_W, CURVE_H, EDGE, SCALE = 320, 190, 20, 48  # units of the drawing; EDGE and SCALE leave room for labels
LABEL_W = 30  # units that the label of a point needs


def learning_curve(points: Sequence[Mapping[str, Any]], say: Say) -> str:
    """Draw two lines over the number of pictures: accuracy on a scale of 0..1, and loss relative to its maximum."""
    most = max((float(point["loss"]) for point in points), default=1.0) or 1.0

    def height(share: float) -> float:
        return EDGE + (1 - share) * (CURVE_H - 2 * EDGE)

    def line(values: Sequence[tuple[float, float]], kind: str) -> str:
        path = " ".join(f"{SCALE + x * (CURVE_W - SCALE - EDGE):.1f},{height(y):.1f}" for x, y in values)
        return f'<polyline class="{kind}" points="{path}"/>'

    def place(shots: float) -> float:
        return SCALE + shots / last * (CURVE_W - SCALE - EDGE)

    last = max((float(point["shots"]) for point in points), default=1.0)
    accuracy = [(point["shots"] / last, point["validation_accuracy"]) for point in points]
    loss = [(point["shots"] / last, point["loss"] / most) for point in points]
    shown: list[float] = []  # labels that would touch are left out, but never the last one
    for shots in sorted({float(point["shots"]) for point in points}, reverse=True):
        if not shown or place(shown[-1]) - place(shots) >= LABEL_W:
            shown.append(shots)
    grid = "".join(
        f'<line x1="{SCALE}" x2="{CURVE_W - EDGE}" y1="{height(share)}" y2="{height(share)}"/>'
        f'<text x="{SCALE - 6}" y="{height(share) + 5}">{say(percent(share))}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    ) + "".join(f'<text class=shots x="{place(shots):.1f}" y="{CURVE_H - 2}">{shots:.0f}</text>' for shots in shown)
    accuracy_name, loss_name = say(message("held-out accuracy")), say(message("loss"))
    title, over = say(message("Learning curve")), say(message("by number of pictures per class"))
    return (
        f'<svg viewBox="0 0 {CURVE_W} {CURVE_H}" role="img" aria-label="{title}">{grid}'
        f"{line(loss, 'loss')}{line(accuracy, 'accuracy')}</svg>"
        f'<p class=legend><span class="accuracy">{accuracy_name}</span> <span class="loss">{loss_name}</span> '
        f"{over}</p>"
    )
