"""Build the Debian package: the application in an environment of its own under /opt, and what a system needs around it.

Run: `make deb`, or `python distribution/deb/build.py --architecture arm64 --pythons 3.11 3.13 --out dist`.

Everything is in the package: installing it needs no network and builds nothing. The environment is a virtual
environment for the system's Python, with one folder of packages for each Python that the package serves, so an upgrade
of the system to the next of these needs no new package. Wheels come ready-made from the package index, also for another
processor than this computer's.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from email.utils import format_datetime
from pathlib import Path

NAME = "teachable-kiosk"
MAINTAINER = "The Teachable Kiosk developers <teachable-kiosk@localhost>"
REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = Path(__file__).resolve().parent
HOME = Path("opt") / NAME
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")  # its advice would be the last line of an error
PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64"}
PYTHONS = ("3.11", "3.13")
"""Those of Debian 12 and 13, and of Raspberry Pi OS."""
NEWEST_GLIBC = 36  # Debian 12 has 2.36: a wheel that needs a newer one does not run there
EXTRAS = "[drives]"
MORE = ("gpiozero>=2.0",)
SYSTEM_PACKAGES = Path("/usr/lib/python3/dist-packages")
SCRIPTS = ("postinst", "postrm", "preinst", "prerm")

Fill = Callable[[Path, str, str], None]
"""Puts the application and what it depends on into a folder of packages, for a processor and a Python."""


class BuildRefused(Exception):
    """The package cannot be built. The text says why, and what to do."""


def main() -> int:
    """Build one package and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", choices=sorted(PROCESSORS), help="of the package (default: this computer's)")
    parser.add_argument("--pythons", nargs="+", default=PYTHONS, metavar="VERSION", help="that the package serves")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "dist", metavar="DIR")
    parser.add_argument("--wheel", type=Path, help="of the application (default: built from this folder)")
    parser.add_argument("--fast", action="store_true", help="compress less: for tests")
    options = parser.parse_args()
    try:
        check_tools()
        architecture = options.architecture or this_architecture()
        with tempfile.TemporaryDirectory() as scratch:
            wheel = options.wheel or build_wheel(Path(scratch) / "wheel")
            staging = Path(scratch) / "package"
            stage(staging, architecture, options.pythons, version_of(wheel), filled_from(wheel))
            print(pack(staging, options.out, fast=options.fast))
    except BuildRefused as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def check_tools() -> None:
    """Check that this computer can build packages.

    Raises:
        BuildRefused: Naming the Debian package that is missing.
    """
    if shutil.which("dpkg-deb") is None:
        raise BuildRefused("dpkg-deb is missing. Install it: sudo apt install dpkg")


def this_architecture() -> str:
    """Return Debian's name for this computer's processor.

    Raises:
        BuildRefused: If no package can be built for it.
    """
    asked = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
    if (name := asked.stdout.strip()) not in PROCESSORS:
        raise BuildRefused(f"there are no wheels for {name}. Name another architecture: {' or '.join(PROCESSORS)}.")
    return name


def build_wheel(folder: Path) -> Path:
    """Build the application's wheel from a copy of the sources and return its path."""
    copy = folder / "sources"
    copy_sources(copy)
    run([*PIP, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(copy)])
    (wheel,) = folder.glob("*.whl")
    return wheel


def copy_sources(folder: Path) -> set[Path]:
    """Copy the project's files, as they are now, and the engine of the page in saved folders, which git ignores.

    Returns:
        The files, relative to the folder.
    """
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY)
    engine = (path.relative_to(REPOSITORY) for path in (REPOSITORY / "assets/web/engine").glob("*"))
    names = (*map(Path, filter(None, listed.split("\0"))), *engine)
    copied = {name for name in names if (REPOSITORY / name).is_file()}
    for name in copied:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, folder / name)
    return copied


def version_of(wheel: Path) -> str:
    """Return the Debian version of a wheel: versions before a release sort before it."""
    version = wheel.name.split("-")[1]
    for mark in (".dev", "a", "b", "rc"):
        version = version.replace(mark, f"~{mark.lstrip('.')}")
    return version


