"""What `import learning` offers, and what it does not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import learning
from learning.fit import fit_head
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head

pytestmark = pytest.mark.needs_runtime

REPOSITORY = Path(__file__).resolve().parents[2]


def loaded_after(code: str) -> set[str]:
    """Modules that a fresh interpreter has loaded after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_the_package_exports_three_names() -> None:
    assert sorted(learning.__all__) == ["SoftmaxRegression", "append_head", "fit_head"]
    assert learning.SoftmaxRegression is SoftmaxRegression
    assert learning.fit_head is fit_head
    assert learning.append_head is append_head
    assert set(learning.__all__) <= set(dir(learning))


def test_a_name_that_it_does_not_export_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError) as caught:
        learning.fit_heads  # type: ignore[attr-defined]  # noqa: B018
    assert str(caught.value) == "module 'learning' has no attribute 'fit_heads'"


@pytest.mark.parametrize("code", ["import learning", "import learning.errors"])
def test_importing_the_package_or_its_errors_loads_no_library(code: str) -> None:
    assert not loaded_after(code) & {"numpy", "ai_edge_litert", "flatbuffers", "threadpoolctl"}


def test_everything_it_exports_works_without_camera_and_window_libraries() -> None:
    assert not loaded_after("from learning import *") & {"cv2", "pygame", "app", "tpu"}


def test_type_checkers_find_the_package_typed() -> None:
    assert (REPOSITORY / "learning" / "py.typed").is_file()
