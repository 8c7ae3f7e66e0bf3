"""Run a script of the Debian package on a folder that plays the system."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from distribution.deb.build import PARTS

PEOPLE = "root:x:0:0:root:{root}/root:/bin/bash\nanna:x:1000:1000:Anna:{root}/home/anna:/bin/bash\n"


def script_in_folder(name: str, root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `postinst` and its like with every path of the system below `root`; nobody's accounts change.

    Args:
        name: Of the script.
        root: Plays the system.
        words: What dpkg calls the script with.
    """
    programs = root / "programs"
    programs.mkdir(exist_ok=True)
    people = PEOPLE.format(root=root)
    for program, body in {
        "getent": f"cat <<'END'\n{people}END\n" if name == "postrm" else "exit 2",
        "useradd": "exit 0",
        "userdel": "exit 0",
        "systemctl": "exit 0",
    }.items():
        (programs / program).write_text(f"#!/bin/sh\n{body}\n")
        (programs / program).chmod(0o755)
    text = re.sub(r"(?<![\w$.}])/(opt|etc|var|run|usr)/", rf"{root}/\1/", (PARTS / name).read_text())
    script = programs / name
    script.write_text(text)
    (root / "run").mkdir(exist_ok=True)
    return subprocess.run(
        ["/bin/sh", str(script), *words],
        capture_output=True, text=True, check=False, env={"PATH": f"{programs}:/usr/bin:/bin"},
    )  # fmt: skip
