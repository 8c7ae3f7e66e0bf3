"""The small changes that can be made to the code, and a seeded sample of them.

cosmic-ray knows the changes: a comparison, an operator, a number, a condition, a keyword. A place in the code counts
once, however many changes are possible there, so that long formulas do not crowd out the conditions. A change keeps its
rank in the sample while its own line stays as it is, whatever happens in the rest of the file.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

Position = tuple[int, int]


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes:
        path: The file, relative to the repository.
        line: Line of the change, from 1.
        operator: cosmic-ray's name of the kind of change.
        occurrence: Which of the operator's places in the file it is.
        key: Identifies the change as long as its line does not change.
    """

    path: str
    line: int
    operator: str
    occurrence: int
    key: str

    def applied(self, source: str) -> str:
        """The text of the file with the change."""
        changed = mutate_code(source, cosmic_ray.plugins.get_operator(self.operator)(), self.occurrence)
        assert changed is not None, f"{self} cannot be applied: the file has changed"
        return str(changed)


def sample(repository: Path, folders: Iterable[str], size: int, seed: int, cache: Path) -> list[Mutant]:
    """Choose changes at random, at most one at each place, the same ones for the same code and seed.

    Args:
        repository: The repository.
        folders: Where to make changes.
        size: Number of changes.
        seed: Chooses them.
        cache: A file that keeps what was found in files that do not change: looking for changes takes half a minute.
    """
    known: dict[str, list[list[str | int]]] = json.loads(cache.read_text(encoding="utf-8")) if cache.exists() else {}
    found: list[Mutant] = []
    for path in (path for folder in folders for path in sorted((repository / folder).rglob("*.py"))):
        name = str(path.relative_to(repository))
        key = hashlib.sha256(f"{seed} {name} ".encode() + path.read_bytes()).hexdigest()
        if key not in known:
            known[key] = [list(astuple(one)) for one in _of_file(path, name, seed)]
        found += (Mutant(*one) for one in known[key])  # type: ignore[arg-type]
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps(known), encoding="utf-8")
    return sorted(found, key=lambda mutant: mutant.key)[:size]


def _of_file(path: Path, name: str, seed: int) -> Iterator[Mutant]:
    """One change for each place of a file."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    unread = list(_annotations(source))
    by_place: dict[tuple[Position, Position], list[tuple[str, int]]] = {}
    for operator, occurrence, start, end in _changes(source):
        if not any(first <= start and end <= last for first, last in unread):
            by_place.setdefault((start, end), []).append((operator, occurrence))
    seen: Counter[str] = Counter()
    for (start, _), changes in sorted(by_place.items()):
        text = lines[start[0] - 1].strip()
        seen[text] += 1
        place = f"{seed} {name} {text} {seen[text]}"
        digest = hashlib.sha256(place.encode()).hexdigest()
        operator, occurrence = changes[int(digest, 16) % len(changes)]
        yield Mutant(name, start[0], operator, occurrence, digest[:12])


def _changes(source: str) -> Iterator[tuple[str, int, Position, Position]]:
    """Every change that cosmic-ray can make without arguments: operator, occurrence, start and end."""
    tree = get_ast(source)
    for name in cosmic_ray.plugins.operator_names():
        operator_class = cosmic_ray.plugins.get_operator(name)
        if operator_class.arguments():
            continue
        operator = operator_class()
        places = (place for node in ast_nodes(tree) for place in operator.mutation_positions(node))
        for occurrence, (start, end) in enumerate(places):
            yield name, occurrence, start, end


def _annotations(source: str) -> Iterator[tuple[Position, Position]]:
    """Start and end of each annotation: Python does not compute them here, so a change there changes nothing."""
    lines = source.splitlines()

    def position(line: int, offset_bytes: int) -> Position:
        return line, len(lines[line - 1].encode()[:offset_bytes].decode())

    for node in ast.walk(ast.parse(source)):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(annotation, ast.expr):
                start = position(annotation.lineno, annotation.col_offset)
                yield start, position(annotation.end_lineno or 0, annotation.end_col_offset or 0)