def filled_from(wheel: Path) -> Fill:
    """Return what fills a folder with a wheel and everything that it depends on, from the package index."""

    def fill(packages: Path, processor: str, python: str) -> None:
        glibc = [f"manylinux_2_{minor}_{processor}" for minor in range(NEWEST_GLIBC, 16, -1)]
        platforms = [word for name in (*glibc, f"manylinux2014_{processor}") for word in ("--platform", name)]
        run([
            *PIP, "install", "--quiet", "--no-compile",
            "--target", str(packages), "--only-binary", ":all:", "--implementation", "cp",
            "--python-version", python, *platforms, f"{wheel}{EXTRAS}", *MORE,
        ])  # fmt: skip

    return fill


def stage(staging: Path, architecture: str, pythons: Sequence[str], version: str, fill: Fill) -> None:
    """Put every file of the package below `staging`, where it is on the installed system, and its control files."""
    for python in pythons:
        packages = staging / HOME / f"lib/python{python}/site-packages"
        packages.mkdir(parents=True)
        fill(packages, PROCESSORS[architecture], python)
        clean(packages)
        link_pins(packages, PROCESSORS[architecture], python)
    share_equal_files(staging / HOME / "lib")
    add_environment(staging / HOME, pythons)
    add_system_files(staging, version)
    add_control(staging, architecture, pythons, version)


def clean(packages: Path) -> None:
    """Remove what belongs to the computer that built it: scripts that name its Python, paths, and compiled code."""
    for name in ("bin", "include"):
        shutil.rmtree(packages / name, ignore_errors=True)
    for folder in list(packages.rglob("__pycache__")):
        shutil.rmtree(folder)
    for note in packages.glob("*.dist-info/direct_url.json"):
        note.unlink()
    command = f"bin/{NAME}"
    for record in packages.glob("*.dist-info/RECORD"):
        lines = []
        for line in record.read_text(encoding="utf-8").splitlines():
            path = line.split(",")[0]
            if path.endswith(f"/{command}"):
                lines.append(f"../../../{command},,")  # `install` finds the command by this line
            elif not path.startswith("../") and not path.endswith(("/direct_url.json", ".pyc")):
                lines.append(line)
        record.write_text("\n".join(lines) + "\n", encoding="utf-8")


def link_pins(packages: Path, processor: str, python: str) -> None:
    """Let the environment use the system's lgpio, once python3-lgpio is installed: it has no wheels for Python 3.13."""
    module = f"_lgpio.cpython-{python.replace('.', '')}-{processor}-linux-gnu.so"
    for name in ("lgpio.py", module):
        (packages / name).symlink_to(SYSTEM_PACKAGES / name)


