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
from app.hub.report_charts import LOW, distribution, over_time
from app.hub.summary import Summary
from app.model.saved_folder.report_page import STYLE

HUB_STYLE: Path = asset_path("export", "hub.css")
MOST_REFUSED = 200  # that the page lists; the JSON lists all
MOST_ROWS = 24  # stations that a list shows at once; the others unfold
MOST_CLASSES = 60  # names below the title
MANY = 12  # stations, from which a drawing helps


def hub_page(summary: Summary, pictures: Sequence[tuple[bytes, str]] = ()) -> str:
    """Make the page.

    Args:
        summary: Everything that was found out.
        pictures: The JPEG of each disagreeing sample and what to write below it, as plain text. Without any, the page
            has no section for them.
    """
    title = f"One model of {_counted(sum(one.samples > 0 for one in summary.stations), 'station')}"
    parts = [
        f"<header><h1>{title}</h1><p class=lead>{_lead(summary)}</p>{_classes(summary)}{_tiles(summary)}</header>",
        _section("How well it does at each station", _accuracy(summary)),
        _section("What is mistaken for what", _confusion(summary)) if summary.accuracy is not None else "",
        _section("Over time", _over_time(summary)),
        _section("Pictures that disagree most", _pictures(pictures)) if pictures else "",
        _section("What each station contributed", _contributions(summary)),
        _section("Names that were merged", _names(summary)) if _merged(summary) else "",
        _section("Folders that were left out", _refused(summary)) if summary.refused else "",
        f"<footer>Embedding extractor {escape(summary.extractor_name)}, sha256 <code>{escape(summary.extractor_sha256)}"
        f"</code><br>Serial number {summary.serial}</footer>",
    ]
    style = STYLE.read_text(encoding="utf-8") + HUB_STYLE.read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
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


def _classes(summary: Summary) -> str:
    more = len(summary.labels) - MOST_CLASSES
    chips = "".join(f"<li>{escape(label)}</li>" for label in summary.labels[:MOST_CLASSES])
    return f"<ul class=chips>{chips}{f'<li>and {more} more</li>' if more > 0 else ''}</ul>"


def _tiles(summary: Summary) -> str:
    facts = [(len(summary.labels), "class", "classes"), (summary.samples, "sample", "samples")]
    facts += [(summary.duplicates, "duplicate dropped", "duplicates dropped")] if summary.duplicates else []
    facts += [(len(summary.refused), "folder left out", "folders left out")] if summary.refused else []
    tiles = (f"<div><dd>{count:,}</dd><dt>{one if count == 1 else more}</dt></div>" for count, one, more in facts)
    return f"<dl class=tiles>{''.join(tiles)}</dl>"


def _accuracy(summary: Summary) -> str:
    rows, shares = [], []
    for one in sorted(summary.stations, key=lambda one: (one.accuracy is None, one.accuracy, one.name)):
        if not one.samples:
            continue
        notes = [f"{one.judged:,} tested"] if one.judged else ["not tested"]
        if one.only_here:
            notes.append(f"{one.only_here:,} of classes that only this station has")
        low, mark = "", ""
        if summary.accuracy is not None and one.accuracy is not None:
            shares.append(one.accuracy)
            low = " low" if one.accuracy < summary.accuracy - LOW else ""
            mark = f"<b style='left:{summary.accuracy:.1%}'></b>"
        bar = f"<span class='bar{low}'><i style='width:{one.accuracy or 0.0:.1%}'></i>{mark}</span>"
        number = "–" if one.accuracy is None else f"{one.accuracy:.0%}"
        rows.append(_row(one.name, bar, number, ", ".join(notes)))
    chart = distribution(shares, summary.accuracy) if summary.accuracy is not None and len(shares) >= MANY else ""
    together = (
        "Each station was judged by a model that was trained on all the others."
        if summary.left_out_together <= 1
        else "Each station was judged by a model that was trained without it. "
        f"Up to {summary.left_out_together} stations were left out at a time."
    )
    marks = " The line marks the mean; a station far below it is red." if shares else ""
    return f"{chart}{_list(rows)}<p class=note>{together} The lowest comes first.{marks}</p>"


def _contributions(summary: Summary) -> str:
    most = max((one.samples + one.duplicates for one in summary.stations), default=0) or 1
    rows = []
    for one in sorted(summary.stations, key=lambda one: (-one.samples, one.name)):
        notes = [f"{escape(label)} {count:,}" for label, count in one.classes.items()]
        notes += [f"{_counted(one.duplicates, 'duplicate')} of others"] if one.duplicates else []
        notes += [f"{one.left_out:,} of names that the mapping leaves out"] if one.left_out else []
        notes += [f"{one.embedded_again:,} embedded again"] if one.embedded_again else []
        notes += [f"{_counted(one.refused, 'folder')} left out"] if one.refused else []
        bar = f"<i style='width:{one.samples / most:.1%}'></i>"
        bar += f"<i class=twice style='width:{one.duplicates / most:.1%}'></i>" if one.duplicates else ""
        rows.append(_row(one.name, f"<span class='bar parts'>{bar}</span>", f"{one.samples:,}", " · ".join(notes)))
    return _list(rows)


def _row(name: str, bar: str, number: str, note: str) -> str:
    """One station; `note` is HTML already."""
    return (
        f"<li><span class=name>{escape(name)}</span>{bar}<span class=number>{number}</span>"
        f"<span class=note>{note}</span></li>"
    )


def _list(rows: Sequence[str]) -> str:
    shown, more = "".join(rows[:MOST_ROWS]), rows[MOST_ROWS:]
    found = f"<ol class=stations>{shown}</ol>"
    if more:
        found += f"<details><summary>{_counted(len(more), 'more station')}</summary>"
        found += f"<ol class=stations>{''.join(more)}</ol></details>"
    return found


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


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
    dated = [one for one in summary.months if one[0] and one[2]]
    if len(dated) < 2:
        when = f"All dated samples are from {dated[0][0]}." if dated else "The folders do not say when they were saved."
        return f"<p>{when} From two months on, this shows whether the accuracy changes.</p>"
    note = "Line: how often a model without the station is right. Bars: tested samples. By the month of saving."
    return f"{over_time(dated)}<p class=note>{note}</p>"


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
