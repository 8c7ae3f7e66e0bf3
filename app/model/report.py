"""The training report: facts for `report.json`, and a page that shows them, `report.html`.

The page loads nothing else: drawings are SVG, pictures are data URLs, and it has no script.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.base.paths import asset_path
from app.session.session import Session
from learning.fit import FitResult

STYLE = asset_path("export", "report.css")
WRONG_SHOWN = 24  # pictures at most
CURVE_W, CURVE_H, EDGE, SCALE = 320, 190, 20, 48  # units of the drawing; EDGE and SCALE leave room for labels
LABEL_W = 30  # units that the label of a point needs


def training_report(
    session: Session,
    fit: FitResult,
    agreement: Mapping[str, Any],
    seconds: Mapping[str, float],
    *,
    made_views: int = 0,
) -> dict[str, Any]:
    """Collect the facts of a training.

    Args:
        session: The training data; its label indices are the rows of the model.
        fit: The result of the fit.
        agreement: The fields of `app.model.agreement.Agreement`.
        seconds: Duration of each step.
        made_views: Number of made views.

    Returns:
        Values that JSON can store. `held_out` lists the held-out samples: sample id, true and predicted class index,
        confidence 0..1. `wrong` lists those with a wrong answer, sorted by confidence, highest first.
    """
    answers = fit.validation_probabilities.argmax(axis=1)
    held_out = [
        {
            "sample": session.samples[index].sample_id,
            "truth": session.samples[index].class_index,
            "answer": int(answer),
            "confidence": round(float(row.max()), 4),
        }
        for index, answer, row in zip(fit.validation_indices, answers, fit.validation_probabilities, strict=True)
    ]
    wrong = [one for one in held_out if one["answer"] != one["truth"]]
    totals = fit.confusion.sum(axis=1)
    return {
        "labels": list(session.labels),
        "shots": list(session.shots()),
        "validation_accuracy": fit.validation_accuracy,
        "validation_from": fit.validation_from,
        "provisional": fit.provisional,
        "made_views": made_views,
        "class_accuracy": [
            float(fit.confusion[index, index] / total) if total else None for index, total in enumerate(totals)
        ],
        "threshold": fit.threshold,
        "refused": float(_refused(fit).mean()),
        "confusion": fit.confusion.tolist(),
        "curve": [
            {"shots": one.shots, "loss": one.loss, "validation_accuracy": one.validation_accuracy}
            for one in fit.history
        ],
        "held_out": held_out,
        "wrong": sorted(wrong, key=lambda one: -float(one["confidence"])),
        "agreement": dict(agreement),
        "seconds": dict(seconds),
        "extractor": {"name": session.extractor_name, "sha256": session.extractor_sha256},
    }


def report_page(facts: Mapping[str, Any], pictures: Mapping[int, bytes], *, link: str | None = None) -> str:
    """Make the HTML page.

    Args:
        facts: From `training_report`, also after a round trip through JSON.
        pictures: JPEG data by sample id; samples that are not in it are shown without a picture.
        link: Name of the file beside it that runs the model; None if there is none.
    """
    labels: list[str] = facts["labels"]
    agreement = facts["agreement"]
    held_out = sum(map(sum, facts["confusion"]))
    parts = [
        f"<header><h1>{escape(_listed(labels))}</h1>",
        f"<p class=lead>{_accuracy(facts, held_out)} {_not_sure(facts)}</p>",
        _note(_held_out(facts)),
        "" if link is None else f'<p class=links><a href="{escape(link)}">Try the model: {escape(link)}</a></p>',
        "</header>",
        _section("Classes", _classes(facts)),
        _section("Learning curve", _curve(facts["curve"])),
        _section(
            "Confusion matrix",
            _confusion(facts) + _note("Rows: true class. Columns: answer of the model. Held-out pictures only."),
        ),
        _section("Wrong answers", _wrong(facts, pictures)),
        _section(
            "The exported file",
            f"<p>It was compared with the trained model on {_share_of_taught(facts)}: the same answer for "
            f"{agreement['same_answer']:.1%} of them; the mean difference of "
            f"probabilities is {agreement['mean_difference']:.4f}.</p>"
            + _table(
                ("step", "seconds"), [(escape(step), f"{seconds:.3f}") for step, seconds in facts["seconds"].items()]
            ),
        ),
        f"<footer>Embedding extractor {escape(facts['extractor']['name'])}, "
        f"sha256 <code>{escape(facts['extractor']['sha256'])}</code></footer>",
    ]
    title = escape(f"Report: {_listed(labels)}")
    style = STYLE.read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style>'
        f"<main>{''.join(parts)}</main></html>\n"
    )


def _accuracy(facts: Mapping[str, Any], held_out: int) -> str:
    """Say how many held-out pictures were classified correctly, and what kind of pictures they are."""
    accuracy = facts["validation_accuracy"]
    if accuracy is None:
        return (
            "How many new pictures are classified correctly is unknown: each class was shown in one hold only. "
            "Show each thing again and hold its button again."
        )
    of_views = facts.get("validation_from") == "views"
    correct = f"<b>{accuracy:.0%}</b> of the {_counted(held_out)} held out were classified correctly."
    if not of_views:
        return correct
    return (
        f"{correct} Some of them are copies of taught pictures that were turned, moved and lit, because some classes "
        "were shown in one hold only."
    )


def _held_out(facts: Mapping[str, Any]) -> str:
    kept = "“Held out” means that the training kept these pictures back for a test and did not learn from them"
    if facts.get("validation_from") == "holds":
        return f"{kept}, so they show how well the model names new pictures."
    if facts.get("validation_from") == "views":
        return f"{kept}. Copies of taught pictures are easier than new ones, so expect more mistakes with those."
    return f"{kept}."


def _refused(fit: FitResult) -> NDArray[np.bool_]:
    """Return which held-out pictures get the answer "not sure", bool (N,)."""
    return np.asarray((fit.novelties > 1) | (fit.validation_probabilities.max(axis=1) < fit.threshold))


def _not_sure(facts: Mapping[str, Any]) -> str:
    if not facts["threshold"]:
        return "It was trained to name every picture: its answer is never “not sure”."
    words = (
        f"Below {facts['threshold']:.0%}, or for a thing that differs from everything taught, the answer is “not sure”"
    )
    if "refused" not in facts:  # the model is from a version that did not count this
        return f"{words}."
    happened = f"{words}. That happened for {facts['refused']:.1%} of them."
    if not facts.get("provisional", False):
        return happened
    return f"{happened} The limit is provisional: the extractor had not been measured yet. Train again later."


def _counted(pictures: int) -> str:
    return f"{pictures} picture{'' if pictures == 1 else 's'}"


def _share_of_taught(facts: Mapping[str, Any]) -> str:
    """Return how many of the taught pictures were compared; some of each class are enough."""
    compared, taught = facts["agreement"]["pictures"], sum(facts["shots"])
    return f"all {_counted(taught)} taught" if compared == taught else f"{compared} of the {_counted(taught)} taught"


def _listed(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>{body}</section>"


def _note(text: str) -> str:
    return f"<p class=note>{text}</p>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "plain") -> str:
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table class={kind}><tr>{''.join(f'<th>{name}</th>' for name in head)}</tr>{cells}</table>"


def _classes(facts: Mapping[str, Any]) -> str:
    rows = []
    for label, shots, accuracy in zip(facts["labels"], facts["shots"], facts["class_accuracy"], strict=True):
        share = accuracy or 0.0
        bar = f'<div class=bar><i style="width:{share:.1%}"></i></div>'
        rows.append((escape(label), str(shots), bar, "–" if accuracy is None else f"{accuracy:.0%}"))
    return _table(("class", "pictures taught", "correct of those held out", ""), rows, "classes")


def _curve(points: Sequence[Mapping[str, Any]]) -> str:
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
        f'<text x="{SCALE - 6}" y="{height(share) + 5}">{share:.0%}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    ) + "".join(f'<text class=shots x="{place(shots):.1f}" y="{CURVE_H - 2}">{shots:.0f}</text>' for shots in shown)
    return (
        f'<svg viewBox="0 0 {CURVE_W} {CURVE_H}" role="img" aria-label="learning curve">{grid}'
        f"{line(loss, 'loss')}{line(accuracy, 'accuracy')}</svg>"
        '<p class=legend><span class="accuracy">held-out accuracy</span> <span class="loss">loss</span> '
        "by number of pictures per class</p>"
    )


def _confusion(facts: Mapping[str, Any]) -> str:
    labels, rows = facts["labels"], []
    for label, row in zip(labels, facts["confusion"], strict=True):
        total = max(1, sum(row))
        cells = "".join(
            f'<td style="--share:{count / total:.3f}" class="{"hit" if labels[column] == label else "miss"}">'
            f"{count or ''}</td>"
            for column, count in enumerate(row)
        )
        rows.append(f"<tr><th>{escape(label)}</th>{cells}</tr>")
    head = "".join(f"<th><span>{escape(label)}</span></th>" for label in labels)
    return f"<div class=scroll><table class=confusion><tr><th></th>{head}</tr>{''.join(rows)}</table></div>"


def _wrong(facts: Mapping[str, Any], pictures: Mapping[int, bytes]) -> str:
    if not facts["wrong"]:
        return "<p>None.</p>"
    labels, shown = facts["labels"], []
    for one in facts["wrong"][:WRONG_SHOWN]:
        data = pictures.get(one["sample"])
        image = "" if data is None else f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
        truth, answer = escape(labels[one["truth"]]), escape(labels[one["answer"]])
        shown.append(
            f"<figure>{image}<figcaption>{truth} → <b>{answer}</b> {one['confidence']:.0%}</figcaption></figure>"
        )
    more = len(facts["wrong"]) - len(shown)
    return f"<div class=pictures>{''.join(shown)}</div>" + (_note(f"and {more} more") if more > 0 else "")
