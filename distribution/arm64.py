"""Use the kiosk on a 64-bit ARM system: a Debian root of that processor, which qemu emulates, or a real one.

Run as root: `make test-arm64`, or `python distribution/arm64.py --suite trixie --tests tests/learning tests/tpu`.

The wheel is installed with pip, from files; then come the demonstration, `train`, `classify`, the tests, one file after
the other, and a comparison of models and embeddings with this computer's (benchmarks/arm64.py). Emulation is about
twenty times slower, so every part that passed is recorded in `build/arm64-SUITE/state.json` and not run again. With
`--seconds` no part starts after that time, and the next call goes on. Parts that failed run again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from distribution.deb.build import NEWEST_GLIBC, PIP, BuildRefused, build_wheel, copy_sources, run
from distribution.roots import EMULATED, REPOSITORY, Root, RootUnavailable, make_root

PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
PACKAGES = ("ca-certificates", "libgl1", "libglib2.0-0", "mount", "procps", "python3", "python3-venv")
COMMAND, PYTHON = "/opt/kiosk/bin/teachable-kiosk", "/opt/kiosk/bin/python"
SOURCES, PICTURES, FIGURES = "/opt/sources", "/opt/pictures", "/opt/figures"
TESTS = ("tests/learning", "tests/tpu", "tests/app")
LIMIT_S = 6000
UNFINISHED = 3


@dataclass(frozen=True)
class Part:
    """One thing to try: its name in the record, and what runs it; that returns an exit code and its output."""

    name: str
    work: Callable[[], tuple[int, str]]


def main() -> int:
    """Run what has not passed yet and return the exit code: 0 if all has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", choices=sorted(PYTHONS), default="bookworm", help="Debian release")
    parser.add_argument("--processor", default=EMULATED["arm64"], help="that qemu plays (default: %(default)s)")
    parser.add_argument("--tests", nargs="*", default=TESTS, metavar="PATH", help="test files and folders")
    parser.add_argument("--photos", type=Path, help="groups of photographs besides the rendered pictures")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "build", metavar="DIR", help="for the system")
    parser.add_argument("--only", nargs="+", metavar="PART", help="run these parts alone, whether they passed or not")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no part after this time")
    options = parser.parse_args()
    try:
        return try_everything(options)
    except (RootUnavailable, BuildRefused) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def try_everything(options: argparse.Namespace) -> int:
    """Run the parts that have not passed yet, and say which have."""
    until = time.monotonic() + options.seconds
    work = options.work.resolve() / f"arm64-{options.suite}"
    root = make_root(work / "root", options.suite, "arm64", PACKAGES, options.processor)
    record = Record(work / "state.json")
    station = Station(root, work, PYTHONS[options.suite], options.photos)
    parts = [
        Part("install", station.install),
        Part("demonstration", station.demonstration),
        Part("train", station.train),
        Part("classify", station.classify),
        *(Part(str(file), partial(station.test, file)) for file in test_files(options.tests)),
        Part("figures", partial(station.figures, until)),
    ]
    wanted = [part for part in parts if (part.name in options.only if options.only else not record.passed(part.name))]
    for part in wanted:
        if time.monotonic() > until:
            print("The time is over. The next call goes on here.")
            return UNFINISHED
        record.run(part)
    failed = [part.name for part in parts if not record.passed(part.name)]
    print(f"{len(parts) - len(failed)} of {len(parts)} parts have passed.", *failed, sep="\n  not yet: ")
    return 1 if failed else 0


def test_files(paths: Sequence[str]) -> list[Path]:
    """The test files in some folders, relative to the project, in a fixed order."""
    files = []
    for path in paths:
        place = REPOSITORY / path
        files += sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
    return [file.relative_to(REPOSITORY) for file in files]


