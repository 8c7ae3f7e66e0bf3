"""The job that removes a class with its samples."""

from __future__ import annotations

from dataclasses import replace

from app.core import events as ev
from app.core.facts import NameFrom
from app.jobs.classes import as_stored, taught_classes
from app.jobs.running import report_failure_as
from app.jobs.samples import RemovedSamples
from app.jobs.tools import Announce, Tools
from app.model.model_files import delete_trained_models


def drop_class(
    tools: Tools,
    announce: Announce,
    removed: RemovedSamples,
    class_index: int,
    labels: tuple[str, ...],
    label: str,
    names_from: tuple[NameFrom | int | None, ...] = (),
) -> None:
    """Remove a class with its samples and the model; announces ClassRemoved or ClassNotRemoved.

    Args:
        tools: The store, and the model that answers.
        announce: Receives the event.
        removed: Samples that can be brought back; those of the class are forgotten, those of the others stay.
        class_index: The class.
        labels: The labels of the classes that are left.
        label: The label of the class, for the screen.
        names_from: Where the names of the classes that are left come from; empty if that is unknown.
    """
    with report_failure_as(ev.ClassNotRemoved, announce):
        before = taught_classes(tools, tools.store.load())  # all that can fail comes before the removal
        newest_id = tools.store.newest_stored_id()
        left = (*before[:class_index], *before[class_index + 1 :])
        named = [replace(one, label=name) for one, name in zip(left, labels, strict=True)]
        with tools.without_model_change():
            tools.store.drop_class(class_index, labels, as_stored(names_from))
            removed.forget_class(class_index, newest_id)
            tools.vision.go_live(None)
            tools.vision.num_classes = len(labels)
            delete_trained_models(tools.config)
        classes = (removed.of_class(index, one) for index, one in enumerate(named))
        announce(ev.ClassRemoved(label, tuple(classes)))
