"""Make the hub's `report.html`: what each station contributed, and how well the model does at a station it never saw.

The page loads nothing else: drawings are SVG, pictures are data URLs, and it has no script. All names come from
strangers, so every one is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from app.base.paths import asset_path
from app.hub.summary import Summary
from app.model.saved_folder.report_page import STYLE

HUB_STYLE: Path = asset_path("export", "hub.css")
CHART_WIDTH, CHART_HEIGHT = 640, 180
MOST_REFUSED = 200  # that the page lists; the JSON lists all


def hub_page(summary: Summary, pictures: Sequence[tuple[bytes, str]] = ()) -> str:
    """Make the page.

    Args:
        summary: Everything that was found out.
        pictures: The JPEG of each disagreeing sample and what to write below it, as plain text. Without any, the page
            has no section for them.
    """
    title = escape(", ".join(summary.labels))
    parts = [
        f"<header><h1>{title}</h1><p class=lead>{_lead(summary)}</p>{_tiles(summary)}</header>",
        _section("How well it does at each station", _accuracy(summary)),
        _section("What each station contributed", _contributions(summary)),
        _section("What is mistaken for what", _confusion(summary)),
        _section("Over time", _over_time(summary)),
        _section("Pictures that disagree most", _pictures(pictures)) if pictures else "",
        _section("Names that were merged", _names(summary)) if _merged(summary) else "",
        _section("Folders that were left out", _refused(summary)) if summary.refused else "",
        f"<footer>Embedding extractor {escape(summary.extractor_name)}, sha256 <code>{escape(summary.extractor_sha256)}"
        f"</code><br>Serial number {summary.serial}</footer>",
    ]
    style = STYLE.read_text(encoding="utf-8") + HUB_STYLE.read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Stations: {title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style>'
        f"<main class=hub>{''.join(parts)}</main></html>\n"
    )


def _lead(summary: Summary) -> str:
    if summary.accuracy is None:
        return "No two stations taught the same classes, so it could not be tested at a station that it does not know."
    worst = min((one for one in summary.stations if one.accuracy is not None), key=lambda one: one.accuracy or 0.0)
    text = f"At a station that it was not trained on, it is right for <b>{summary.accuracy:.0%}</b> of the samples."
    if f"{worst.accuracy:.0%}" == f"{summary.accuracy:.0%}":
        return text
    return f"{text} The lowest is {escape(worst.name)} with {worst.accuracy:.0%}."


def _tiles(summary: Summary) -> str:
    with_samples = sum(one.samples > 0 for one in summary.stations)
    facts = (
        (f"{with_samples:,}", "station" if with_samples == 1 else "stations"),
        (f"{summary.samples:,}", "samples"),
        (f"{len(summary.labels):,}", "classes"),
        (f"{summary.duplicates:,}", "duplicates dropped"),
        (f"{len(summary.refused):,}", "folders left out"),
    )
    return (
        "<dl class=tiles>" + "".join(f"<div><dd>{value}</dd><dt>{what}</dt></div>" for value, what in facts) + "</dl>"
    )


def _accuracy(summary: Summary) -> str:
    rows = []
    for one in sorted(summary.stations, key=lambda one: (one.accuracy is None, one.accuracy, one.name)):
        if not one.samples:
            continue
        share = one.accuracy or 0.0
        only_here = f"{one.only_here} of classes that only this station has" if one.only_here else ""
        below = summary.accuracy is not None and one.accuracy is not None and one.accuracy < summary.accuracy - 0.1
        rows.append(
            f"<tr><td>{escape(one.name)}<td><div class='bar{' low' if below else ''}'><i style='width:{share:.1%}'></i>"
            f"</div><td class=number>{'–' if one.accuracy is None else f'{one.accuracy:.0%}'}"
            f"<td class=number>{one.judged}<td class=note>{only_here}</tr>"
        )
    together = (
        "Each station was judged by a model that was trained on all the others."
        if summary.left_out_together <= 1
        else "Each station was judged by a model that was trained without it. "
        f"Up to {summary.left_out_together} stations were left out at a time."
    )
    head = "<tr><th>station<th>right<th><th class=number>tested<th></tr>"
    return f"<table class=stations>{head}{''.join(rows)}</table><p class=note>{together} The lowest comes first.</p>"


def _contributions(summary: Summary) -> str:
    most = max((one.samples + one.duplicates for one in summary.stations), default=0) or 1
    rows = []
    for one in sorted(summary.stations, key=lambda one: (-one.samples, one.name)):
        nothing = "only duplicates" if one.duplicates else "nothing"
        classes = ", ".join(f"{escape(label)} {count}" for label, count in one.classes.items()) or nothing
        bar = f"<i style='width:{one.samples / most:.1%}'></i>"
        bar += f"<i class=twice style='width:{one.duplicates / most:.1%}'></i>"
        rows.append(
            f"<tr><td>{escape(one.name)}<td><div class='bar parts'>{bar}</div><td class=number>{one.samples}"
            f"<td class=number>{one.duplicates or ''}<td class=note>{classes}</tr>"
        )
    head = "<tr><th>station<th><th class=number>samples<th class=number>duplicates<th>classes</tr>"
    return f"<table class=stations>{head}{''.join(rows)}</table>"


def _confusion(summary: Summary) -> str:
    rows = []
    for truth, (label, row) in enumerate(zip(summary.labels, summary.confusion, strict=True)):
        total = max(1, sum(row))
        cells = "".join(
            f'<td style="--share:{count / total:.3f}" class="{"hit" if answer == truth else "miss"}">{count or ""}</td>'
            for answer, count in enumerate(row)
        )
        rows.append(f"<tr><th>{escape(label)}</th>{cells}</tr>")
    head = "".join(f"<th><span>{escape(label)}</span></th>" for label in summary.labels)
    return (
        f"<div class=scroll><table class=confusion><tr><th></th>{head}</tr>{''.join(rows)}</table></div>"
        "<p class=note>Rows: what the station taught. Columns: what a model without this station answers.</p>"
    )


def _over_time(summary: Summary) -> str:
    """Draw the accuracy of every month; stations that drift away show as a line that falls."""
    dated = [(month, right / judged, judged) for month, right, judged in summary.months if month and judged]
    if len(dated) < 2:
        when = f"All dated samples are from {dated[0][0]}." if dated else "The folders do not say when they were saved."
        return f"<p>{when} From two months on, this shows whether the accuracy changes.</p>"
    step = (CHART_WIDTH - 100) / (len(dated) - 1)
    most = max(judged for *_, judged in dated)
    base = CHART_HEIGHT - 40

    def height(share: float) -> float:
        return 10 + (base - 10) * (1 - share)

    points = [(70 + number * step, height(share)) for number, (_, share, _) in enumerate(dated)]
    bars = "".join(
        f'<rect x="{x - 7:.0f}" y="{base - 40 * judged / most:.1f}" width="14" height="{40 * judged / most:.1f}"/>'
        for (x, _), (*_, judged) in zip(points, dated, strict=True)
    )
    every = -(-len(dated) // 8)
    names = "".join(
        f'<text class=shots x="{x:.0f}" y="{CHART_HEIGHT - 16}">{escape(month)}</text>'
        for number, ((x, _), (month, *_)) in enumerate(zip(points, dated, strict=True))
        if number % every == 0
    )
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    scale = "".join(
        f'<line x1="50" x2="{CHART_WIDTH - 20}" y1="{height(share):.0f}" y2="{height(share):.0f}"/>'
        f'<text x="42" y="{height(share) + 5:.0f}">{share:.0%}</text>'
        for share in (0, 0.5, 1)
    )
    chart = f'<svg class=months viewBox="0 0 {CHART_WIDTH} {CHART_HEIGHT}" role="img">{scale}{bars}'
    chart += f'<polyline class=accuracy points="{line}"/>{names}</svg>'
    note = "Line: how often a model without the station is right. Bars: tested samples. By the month of saving."
    return f"{chart}<p class=note>{note}</p>"


def _pictures(pictures: Sequence[tuple[bytes, str]]) -> str:
    shown = "".join(
        f'<figure><img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
        f"<figcaption>{escape(text)}</figcaption></figure>"
        for data, text in pictures
    )
    note = (
        "A model without the station names them otherwise, and is sure. Some may have been taught as the wrong class."
    )
    return f"<div class=pictures>{shown}</div><p class=note>{note}</p>"


def _merged(summary: Summary) -> dict[str, Sequence[str]]:
    return {label: names for label, names in summary.names.items() if len(names) > 1 or list(names) != [label]}


def _names(summary: Summary) -> str:
    rows = "".join(
        f"<tr><td>{escape(label)}<td>{escape(', '.join(names))}</tr>" for label, names in _merged(summary).items()
    )
    return f"<table class=plain><tr><th>class<th>names at the stations</tr>{rows}</table>"


def _refused(summary: Summary) -> str:
    rows = "".join(f"<tr><td>{escape(one.name)}<td>{escape(one.reason)}</tr>" for one in summary.refused[:MOST_REFUSED])
    more = len(summary.refused) - MOST_REFUSED
    note = f"<p class=note>and {more} more</p>" if more > 0 else ""
    return f"<table class=plain><tr><th>folder<th>reason</tr>{rows}</table>{note}"


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>{body}</section>"
