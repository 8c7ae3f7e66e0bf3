"""Fixtures that several test packages share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.edge_tpu.fixtures import extractors, stick, supervise  # noqa: F401

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES_OF_MARKERS = {
    "needs_browser": ("playwright", "websockets"),
    "needs_mediapipe": ("mediapipe",),
    "needs_torch": ("torch", "tensorflow"),
}
LONG = ("test_soak.py", "test_bit_flips.py", "test_command_line.py")
SHARED = Path(os.environ.get("KIOSK_SHARED", REPOSITORY.parent / "shared"))

if find_spec("hypothesis") is not None:  # the environment of MediaPipe has none
    from hypothesis import settings

    settings.register_profile("no deadline", deadline=None)  # tests must pass on a slow machine, too
    settings.load_profile("no deadline")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out files that cannot be imported here: their marker names packages that are not installed."""
    if collection_path.suffix != ".py" or not collection_path.name.startswith("test_"):
        return None
    text = collection_path.read_text(encoding="utf-8")
    marked = [packages for marker, packages in PACKAGES_OF_MARKERS.items() if f"pytest.mark.{marker}\n" in text]
    return True if any(find_spec(name) is None for packages in marked for name in packages) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that take longest first: others fill the time that they wait."""
    items.sort(key=lambda item: item.path.parent.name != "end_to_end" and item.path.name not in LONG)
    for item in items:
        if item.path.parent.name == "end_to_end" and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(400))


def pytest_collection_finish() -> None:
    """Let garbage collections skip what was collected, which stays: looking at it takes a quarter of a second."""
    gc.freeze()


def _shared(folder: str, what: str) -> Path:
    path = SHARED / folder
    if not path.is_dir():
        pytest.skip(f"needs {what}: put them into {path}, or name their parent folder in KIOSK_SHARED")
    return path


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Folder with Google's MobileNet v1 embedding extractors, plain and compiled for the Edge TPU."""
    return _shared("models", "Google's MobileNet v1 embedding extractors")


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    """Folder with real photographs: `sign-digits/<digit>/*.JPG` and `scenes/*.jpg`."""
    return _shared("photos", "photographs (sign-digits by class, scenes)")


@pytest.fixture(scope="session", autouse=True)
def own_data_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A data directory of the tests' own, so that `train` caches nothing in the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data-home")))
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where nothing may skip, name what did."""
    if os.environ.get("KIOSK_NO_SKIPS") and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("skipped tests count as failures here (KIOSK_NO_SKIPS)", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which a test skipped, where KIOSK_NO_SKIPS says so."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("KIOSK_NO_SKIPS") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
