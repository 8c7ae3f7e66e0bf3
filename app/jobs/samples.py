"""Jobs on the samples of the current session: store, remove, restore, fetch pictures, and embed again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from app.base.i18n import message
from app.base.picture import Picture
from app.base.ports import Frame
from app.base.workers import StopSignal
from app.core import events as ev
from app.core.facts import still_restorable
from app.core.state import THUMBNAILS
from app.jobs.classes import class_variety
from app.jobs.running import JobQueue, report_failure_as
from app.jobs.tools import Announce, Tools
from app.model.background import is_on_background
from app.session.embeddings import backend_agreement
from app.session.pictures import THUMBNAIL_PX, decode_picture, small_picture, thumbnail
from app.session.session import Sample
from tpu.tensors import centre_crop

GALLERY_PX = 192  # edge of a picture in a gallery
SLICE_S = 0.05  # samples are embedded again for this long at a time, so that a press does not wait longer


def store_sample(
    tools: Tools,
    announce: Announce,
    class_index: int,
    hold: int,
    frame: Frame,
    embedding: NDArray[np.float32] | None,
    device: str,
) -> None:
    """Store a frame as a sample.

    Args:
        tools: The store, and the extractor if there is no embedding yet.
        announce: Receives SampleAdded, or SampleRefused.
        class_index: The class that the sample belongs to.
        hold: The hold in which it was taken.
        frame: Its centre square is stored.
        embedding: float32 (D,); None to compute it here.
        device: Where `embedding` was computed: "cpu", "usb:N" or "pci:N".
    """
    with report_failure_as(lambda reason: ev.SampleRefused(class_index, reason), announce):
        square = centre_crop(frame.image, tools.vision.crop_share)
        if embedding is None:
            embedding, device = tools.extractor.embedded(square)
        sample = tools.store.add(class_index, embedding, square, device, hold=hold)
        picture = Picture(("sample", sample.sample_id), thumbnail(square))
        announce(ev.SampleAdded(class_index, sample.sample_id, picture, class_variety(tools, class_index)))


class RemovedSamples:
    """Samples that a visitor removed, in memory, so that the gallery can bring them back.

    They belong to the current session: jobs that end or replace the session call `clear`. Samples that were removed
    together come back together. `TaughtClass.removed` in the state lists the same samples.
    """

    def __init__(self) -> None:
        self._groups: list[tuple[Sample, ...]] = []  # each of one class; the newest removal is the last one

    def remove_last_hold(self, tools: Tools, announce: Announce) -> None:
        """Remove the newest hold, if there are samples; announces SamplesRemoved or UndoFailed."""
        self._remove(tools, announce, tools.store.remove_last_hold)

    def remove_hold(self, tools: Tools, announce: Announce, hold: int) -> None:
        """Remove what is stored of a hold, if anything is; announces SamplesRemoved or UndoFailed."""
        self._remove(tools, announce, partial(tools.store.remove_hold, hold))

    def remove_class(self, tools: Tools, announce: Announce, class_index: int) -> None:
        """Remove all samples of a class, if it has any; announces SamplesRemoved or UndoFailed."""
        self._remove(tools, announce, partial(tools.store.remove_class, class_index))

    def remove(self, tools: Tools, announce: Announce, sample_id: int) -> None:
        """Remove a sample, if it exists; announces SamplesRemoved or UndoFailed."""
        self._remove(tools, announce, partial(tools.store.remove, sample_id))

    def restore_last(self, tools: Tools, announce: Announce, class_index: int | None = None) -> None:
        """Restore what was removed last, of a class or of any; announces SamplesRestored or UndoFailed."""
        with report_failure_as(ev.UndoFailed, announce):
            group = next((one for one in reversed(self._groups) if class_index in (None, one[0].class_index)), None)
            if group is None:  # the mode that asked waits for an answer
                announce(ev.UndoFailed(message("There is nothing to undo yet.")))
                return
            tools.store.restore(group)
            self._groups.remove(group)
            announce(
                ev.SamplesRestored(
                    group[0].class_index,
                    tuple(one.sample_id for one in group),
                    tuple(
                        Picture(("sample", one.sample_id), small_picture(one.picture, THUMBNAIL_PX))
                        for one in group[-THUMBNAILS:]
                        if one.picture
                    ),
                    class_variety(tools, group[0].class_index),
                )
            )

    def forget(self, _tools: Tools, _announce: Announce, first_class: int) -> None:
        """Forget the removed samples of this class and of those after it."""
        self._groups = [one for one in self._groups if one[0].class_index < first_class]

    def forget_class(self, class_index: int) -> None:
        """Forget the removed samples of a class that is gone; the classes after it move up by one."""
        others = [group for group in self._groups if group[0].class_index != class_index]
        self._groups = [
            tuple(replace(one, class_index=one.class_index - (one.class_index > class_index)) for one in group)
            for group in others
        ]

    def sample_ids(self, class_index: int) -> tuple[tuple[int, ...], ...]:
        """Return the ids of the samples of a class that can be brought back, as in `TaughtClass.removed`."""
        return tuple(
            tuple(one.sample_id for one in group) for group in self._groups if group[0].class_index == class_index
        )

    def clear(self) -> None:
        """Forget the removed samples: another session begins."""
        self._groups.clear()

    def _remove(self, tools: Tools, announce: Announce, take: Callable[[], tuple[Sample, ...]]) -> None:
        with report_failure_as(ev.UndoFailed, announce):
            group = take()
            if not group:
                return
            class_index = group[0].class_index
            of_class = tuple(one for one in (*self._groups, group) if one[0].class_index == class_index)
            kept = still_restorable(of_class)
            forgotten = of_class[: len(of_class) - len(kept)]
            self._groups = [one for one in (*self._groups, group) if one not in forgotten]
            sample_ids = tuple(one.sample_id for one in group)
            announce(ev.SamplesRemoved(class_index, sample_ids, class_variety(tools, class_index)))


def load_gallery(tools: Tools, announce: Announce, class_index: int, page: int, size: int) -> None:
    """Fetch the pictures of one page of a class, newest first; announces GalleryLoaded or UndoFailed."""
    with report_failure_as(ev.UndoFailed, announce):
        sample_ids = tools.store.newest(class_index, size, page * size)
        announce(ev.GalleryLoaded(_pictures(tools, "gallery", sample_ids), (class_index, page)))


def load_pictures(
    tools: Tools, announce: Announce, sample_ids: tuple[int, ...], answers: Mapping[int, tuple[int, int]]
) -> None:
    """Fetch pictures for the results page; announces PicturesLoaded or UndoFailed.

    Args:
        tools: The store, and the model that explains the answers.
        announce: Receives the event.
        sample_ids: The samples.
        answers: The answer and the truth for each of them, as rows of the model.
    """
    with report_failure_as(ev.UndoFailed, announce):
        found = tools.store.pictures(sample_ids)
        known = [one for one in sample_ids if one in found and one in answers]
        squares = [decode_picture(found[one]) for one in known]
        explained = tools.vision.explanations(
            [(square, *answers[one]) for one, square in zip(known, squares, strict=True)]
        )
        seen = list(zip(known, squares, explained, strict=False))
        announce(
            ev.PicturesLoaded(
                _pictures(tools, "results", sample_ids),
                tuple((one, why) for one, _, why in seen),
                tuple(one for one, square, why in seen if is_on_background(square, why)),
            )
        )


def check_samples(tools: Tools, announce: Announce, session_jobs: JobQueue, stop: StopSignal) -> None:
    """Make sure that all samples were embedded by the extractor in use.

    If some were not, embed them again for SLICE_S and queue another slice behind the presses that came meanwhile.
    If all were, but on another device, measure how far the embeddings of both devices agree.
    """
    with report_failure_as(ev.VisionFailed, announce):
        if not tools.store.stale_samples:
            backend_agreement(tools.store, tools.extractor)
        elif embed_again(tools, announce) and not stop.is_set():
            session_jobs.put(lambda stop: check_samples(tools, announce, session_jobs, stop))


def embed_again(tools: Tools, announce: Announce) -> int:
    """Embed samples of another extractor with the extractor in use, for SLICE_S; announces SamplesReEmbedded.

    Returns:
        How many samples are left.
    """
    end_s = time.monotonic() + SLICE_S
    left = tools.store.stale_samples
    while left:
        done = tools.store.re_embed(tools.extractor.embedded, enough=lambda: time.monotonic() >= end_s)
        left = tools.store.stale_samples
        announce(ev.SamplesReEmbedded(left, done.dropped))
        if time.monotonic() >= end_s:
            break
    return left


def _pictures(tools: Tools, page: str, sample_ids: tuple[int, ...]) -> tuple[tuple[int, Picture], ...]:
    """The stored pictures of those samples that have one, small; `page` becomes a part of their keys."""
    found = tools.store.pictures(sample_ids)
    return tuple(
        (one, Picture((page, one), small_picture(found[one], GALLERY_PX), kept=bool(found[one])))
        for one in sample_ids
        if one in found
    )