def share_equal_files(folder: Path) -> None:
    """Make one file, with several names, of files with the same content: most do not depend on the Python."""
    first: dict[tuple[int, bytes], Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or not (size := path.stat().st_size):
            continue
        same = first.setdefault((path.stat().st_mode, size.to_bytes(8, "big") + digest(path)), path)
        if same is not path:
            path.unlink()
            path.hardlink_to(same)


def add_environment(home: Path, pythons: Sequence[str]) -> None:
    """Make a virtual environment of the system's Python, and the command."""
    (home / "bin").mkdir()
    (home / "bin/python3").symlink_to("/usr/bin/python3")
    (home / "bin/python").symlink_to("python3")
    (home / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    command = home / "bin" / NAME
    command.write_text(
        f"#!/{HOME}/bin/python3\nimport sys\n\nfrom run_kiosk import main\n\nsys.exit(main())\n", encoding="utf-8"
    )
    command.chmod(0o755)
    (home / "pythons").write_text("".join(f"{python}\n" for python in pythons))


def add_system_files(staging: Path, version: str) -> None:
    """Add what a system needs around the application: command, manual, menu entry, rules, settings, documents."""
    assets, documents = REPOSITORY / "assets", staging / "usr/share/doc" / NAME
    link = staging / "usr/bin" / NAME
    link.parent.mkdir(parents=True)
    link.symlink_to(f"/{HOME}/bin/{NAME}")
    put(staging / f"usr/share/applications/{NAME}.desktop", (PARTS / f"{NAME}.desktop").read_bytes())
    put(staging / f"usr/lib/udev/rules.d/60-{NAME}.rules", (assets / f"udev/{NAME}.rules").read_bytes())
    put(staging / f"etc/{NAME}/kiosk.toml", (assets / "kiosk.toml").read_bytes())
    put(staging / f"usr/share/man/man1/{NAME}.1.gz", compressed((PARTS / f"{NAME}.1").read_bytes()))
    put(documents / "CHANGELOG.md.gz", compressed((REPOSITORY / "CHANGELOG.md").read_bytes()))
    date = format_datetime(datetime.fromtimestamp(int(date_of_sources()), timezone.utc))
    entry = f"{NAME} ({version}) stable; urgency=medium\n\n  * See CHANGELOG.md.gz.\n\n -- {MAINTAINER}  {date}\n"
    put(documents / "changelog.gz", compressed(entry.encode()))
    put(documents / "copyright", (PARTS / "copyright").read_bytes())
    for page in sorted((REPOSITORY / "docs").glob("*.md")):
        put(documents / page.name, page.read_bytes())


def add_control(staging: Path, architecture: str, pythons: Sequence[str], version: str) -> None:
    """Write the control files: what the package is and needs, its settings file, its scripts, the sums of its files."""
    control = staging / "DEBIAN"
    control.mkdir()
    files = sorted(path for path in staging.rglob("*") if path.is_file() and not path.is_symlink())
    sizes = {path.stat().st_ino: path.stat().st_size for path in files}
    numbers = sorted(tuple(map(int, python.split("."))) for python in pythons)
    values = {
        "VERSION": version,
        "MAINTAINER": MAINTAINER,
        "ARCHITECTURE": architecture,
        "SIZE": str(sum(sizes.values()) // 1024 + 1),
        "PYTHON": " | ".join(f"python{python}" for python in pythons),
        "OLDEST": ".".join(map(str, numbers[0])),
        "NEXT": f"{numbers[-1][0]}.{numbers[-1][1] + 1}",
    }
    text = (PARTS / "control.in").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    put(control / "control", text.encode())
    put(control / "conffiles", f"/etc/{NAME}/kiosk.toml\n".encode())
    put(control / "triggers", b"interest-noawait /usr/bin/python3\n")
    sums = (f"{digest(path, 'md5').hex()}  {path.relative_to(staging)}\n" for path in files)
    put(control / "md5sums", "".join(sums).encode())
    for name in SCRIPTS:
        put(control / name, (PARTS / name).read_bytes(), mode=0o755)


def pack(staging: Path, out: Path, *, fast: bool = False) -> Path:
    """Pack a staged package into `out` and return its path. The same files give the same bytes."""
    fields = dict(line.split(": ", 1) for line in (staging / "DEBIAN/control").read_text().splitlines() if ": " in line)
    package = out / f"{NAME}_{fields['Version']}_{fields['Architecture']}.deb"
    out.mkdir(parents=True, exist_ok=True)
    for path in (staging, *staging.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
    compression = ["-Zgzip", "-z1"] if fast else ["-Zxz", "-z6"]
    run(
        ["dpkg-deb", "--root-owner-group", *compression, "--build", str(staging), str(package)],
        env={**os.environ, "SOURCE_DATE_EPOCH": date_of_sources()},
    )
    return package


def date_of_sources() -> str:
    """Return the time of the newest commit, in seconds since 1970; files of the package are not newer."""
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "0"


def put(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write one file and the folders around it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)


def compressed(data: bytes) -> bytes:
    """Compress as Debian's policy wants it: as much as possible, without a time."""
    return gzip.compress(data, 9, mtime=0)


def digest(path: Path, method: str = "sha256") -> bytes:
    """Return the digest of a file."""
    return hashlib.new(method, path.read_bytes(), usedforsecurity=False).digest()


def run(words: Sequence[str], **options: object) -> str:
    """Run a program and return what it printed.

    Raises:
        BuildRefused: If it cannot be started, or, with its last line, if it fails.
    """
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    except OSError as error:
        raise BuildRefused(f"{words[0]} cannot be started: {error.strerror}. Install it, then build again.") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise BuildRefused(f"{' '.join(map(str, words[:4]))} … failed: {lines[-1]}")
    return str(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
