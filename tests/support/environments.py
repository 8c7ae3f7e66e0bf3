"""A Python environment with only the named packages and their requirements."""

from __future__ import annotations

import re
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


def clean_environment(folder: Path, *packages: str) -> Path:
    """Create the environment from packages that are installed here, without a network; returns its Python."""
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in sorted(_with_requirements(packages)):
        found = distribution(name)
        for entry in {Path(path.parts[0]) for path in found.files or ()} - {Path("..")}:
            source, link = Path(str(found.locate_file(entry))), site / entry
            if not link.is_symlink() and "__pycache__" not in link.parts:
                link.symlink_to(source)
    return folder / "bin" / "python"


def _with_requirements(names: tuple[str, ...]) -> set[str]:
    wanted, done = list(names), set[str]()
    while wanted:
        name = wanted.pop()
        try:
            requirements = distribution(name).requires or []
        except PackageNotFoundError:  # of another platform or Python
            continue
        if name not in done:
            done.add(name)
            plain = (one for one in requirements if "extra ==" not in one)
            wanted += [re.split(r"[^\w.-]", one, maxsplit=1)[0] for one in plain]
    return done
