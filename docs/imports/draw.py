"""Draw which package imports which, as an SVG: `python docs/imports/draw.py [CHECKOUT] [-o FILE]`.

A box is a file or a folder directly inside `app/`, or one of `learning` and `tpu`. Boxes stand below everything that
imports them, so that every arrow points down. Boxes that import each other, directly or through others, share a row and
are red: such a cycle cannot be read from top to bottom.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from html import escape
from pathlib import Path

import grimp

HERE = Path(__file__).resolve().parent
ROOTS = ("app", "learning", "tpu")
LETTER_PX, PADDING_PX, BOX_PX, GAP_PX, ROW_PX, MARGIN_PX = 7.0, 16, 28, 14, 74, 24

Graph = dict[str, set[str]]


def main() -> None:
    """Draw a checkout, this one where none is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", nargs="?", type=Path, default=HERE.parents[1])
    parser.add_argument("-o", "--out", type=Path, default=HERE / "now.svg")
    given = parser.parse_args()
    sys.path.insert(0, str(given.checkout))
    graph = imports_between_boxes()
    rows, cyclic = rows_of(graph)
    given.out.write_text(drawing(graph, rows, cyclic), encoding="utf-8")
    print(f"{len(graph)} boxes on {len(rows)} rows, {len(cyclic)} of them in import cycles: {given.out}")


def imports_between_boxes() -> Graph:
    """For every box the boxes that it imports."""
    modules = grimp.build_graph(*ROOTS, cache_dir=None)
    boxes: Graph = defaultdict(set)
    for module in modules.modules:
        if (box := box_of(module)) is None:
            continue
        imported = (box_of(other) for other in modules.find_modules_directly_imported_by(module))
        boxes[box] |= {other for other in imported if other not in (None, box)}
    return dict(boxes)


def box_of(module: str) -> str | None:
    """The box that a module is drawn in; None for the empty root of `app`."""
    root, *inside = module.split(".")
    if root != "app":
        return root
    return inside[0] if inside else None


def rows_of(graph: Graph) -> tuple[list[list[str]], set[str]]:
    """Put every box below all that import it.

    Returns:
        The rows from the top, and the boxes that are part of an import cycle.
    """
    reach = {box: reachable(graph, box) for box in graph}
    group = {box: frozenset({box} | {other for other in reach[box] if box in reach[other]}) for box in graph}
    depth: dict[frozenset[str], int] = {}

    def height(one: frozenset[str]) -> int:
        if one not in depth:
            below = {group[other] for box in one for other in graph[box]} - {one}
            depth[one] = 1 + max((height(other) for other in below), default=-1)
        return depth[one]

    rows: dict[int, list[str]] = defaultdict(list)
    for box in sorted(graph):
        rows[height(group[box])].append(box)
    return [rows[level] for level in sorted(rows, reverse=True)], {box for box in graph if len(group[box]) > 1}


def reachable(graph: Graph, start: str) -> set[str]:
    """All boxes that a box imports, directly or through others."""
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        box = waiting.pop()
        if box not in found:
            found.add(box)
            waiting += graph[box]
    return found


def drawing(graph: Graph, rows: list[list[str]], cyclic: set[str]) -> str:
    """The SVG's text."""
    widths = {box: LETTER_PX * len(box) + PADDING_PX for box in graph}
    lengths = [sum(widths[box] for box in row) + GAP_PX * (len(row) - 1) for row in rows]
    width, height = max(lengths) + 2 * MARGIN_PX, ROW_PX * (len(rows) - 1) + BOX_PX + 2 * MARGIN_PX
    place: dict[str, tuple[float, float]] = {}
    for number, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        left = (width - length) / 2
        for box in row:
            place[box] = (left + widths[box] / 2, MARGIN_PX + number * ROW_PX)
            left += widths[box] + GAP_PX
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fbfaf6"/>',
    ]
    for box in sorted(graph):
        for other in sorted(graph[box]):
            (x, y), (to_x, to_y) = place[box], place[other]
            colour = "#c8102e" if {box, other} <= cyclic else "#33658a"
            middle = (y + BOX_PX + to_y) / 2
            lines.append(
                f'<path d="M{x:.0f} {y + BOX_PX:.0f}C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {to_y:.0f}"'
                f' fill="none" stroke="{colour}" stroke-opacity="0.35"/>'
            )
    for box, (x, y) in place.items():
        edge = "#c8102e" if box in cyclic else "#33658a"
        lines.append(
            f'<rect x="{x - widths[box] / 2:.0f}" y="{y:.0f}" width="{widths[box]:.0f}" height="{BOX_PX}" rx="6" '
            f'fill="#ffffff" stroke="{edge}"/>'
            f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">{escape(box)}</text>'
        )
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    main()
