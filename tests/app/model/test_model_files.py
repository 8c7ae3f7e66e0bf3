"""The folder of trained models: names, reports, and which files are deleted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.errors import ModelNotWritten
from app.config.schema import Config
from app.model.model_files import (
    SHOWN,
    counterpart_path,
    delete_shown_models,
    delete_trained_models,
    delete_unfinished_files,
    models_dir,
    new_model_path,
    read_report,
    read_sound_report,
    report_path,
    write_model_file,
    write_report,
)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return replace(Config(), storage=replace(Config().storage, data_dir=str(tmp_path)))


def names(config: Config) -> set[str]:
    return {path.name for path in models_dir(config).iterdir()}


def trained(config: Config) -> Path:
    """A model with its report and its counterpart."""
    path = new_model_path(config)
    for file in (path, counterpart_path(path)):
        write_model_file(file, b"model")
    write_report(path, {"shots": 4})
    return path


def test_a_report_is_read_as_it_was_written_and_a_damaged_one_returns_none(config: Config) -> None:
    path = trained(config)
    assert read_report(path) == {"shots": 4}
    report_path(path).write_text("{")
    assert read_report(path) is None
    report_path(path).unlink()
    assert read_report(path) is None


WHOLE = {
    "labels": ["apple", "cup"],
    "confusion": [[2, 0], [1, 1]],
    "curve": [{"shots": 1.0, "loss": 0.5, "validation_accuracy": 0.75}],
    "wrong": [{"sample": 3, "truth": 1, "answer": 0, "confidence": 0.6}],
}
ANSWER = WHOLE["wrong"][0]
DAMAGES = [
    {"labels": ["apple"]},
    {"confusion": None},
    {"holds": None},
    {"holds": 2},
    {"holds": [2, "1"]},
    {"confusion": "x"},
    {"confusion": [[2, 0], [1]]},
    {"confusion": [[2, 0], [1, -1]]},
    {"confusion": [[2, 0], [1, True]]},
    {"wrong": None},
    {"wrong": [5]},
    {"wrong": [{**ANSWER, "truth": 2}]},
    {"wrong": [{**ANSWER, "sample": "3"}]},
    {"wrong": [{**ANSWER, "confidence": None}]},
    {"held_out": [{**ANSWER, "answer": -1}]},
    {"curve": {}},
    {"curve": [{"shots": 1}]},
    {"curve": [{"shots": 1, "validation_accuracy": float("nan")}]},
]


@pytest.mark.parametrize("damage", DAMAGES, ids=str)
def test_a_damaged_report_is_not_shown_and_the_model_answers_without_it(
    config: Config, damage: dict[str, object]
) -> None:
    path = trained(config)
    write_report(path, WHOLE)
    assert read_sound_report(path) == WHOLE
    write_report(path, {**WHOLE, **damage})
    assert read_sound_report(path) is None


@pytest.mark.parametrize("text", ["[]", "null", "5", "[" * 100_000])
def test_a_file_that_is_no_report_is_none(config: Config, text: str) -> None:
    path = trained(config)
    report_path(path).write_text(text)
    assert read_report(path) is None


def test_deleting_trained_models_keeps_those_from_drives(config: Config) -> None:
    trained(config)
    shown = new_model_path(config, SHOWN)
    write_model_file(shown, b"model")
    delete_trained_models(config)
    assert names(config) == {shown.name}
    delete_shown_models(config)
    assert names(config) == set()


def test_files_that_a_power_cut_left_are_deleted(config: Config) -> None:
    path = trained(config)
    path.with_name(f"{path.name}.partial").touch()
    delete_unfinished_files(config)
    assert names(config) == {path.name, report_path(path).name, counterpart_path(path).name}


def test_a_model_that_cannot_be_written_is_reported_with_the_next_step(config: Config) -> None:
    models_dir(config).touch()  # a file where the folder should be
    with pytest.raises(ModelNotWritten) as caught:
        write_model_file(new_model_path(config), b"model")
    assert str(caught.value) == (
        f"the model could not be written to {models_dir(config)}: File exists. Make room there and press TRAIN again."
    )
