"""A model of unknown origin runs in the sandbox, within limits, and is refused with a reason."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.guarded.sandbox import Limits, run_sandboxed
from app.importing.read_model import read_model
from app.model.saved_folder.facts import PLAIN_FILE
from tests.support.hostile_models import changed, has_a_giant_input, never_answers
from tests.support.untrusted_folders import PATIENT, PATIENT_WITH_MODELS, refusal

pytestmark = pytest.mark.needs_runtime

CRASHED = "it is damaged, or made to do harm: looking into it ended in a crash."
TOO_LONG = "it takes too long, so it was stopped."


def test_a_good_model_is_read_with_its_labels(folder: Path) -> None:
    model = read_model(folder, runtime="litert", limits=PATIENT_WITH_MODELS)
    model.engine.close()
    assert model.engine.model_bytes == (folder / PLAIN_FILE).read_bytes()
    assert not model.engine.trusted
    assert model.labels == ("Äpfel", "cup")
    assert 0 < model.threshold < 1


def test_a_model_that_never_answers_is_stopped(folder: Path) -> None:
    path = folder / PLAIN_FILE
    path.write_bytes(changed(path.read_bytes(), never_answers))
    by_time = replace(PATIENT_WITH_MODELS, wall_s=2.0)
    by_processor_time = replace(PATIENT_WITH_MODELS, processor_s=1.0)
    for limits in (by_time, by_processor_time):
        assert refusal(lambda limits=limits: read_model(folder, runtime="litert", limits=limits)) == TOO_LONG
    without_patience = replace(PATIENT_WITH_MODELS, answer_s=0.5)
    assert refusal(lambda: read_model(folder, runtime="litert", limits=without_patience)) == (
        "it cannot be used: it takes too long for one picture."
    )


def test_a_model_that_needs_too_much_memory_is_refused(folder: Path) -> None:
    path = folder / PLAIN_FILE
    path.write_bytes(changed(path.read_bytes(), has_a_giant_input))
    text = refusal(lambda: read_model(folder, runtime="litert", limits=PATIENT_WITH_MODELS))
    assert text == "it cannot be used: its model is damaged, or made for another machine."


def test_the_error_names_memory_if_the_sandbox_ran_out_of_it() -> None:
    """450 MB beside the interpreter and its libraries, where they may take 600 MB in all."""
    if not limits_memory():
        pytest.skip("this system does not limit the memory of a process, as under qemu")
    text = refusal(lambda: run_sandboxed("session", {}, [bytes(450 << 20)], Limits(memory_bytes=600 << 20)))
    assert text == "it takes more memory than a folder of the kiosk needs, so it was stopped."


def limits_memory() -> bool:
    takes_more = "import mmap, resource as r; r.setrlimit(r.RLIMIT_AS, (1 << 30, 1 << 30)); mmap.mmap(-1, 2 << 30)"
    return subprocess.run([sys.executable, "-c", takes_more], capture_output=True, check=False).returncode != 0


def test_a_model_that_is_not_a_classifier_is_refused(folder: Path) -> None:
    path, whole = folder / PLAIN_FILE, (folder / PLAIN_FILE).read_bytes()
    from tpu.models import default_extractor_path

    for data, reason in (
        (b"MZ this is a program", "it cannot be used: its model is damaged, or made for another machine."),
        (
            default_extractor_path().read_bytes(),
            "it cannot be used: it does not end in probabilities. Use a model that TRAIN exported.",
        ),
    ):
        path.write_bytes(data)
        assert refusal(lambda: read_model(folder, runtime="litert", limits=PATIENT_WITH_MODELS)) == reason
    taught = json.loads((folder / "metadata.json").read_bytes())
    (folder / "metadata.json").write_text(json.dumps({**taught, "labels": ["a", "b", "c", "d", "e"]}))
    path.write_bytes(whole)
    assert refusal(lambda: read_model(folder, runtime="litert", limits=PATIENT_WITH_MODELS)) == (
        "it cannot be used: its model and its list of names do not match."
    )
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(lambda: read_model(folder, runtime="litert", limits=PATIENT_WITH_MODELS)).startswith("it ")


def test_the_error_says_so_if_the_sandbox_crashed() -> None:
    assert refusal(lambda: run_sandboxed("no such task", {}, [], PATIENT)) == CRASHED
    assert refusal(lambda: run_sandboxed("session", {}, [b"x" * 100], Limits(written_bytes=1))) == CRASHED
