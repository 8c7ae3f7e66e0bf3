"""Make `report.html`: a page that shows the facts of a training.

The page loads nothing else: drawings are SVG, pictures are data URLs, and it has no script.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from app.base.errors import PictureDamaged
from app.base.explanation import Way
from app.base.i18n import SOURCE_LANGUAGE, Message, counted, message, translated
from app.base.numbers import percent, percent_with_tenth
from app.base.paths import asset_path
from app.model.looked_at import from_json
from app.model.saved_folder.report_curve import Say, learning_curve
from app.model.why_picture import class_colour, drawn_alone, drawn_over, png_file
from app.session.pictures import decode_picture, encode_picture
from tpu.tensors import centre_crop

STYLE = asset_path("export", "report.css")
WRONG_SHOWN = 24  # pictures at most


def report_page(
    facts: Mapping[str, Any],
    pictures: Mapping[int, bytes],
    *,
    link: str | None = None,
    language: str = SOURCE_LANGUAGE,
) -> str:
    """Make the HTML page.

    Args:
        facts: From `app.model.training_report`, also after a round trip through JSON.
        pictures: JPEG data by sample id; samples that are not in it are shown without a picture.
        link: Name of the file beside it that runs the model; None if there is none.
        language: A language of LANGUAGES.
    """

    def say(text: Message) -> str:
        return translated(text, language)

    labels = escape(", ".join(facts["labels"]))
    digest = f"<code>{escape(facts['extractor']['sha256'])}</code>"
    parts = [
        f"<header><h1>{labels}</h1>",
        f"<p class=lead>{_sentences(say, *_accuracy(facts), *_not_sure(facts))}</p>",
        _note(_sentences(say, *_held_out(facts))) if _tested(facts) else "",
        "" if link is None else _link(say, link),
        "</header>",
        _section(
            say(message("Classes")), _classes(facts, say) + "".join(map(_note, map(say, _looks_at_background(facts))))
        ),
        *(_test_sections(facts, pictures, say) if _tested(facts) else ()),
        _section(say(message("The exported file")), _exported(facts, say)),
        "<footer>",
        say(message("Embedding extractor {name}", name=escape(facts["extractor"]["name"]))),
        f", sha256 {digest}</footer>",
    ]
    title = say(message("Report: {labels}", labels=labels))
    style = STYLE.read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style>'
        f"<main>{''.join(parts)}</main></html>\n"
    )


def _sentences(say: Say, *sentences: Message) -> str:
    return " ".join(map(say, sentences))


def _tested(facts: Mapping[str, Any]) -> bool:
    """Whether the held-out pictures are more than near-duplicates of taught ones. Version 0.1 did not find that out."""
    return facts.get("validation_from") is not None


def _test_sections(facts: Mapping[str, Any], pictures: Mapping[int, bytes], say: Say) -> tuple[str, ...]:
    note = _note(say(message("Rows: true class. Columns: answer of the model. Held-out pictures only.")))
    return (
        _section(say(message("Learning curve")), learning_curve(facts["curve"], say)),
        _section(say(message("Confusion matrix")), _confusion(facts) + note),
        _section(say(message("Wrong answers")), _wrong(facts, pictures, say)),
    )


def _accuracy(facts: Mapping[str, Any]) -> Iterator[Message]:
    """Say how many held-out pictures were classified correctly, and what kind of pictures they are."""
    if not _tested(facts):
        yield message("It was not tested with other pictures.")
        yield message("Hold each button twice, then press TRAIN: one hold tests what the other has taught.")
        return
    accuracy, held_out = facts["validation_accuracy"], sum(map(sum, facts["confusion"]))
    yield counted(
        "{share} of the {count} picture held out was classified correctly.",
        "{share} of the {count} pictures held out were classified correctly.",
        held_out,
        share=Message("<b>{share}</b>", (("share", percent(accuracy)),)),
    )
    if facts.get("validation_from") == "views":
        yield message(
            "They are copies of taught pictures that were turned, moved and lit, because each class was shown in one "
            "hold only."
        )


def _held_out(facts: Mapping[str, Any]) -> Iterator[Message]:
    yield message("“Held out” means that the training kept these pictures back for a test and did not learn from them.")
    if facts.get("validation_from") == "holds":
        yield message("So they show how well the model names new pictures.")
        if once := [label for label, count in zip(facts["labels"], facts.get("holds", ()), strict=False) if count < 2]:
            yield message("Not tested, because shown in one hold only: {labels}.", labels=escape(", ".join(once)))
    else:
        yield message("Copies of taught pictures are easier than new ones, so expect more mistakes with those.")


def _link(say: Say, name: str) -> str:
    text = say(message("Try the model: {file}", file=escape(name)))
    return f'<p class=links><a href="{escape(name)}">{text}</a></p>'


def _not_sure(facts: Mapping[str, Any]) -> Iterator[Message]:
    if not facts["threshold"]:
        yield message("It was trained to name every picture: its answer is never “not sure”.")
        return
    yield message(
        "Below {threshold}, or for a thing that differs from everything taught, the answer is “not sure”.",
        threshold=percent(facts["threshold"]),
    )
    if _tested(facts) and "refused" in facts:  # early versions did not count this
        yield message("That happened for {share} of them.", share=percent_with_tenth(facts["refused"]))
    if facts.get("provisional", False):
        yield message("The limit is provisional: the extractor had not been measured yet. Train again later.")


def _exported(facts: Mapping[str, Any], say: Say) -> str:
    agreement = facts["agreement"]
    compared = message(
        "It was compared with the trained model on {compared} of the {taught} pictures taught: the same answer for "
        "{share} of them; the mean difference of probabilities is {difference}.",
        compared=agreement["pictures"],
        taught=sum(facts["shots"]),
        share=percent_with_tenth(agreement["same_answer"]),
        difference=f"{agreement['mean_difference']:.4f}",
    )
    rows = [(escape(step), f"{seconds:.3f}") for step, seconds in facts["seconds"].items()]
    return f"<p>{say(compared)}</p>" + _table((say(message("step")), say(message("seconds"))), rows)


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>{body}</section>"


def _note(text: str) -> str:
    return f"<p class=note>{text}</p>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "plain") -> str:
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    names = "".join(f"<th>{name}</th>" if name else "<td></td>" for name in head)
    return f"<table class={kind}><tr>{names}</tr>{cells}</table>"


def _classes(facts: Mapping[str, Any], say: Say) -> str:
    rows = []
    accuracies = facts["class_accuracy"] if _tested(facts) else [None] * len(facts["labels"])
    for label, shots, accuracy in zip(facts["labels"], facts["shots"], accuracies, strict=True):
        share = accuracy or 0.0
        bar = f'<div class=bar><i style="width:{share:.1%}"></i></div>'
        rows.append((escape(label), str(shots), bar, "–" if accuracy is None else say(percent(accuracy))))
    head = (message("class"), message("pictures taught"), message("correct of those held out"))
    return _table((*map(say, head), ""), rows, "classes")


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
    return f"<div class=scroll><table class=confusion><tr><td></td>{head}</tr>{''.join(rows)}</table></div>"


def _wrong(facts: Mapping[str, Any], pictures: Mapping[int, bytes], say: Say) -> str:
    if not facts["wrong"]:
        none = say(message("None."))
        return f"<p>{none}</p>"
    labels, shown = facts["labels"], []
    for one in facts["wrong"][:WRONG_SHOWN]:
        image = _images(one, pictures.get(one["sample"]))
        truth, answer = escape(labels[one["truth"]]), escape(labels[one["answer"]])
        text = f"{truth} → <b>{answer}</b> {say(percent(one['confidence']))}"
        if _is_covered(one):
            how = say(message("found by covering parts"))
            text += f"<br><small>{how}</small>"
        shown.append(f"<figure>{image}<figcaption>{text}</figcaption></figure>")
    more = len(facts["wrong"]) - len(shown)
    return (
        f"<div class=pictures>{''.join(shown)}</div>"
        + (_note(say(message("and {count} more", count=more))) if more > 0 else "")
        + "".join(map(_note, map(say, _about_light(facts["wrong"][:WRONG_SHOWN], pictures))))
    )


def _images(one: Mapping[str, Any], picture: bytes | None) -> str:
    """A confused picture and the same one lit by what misled the model; the light alone if the picture stays here."""
    image = "" if picture is None else _image("image/jpeg", picture)
    if "why" not in one:
        return image
    why = from_json(one["why"])
    colour = class_colour(why.winner)
    if picture is None:
        return _image("image/png", png_file(drawn_alone(why, colour, labelled=False)))
    try:
        drawn = drawn_over(centre_crop(decode_picture(picture)), why, colour, labelled=False)
    except PictureDamaged:
        return image
    return f"<div class=pair>{image}{_image('image/jpeg', encode_picture(drawn))}</div>"


def _image(kind: str, data: bytes) -> str:
    return f'<img alt="" src="data:{kind};base64,{base64.b64encode(data).decode()}">'


def _is_covered(one: Mapping[str, Any]) -> bool:
    return "why" in one and bool(one["why"]["way"] == Way.OCCLUSION.value)


def _about_light(shown: Sequence[Mapping[str, Any]], pictures: Mapping[int, bytes]) -> Iterator[Message]:
    lit = [one for one in shown if "why" in one]
    if not lit:
        return
    yield message("The light parts look more like the wrong answer than like the right one.")
    if any(map(_is_covered, lit)):
        yield message("They were found by covering parts of the pictures, which is not exact.")
    if any(one["sample"] not in pictures for one in lit):
        yield message("The pictures themselves stay on the kiosk, so the light stands alone.")
    if len(lit) < len(shown):
        yield message("Where the light is missing, there was no time to find it.")


def _looks_at_background(facts: Mapping[str, Any]) -> Iterator[Message]:
    """Name the classes that the model knows by their background; reports of earlier versions do not say."""
    for label, is_so in zip(facts["labels"], facts.get("looks_at_background") or (), strict=False):
        if is_so:
            yield message(
                "The model knows “{label}” mostly by what is behind it. Teach it again in front of another background.",
                label=escape(label),
            )
