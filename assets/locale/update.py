"""Bring the catalogues up to date with the program: `make messages`.

New texts come in without a translation, texts that are gone go, and what is translated is compiled. Written in a form
of its own, sorted and without dates, so that a change shows what changed.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr
from datetime import datetime, timezone
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parent.parent / "app"
KEYWORDS = {"message": None, "counted": (1, 2)}
NO_DATE = datetime(2000, 1, 1, tzinfo=timezone.utc)  # always the same, so that the same texts make the same files
HEADER = (
    "Project-Id-Version: teachable-kiosk",
    "Language: {language}",
    "Plural-Forms: {plural}",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
)


def main() -> None:
    """Update every catalogue and say what is not translated yet."""
    with redirect_stderr(io.StringIO()) as complaints:
        texts = {text for _, _, text, _, _ in extract_from_dir(PROGRAM, [("**.py", "python")], keywords=KEYWORDS)}
    for line in complaints.getvalue().splitlines():
        if "Skipping f-string" not in line:  # an argument such as name=f"…", which is no text
            print(line, file=sys.stderr)
    for path in sorted(HERE.glob("*/LC_MESSAGES/kiosk.po")):
        language = path.parent.parent.name
        with path.open("rb") as file:
            known = read_po(file, language)
        path.write_text(_written(texts, known), encoding="utf-8")
        with path.open("rb") as file, path.with_suffix(".mo").open("wb") as compiled:
            catalogue = read_po(file, language)
            catalogue.creation_date = catalogue.revision_date = NO_DATE
            write_mo(compiled, catalogue)
        missing = [one.id for one in catalogue if one.id and not all(_forms(one.string))]
        print(f"{language}: {len(texts) - len(missing)} of {len(texts)}", *missing, sep="\n    ")


def _written(texts: set[str | tuple[str, ...]], known: Catalog) -> str:
    header = [line.format(language=known.locale_identifier, plural=known.plural_forms) for line in HEADER]
    blocks = ['msgid ""\nmsgstr ""\n' + "\n".join(f'"{line}\\n"' for line in header)]
    for text in sorted(texts, key=_forms):
        entry = known.get(text if isinstance(text, str) else text[0])
        done = _forms(entry.string) if entry is not None else ()
        if isinstance(text, str):
            blocks.append(f"msgid {_quoted(text)}\nmsgstr {_quoted(done[0] if done else '')}")
        else:
            forms = done or ("",) * known.num_plurals
            lines = [f"msgid {_quoted(text[0])}", f"msgid_plural {_quoted(text[1])}"]
            blocks.append("\n".join([*lines, *(f"msgstr[{n}] {_quoted(form)}" for n, form in enumerate(forms))]))
    return "\n\n".join(blocks) + "\n"


def _forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


if __name__ == "__main__":
    main()