class Record:
    """What was tried and how it ended, in a file that every part updates; two calls may work side by side.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts = self._read()

    def passed(self, name: str) -> bool:
        """Whether a part has passed."""
        return self._parts.get(name, {}).get("code") == 0

    def run(self, part: Part) -> None:
        """Run a part and note how it ended; beside the record is its output if it failed the last time."""
        started_s = time.monotonic()
        code, output = part.work()
        seconds = round(time.monotonic() - started_s)
        last = (output.strip().splitlines() or [""])[-1]
        self._parts = self._read()
        self._parts[part.name] = {"code": code, "seconds": seconds, "last_line": last}
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(self._parts, indent=1))
        partial.replace(self._path)
        log = self._path.parent / f"{part.name.replace('/', '.')}.log"
        if code:
            log.write_text(output)
        else:
            log.unlink(missing_ok=True)
        print(f"{'ok  ' if code == 0 else 'FAIL'} {seconds:5d} s  {part.name}: {last}", flush=True)

    def _read(self) -> dict[str, dict[str, object]]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}


class Station:
    """The system with the kiosk.

    Args:
        root: The system.
        work: Folder for what this computer makes.
        python: The system's Python, as "3.11".
        photos: Groups of photographs, or None.
    """

    def __init__(self, root: Root, work: Path, python: str, photos: Path | None) -> None:
        self._root, self._work, self._python, self._photos = root, work, python, photos
        sources = self._root.path(SOURCES)
        copied = copy_sources(sources)
        for module in sources.rglob("*.py"):
            if module.relative_to(sources) not in copied:  # from an earlier call: tests must not find it
                module.unlink()

    def install(self) -> tuple[int, str]:
        """Install the wheel and what its tests need into a new environment, without a network."""
        wheels = self._root.path("opt/wheels")
        shutil.rmtree(wheels, ignore_errors=True)
        glibc = (f"manylinux_2_{minor}_aarch64" for minor in range(NEWEST_GLIBC, 16, -1))
        platforms = [word for name in (*glibc, "manylinux2014_aarch64") for word in ("--platform", name)]
        with TemporaryDirectory() as scratch:
            wheel = build_wheel(Path(scratch))
            run([
                *(*PIP, "download", "--quiet", "--dest", str(wheels)),
                *("--only-binary", ":all:", "--implementation", "cp", "--python-version", self._python),
                *(*platforms, f"{wheel}[test,drives]"),
            ])  # fmt: skip
        (wheel,) = wheels.glob("teachable_kiosk-*.whl")
        shutil.rmtree(self._root.path("opt/kiosk"), ignore_errors=True)
        # pip runs from Debian's own wheel: a copy for this environment would take minutes to unpack.
        pip = "import glob, runpy, sys; sys.path.insert(0, *glob.glob('/usr/share/python-wheels/pip-*.whl')); "
        pip += "runpy.run_module('pip', run_name='__main__')"
        made = self._root.run("python3", "-m", "venv", "--without-pip", "/opt/kiosk")
        if made.returncode:
            return made.returncode, made.stdout
        return self._run(
            *(PYTHON, "-c", pip, "install", "--quiet", "--no-compile", "--no-index", "--find-links", "/opt/wheels"),
            f"/opt/wheels/{wheel.name}[test,drives]",
        )

    def demonstration(self) -> tuple[int, str]:
        """Run the scripted visit to its end."""
        return self._run(COMMAND, "--demo", "--headless", "--json", "/opt/demo/demo.json")

    def train(self) -> tuple[int, str]:
        """Train a model on the rendered pictures."""
        self._make_pictures()
        self._root.run("rm", "-rf", "/opt/model")
        return self._run(COMMAND, "train", f"{PICTURES}/rendered", "--out", "/opt/model", "--json", "/opt/train.json")

    def classify(self) -> tuple[int, str]:
        """Classify some of the pictures; most answers have to be right."""
        kinds = sorted(path.name for path in self._root.path(f"{PICTURES}/rendered").iterdir())
        pictures = [f"{PICTURES}/rendered/{kind}/{number:03}.png" for kind in kinds for number in (3, 17, 41)]
        code, output = self._run(COMMAND, "classify", "/opt/model", *pictures, "--json", "/opt/classify.json")
        if code:
            return code, output
        named = [one["label"] for one in json.loads(self._root.path("opt/classify.json").read_text())]
        right = sum(name == picture.split("/")[-2] for name, picture in zip(named, pictures, strict=True))
        return int(right < 0.9 * len(pictures)), f"{output}\n{right} of {len(pictures)} answers are right"

    def test(self, file: Path) -> tuple[int, str]:
        """Run one test file; a file that needs another environment has nothing to run."""
        words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", str(LIMIT_S), str(file))
        code, output = self._run(PYTHON, *words, folder=SOURCES)
        nothing_to_run = 5
        return (0 if code == nothing_to_run else code), output

    def figures(self, until: float) -> tuple[int, str]:
        """Compare models, embeddings and answers with those of this computer."""
        self._make_pictures()
        program = "benchmarks/arm64.py"
        seconds = str(max(1.0, min(until - time.monotonic(), 1e9)))
        measured = ("measure", "--pictures", PICTURES, "--out", FIGURES, "--seconds", seconds)
        code, output = self._run(PYTHON, program, *measured, folder=SOURCES)
        if code:
            return code, output
        pictures, here = self._root.path(PICTURES), self._work / "figures"
        words = ("measure", "--pictures", str(pictures), "--out", str(here))
        done = [self._here(program, *words), self._here(program, "compare", str(here), str(self._root.path(FIGURES)))]
        print(done[1].stdout)
        return max(one.returncode for one in done), "".join(one.stdout for one in done)

    def _make_pictures(self) -> None:
        place = self._root.path(PICTURES)
        if place.exists():
            return
        place.mkdir()
        done = self._here("benchmarks/arm64.py", "render", str(place))
        if done.returncode:
            raise BuildRefused(f"no pictures were rendered: {done.stdout.strip()}")
        if self._photos:
            shutil.copytree(self._photos, place, dirs_exist_ok=True)

    def _run(self, *words: str, folder: str = "/opt") -> tuple[int, str]:
        self._root.path("opt/demo").mkdir(exist_ok=True)
        done = self._root.run(*words, folder=folder)
        return done.returncode, done.stdout

    def _here(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
