"""The drawings of the hub's report, as SVG: accuracy by month, and how many stations have which accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 640, 190
LEFT, RIGHT, TOP, BOTTOM = 76, 44, 16, 36
BINS = 20  # of the accuracy, 0..1
LOW = 0.1  # below the mean of all stations: marked
MOST_NAMES = 4  # below the drawing: on a telephone, letters are large in it


def over_time(months: Sequence[tuple[str, int, int]]) -> str:
    """Draw the accuracy of every month as a line, and the number of tested samples as bars.

    Args:
        months: Month such as "2026-01", number of right answers, number of tested samples; two or more.
    """
    step = (WIDTH - LEFT - RIGHT - 40) / (len(months) - 1)
    most = max(tested for *_, tested in months)
    points = [(LEFT + 20 + number * step, right / tested, tested) for number, (_, right, tested) in enumerate(months)]
    bars = "".join(
        f'<rect x="{x - 9:.0f}" y="{HEIGHT - BOTTOM - 44 * tested / most:.1f}" width="18" '
        f'height="{44 * tested / most:.1f}" rx="3"/>'
        for x, _, tested in points
    )
    line = " ".join(f"{x:.1f},{_height(share):.1f}" for x, share, _ in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{_height(share):.1f}" r="5"><title>{escape(month)}: {share:.0%} of {tested}</title>'
        "</circle>"
        for (x, share, tested), (month, *_) in zip(points, months, strict=True)
    )
    every = -(-len(months) // MOST_NAMES)
    names = "".join(
        f'<text class=shots x="{x:.0f}" y="{HEIGHT - 10}">{escape(month)}</text>'
        for number, ((x, *_), (month, *_)) in enumerate(zip(points, months, strict=True))
        if number % every == 0
    )
    scale = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_height(share):.0f}" y2="{_height(share):.0f}"/>'
        f'<text x="{LEFT - 10}" y="{_height(share) + 5:.0f}">{share:.0%}</text>'
        for share in (0, 0.5, 1)
    )
    return _drawing(f'{scale}{bars}<polyline class=accuracy points="{line}"/>{dots}{names}', "accuracy by month")


def distribution(shares: Sequence[float], mean: float) -> str:
    """Draw how many stations have which accuracy, with a line at the mean.

    Args:
        shares: Accuracy of each station, 0..1.
        mean: Their mean.
    """
    counts = [0] * BINS
    for share in shares:
        counts[min(BINS - 1, int(share * BINS))] += 1
    most, wide = max(counts), (WIDTH - LEFT - RIGHT) / BINS
    base = HEIGHT - BOTTOM
    bars = "".join(
        f'<rect class="{"low" if (number + 0.5) / BINS < mean - LOW else "good"}" x="{LEFT + number * wide + 2:.1f}" '
        f'y="{base - (base - TOP) * count / most:.1f}" width="{wide - 4:.1f}" '
        f'height="{(base - TOP) * count / most:.1f}" rx="3"><title>{number / BINS:.0%} to '
        f"{(number + 1) / BINS:.0%}: {count}</title></rect>"
        for number, count in enumerate(counts)
        if count
    )
    x = LEFT + mean * (WIDTH - LEFT - RIGHT)
    names = "".join(
        f'<text class=shots x="{LEFT + share * (WIDTH - LEFT - RIGHT):.0f}" y="{HEIGHT - 10}">{share:.0%}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    axis = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{base}" y2="{base}"/>'
    axis += f'<text x="{LEFT - 10}" y="{TOP + 6}">{most}</text>'
    line = f'<line class=mean x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{base}"/>'
    return _drawing(f"{axis}{bars}{line}{names}", "number of stations by accuracy")


def _height(share: float) -> float:
    return TOP + (HEIGHT - BOTTOM - TOP) * (1 - share)


def _drawing(parts: str, what: str) -> str:
    return f'<svg class=chart viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{what}">{parts}</svg>'
