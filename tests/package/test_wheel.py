"""The wheel and the sdist hold every file, and an installed kiosk works without a checkout.

These tests download the packages that the kiosk depends on: `make test-wheel`.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.pictures import painted
from tests.support.processes import SMALL, headless

pytestmark = [pytest.mark.needs_index, pytest.mark.timeout(600)]

REPOSITORY = Path(__file__).resolve().parents[2]
ENGINE = {f"assets/web/engine/{name}" for name in ("engine.js", "engine.wasm.gz", "integrity.txt")}
PROGRAM = ("app", "assets", "learning", "tpu", "run_kiosk.py")


@dataclass(frozen=True)
class Built:
    """What was built: the wheel of the source tree, the sdist, and the wheel built from the sdist.

    `without_engine` is the wheel of a build whose npm fails, and `its_log` what that build wrote.
    """

    wheel: Path
    sdist: Path
    wheel_of_sdist: Path
    without_engine: Path
    its_log: str


class Installed:
    """The wheel in a virtual environment of its own, started from a folder that is no checkout."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self.python, self.command = environment / "bin/python", environment / "bin/teachable-kiosk"
        (self.packages,) = environment.glob("lib/python3*/site-packages")
        self.folder = folder
        kept = {name: value for name, value in headless().items() if not name.startswith("PYTHON")}
        self.environment = {**kept, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start the installed command."""
        return subprocess.Popen(
            [self.command, *words],
            cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *words: str | Path, program: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the installed command, or another program of the environment, to its end."""
        return subprocess.run(
            [program or self.command, *words],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip


def tracked(*places: str) -> set[str]:
    """Files of the project that exist and that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *places],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()}


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both builds, from clean copies of the source tree: a checkout may hold files of earlier builds."""
    folder = tmp_path_factory.mktemp("build")
    builds = []
    npm = folder / "programs" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\necho npm error request failed >&2\nexit 1\n")
    npm.chmod(0o755)
    path = {"wheel": os.environ["PATH"], "sdist": os.environ["PATH"], "bare": f"{npm.parent}:{os.environ['PATH']}"}
    for name, what in (("wheel", ["--wheel"]), ("sdist", []), ("bare", ["--wheel"])):
        for file in tracked():
            copy = folder / name / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / file, copy)
        words = [sys.executable, "-m", "build", *what, "--outdir", str(folder / f"{name}-dist"), str(folder / name)]
        log = (folder / f"{name}.log").open("w")
        builds.append((subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, "PATH": path[name]}), log))
    for build, log in builds:
        assert build.wait() == 0, Path(log.name).read_text()
        log.close()
    (wheel,), (sdist,) = (folder / "wheel-dist").glob("*.whl"), (folder / "sdist-dist").glob("*.tar.gz")
    (wheel_of_sdist,) = (folder / "sdist-dist").glob("*.whl")
    (bare,) = (folder / "bare-dist").glob("*.whl")
    return Built(wheel, sdist, wheel_of_sdist, bare, (folder / "bare.log").read_text())


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel and what it depends on, in an environment of their own, outside the checkout."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", folder / "environment"], check=True)
    pip = [folder / "environment/bin/python", "-m", "pip", "--quiet", "install", "--no-compile", built.wheel]
    done = subprocess.run(pip, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Installed(folder / "environment", folder)


@pytest.fixture(scope="module")
def demonstration(installed: Installed) -> Iterator[subprocess.Popen[str]]:
    """The demonstration on a small screen; it runs while the other tests run, because it takes long."""
    (installed.folder / "small.toml").write_text(SMALL)
    process = installed.start("--demo", "--headless", "--config", "small.toml", "--json", "demo.json")
    yield process
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def model(installed: Installed, demonstration: subprocess.Popen[str]) -> Path:
    """A folder that `train` wrote."""
    painted(installed.folder / "data")
    done = installed.run("train", "data", "--out", "model", "--json", "train.json")
    assert (done.returncode, done.stderr) == (0, "")
    return installed.folder / "model"


def test_the_wheel_holds_every_file_of_the_program_and_its_licences(built: Built) -> None:
    found = contents(built.wheel)
    metadata = {name for name in found if ".dist-info/" in name}
    assert set(found) - metadata - ENGINE == tracked(*PROGRAM)
    assert all(found[name] == (REPOSITORY / name).read_bytes() for name in tracked(*PROGRAM))
    licences = sorted(name.split("/licenses/")[1] for name in metadata if "/licenses/" in name)
    assert licences == [
        "LICENSE", "assets/fonts/LICENCE-MPLUSRounded1c.txt", "assets/web/LICENCE-LiteRT-parts.txt",
        "assets/web/LICENCE-LiteRT.txt",
    ]  # fmt: skip


def test_where_npm_is_missing_the_engine_is_fetched_with_one_from_a_package_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    step = runpy.run_path(str(REPOSITORY / "assets/web/fetch_engine.py"))
    assert shutil.which("npm") is None
    step["fetch_engine"](tmp_path / "engine", REPOSITORY / "assets/web/engine.json")
    assert step["is_complete"](tmp_path / "engine", REPOSITORY / "assets/web/engine.json")


def test_the_wheel_holds_the_engine_of_the_page_and_a_build_without_it_says_so(built: Built) -> None:
    assert set(contents(built.wheel)) >= ENGINE
    assert not set(contents(built.without_engine)) & ENGINE
    assert set(contents(built.without_engine)) | ENGINE == set(contents(built.wheel))
    version = json.loads((REPOSITORY / "assets/web/engine.json").read_text())["version"]
    missing = f"Saved folders will lack open_me.html: npm cannot fetch @litertjs/core@{version}: request failed."
    assert missing in built.its_log


def test_the_wheel_built_from_the_sdist_is_the_same(built: Built) -> None:
    assert contents(built.wheel_of_sdist) == contents(built.wheel)


def test_every_asset_is_installed_and_the_checkout_is_not_imported(installed: Installed) -> None:
    for name in tracked("assets"):
        assert (installed.packages / name).read_bytes() == (REPOSITORY / name).read_bytes()
    modules = ("app", "assets", "learning", "run_kiosk", "tpu")
    code = f"import {', '.join(modules)}; print(*(module.__file__ for module in ({', '.join(modules)})))"
    files = installed.run("-c", code, program=installed.python).stdout.split()
    assert len(files) == len(modules)
    assert all(file.startswith(f"{installed.packages}{os.sep}") for file in files)


def test_a_model_is_trained_and_classifies(installed: Installed, model: Path) -> None:
    report = json.loads((installed.folder / "train.json").read_text())
    assert report["samples"] == {"blue": 4, "red": 4}
    done = installed.run("classify", model, "data/red/0.png", "data/blue/0.png", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert [answer["label"] for answer in json.loads(done.stdout)] == ["red", "blue"]


def test_the_script_in_a_saved_folder_is_the_shipped_one(model: Path) -> None:
    assert (model / "classify.py").read_bytes() == (REPOSITORY / "assets/export/classify.py").read_bytes()
    assert "<style>" in (model / "report.html").read_text(encoding="utf-8")


def test_child_processes_start_in_a_folder_that_has_other_packages_of_the_same_names(
    installed: Installed, model: Path
) -> None:
    for name in ("app", "learning", "tpu", "assets"):
        decoy = installed.folder / name
        decoy.mkdir()
        (decoy / "__init__.py").write_text("raise SystemExit('the wrong package')")
    try:
        done = installed.run(Path(__file__).with_name("children.py"), model, program=installed.python)
    finally:
        for name in ("app", "learning", "tpu", "assets"):
            shutil.rmtree(installed.folder / name)
    assert done.returncode == 0, done.stderr
    labels, driver = done.stdout.splitlines()
    assert labels == "blue red"
    assert driver.startswith("the Edge TPU driver is missing (libnowhere.so.1: cannot open shared object file: ")


def test_the_doctor_finds_the_built_in_model(installed: Installed, demonstration: subprocess.Popen[str]) -> None:
    done = installed.run("doctor", "--camera", "demo", "--data-dir", "doctor")
    assert any(line.startswith("ok   model: kiosk_extractor on litert") for line in done.stdout.splitlines())
    assert done.returncode == int("FIX " in done.stdout)
    assert done.stderr == ""


def test_models_lists_the_built_in_one_where_it_is_installed(installed: Installed) -> None:
    done = installed.run("models")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split() == [
        "built-in", str(installed.packages / "assets/models/kiosk_extractor.tflite"),
    ]  # fmt: skip


def test_the_service_starts_the_installed_command(installed: Installed) -> None:
    done = installed.run("install", "--dry-run", "--screen", "desktop")
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    expected = f"ExecStart={installed.command} --fullscreen --config /etc/teachable-kiosk/kiosk.toml "
    assert [line.startswith(expected) for line in lines if line.startswith("ExecStart=")].count(True) == 1
    assert "Documentation=" in lines  # the manual is not part of the wheel


def test_bench_offers_the_benchmarks_that_are_in_the_wheel(installed: Installed) -> None:
    done = installed.run("bench", "head")
    assert done.returncode == 1
    assert done.stderr == (
        "error: unknown benchmark 'head'. Choose from: answers, growth, idle, pictures, pipeline, screen, start, "
        "train-to-live. A clone of the project contains more.\n"
    )
    code = "import app.commands.bench.screen, app.commands.bench.train_to_live"
    assert installed.run("-c", code, program=installed.python).returncode == 0


def test_usage_errors_name_the_command_and_exit_codes_are_those_of_run_kiosk(installed: Installed) -> None:
    usage = installed.run("bogus")
    assert usage.returncode == 2
    assert usage.stderr.splitlines()[-1].startswith("teachable-kiosk: error: argument COMMAND: invalid choice: 'bogus'")
    error = installed.run("models", "verify", "mobilenet_v1")
    assert (error.returncode, error.stderr) == (
        1,
        "error: the model mobilenet_v1 cannot be used: it is not on this machine. "
        "Download it: teachable-kiosk models pull mobilenet_v1\n",
    )  # fmt: skip


def test_the_demonstration_teaches_trains_and_saves(installed: Installed, demonstration: subprocess.Popen[str]) -> None:
    out, errors = demonstration.communicate()
    assert demonstration.returncode == 0, errors
    assert "A visitor taught " in out
    report = json.loads((installed.folder / "demo.json").read_text())
    assert report["live"]["accuracy"] >= 0.95
    assert (installed.folder / report["export"] / "SHA256SUMS").is_file()
    assert {Path(path).parent for path in report["screenshots"]} == {Path("demo-screens")}
