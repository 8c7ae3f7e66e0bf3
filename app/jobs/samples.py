"""Jobs on the samples of the current session: store, remove, restore, fetch pictures, and embed again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from app.base.i18n import message
from app.base.picture import Picture
from app.base.ports import Frame
from app.base.workers import StopSignal
from app.core import events as ev
from app.core.facts import TaughtClass, still_restorable
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


@dataclass(frozen=True, eq=False)
class _Removal:
    """Samples of one class that were removed together.

    Attributes:
        samples: In the order in which they were taken.
        newest_id: The id of the newest sample that was stored just before. A hold with larger ids came later.
        by_undo: UNDO removed them.
        behind_final: An act that nothing can take back came later: the gallery alone brings them back.
    """

    samples: tuple[Sample, ...]
    newest_id: int
    by_undo: bool
    behind_final: bool = False

    @property
    def class_index(self) -> int:
        return self.samples[0].class_index

    @property
    def sample_ids(self) -> tuple[int, ...]:
        return tuple(one.sample_id for one in self.samples)


class RemovedSamples:
    """UNDO, and the samples that a visitor removed: they are kept in memory, so that they can be brought back.

    UNDO takes back the last act that changed the samples and is still in force: it removes a hold, or it brings back
    what was removed together (all of a class that was emptied, or a single picture). What UNDO itself removed is no
    such act, or the next UNDO would bring it back; it comes back in the gallery, which brings back any removal of its
    class, the last one first. UNDO stops at an act that nothing can take back, such as the removal of a class: it never
    takes back an older one in its place. What was removed before such an act comes back in the gallery alone.

    The samples belong to the current session: jobs that end or replace the session call `clear`. A restart forgets
    them, too: after it UNDO removes the last hold that is stored, also if the last act before it was a removal. Each
    removal and each return is one transaction of the store, so a power cut leaves the session as it was before or
    after. `TaughtClass.removed` in the state lists the same samples.
    """

    def __init__(self) -> None:
        self._removals: list[_Removal] = []  # the newest one last
        self._final_id = 0  # the newest sample id at the last act that nothing can take back

    def undo(self, tools: Tools, announce: Announce) -> None:
        """Take back the last act; announces SamplesRemoved, SamplesRestored or UndoFailed."""
        with report_failure_as(ev.UndoFailed, announce):
            newest_id = tools.store.newest_stored_id()
            last = next((one for one in reversed(self._removals) if not one.by_undo), None)
            if last is not None and last.newest_id >= newest_id:  # no hold came after it
                if last.behind_final:
                    announce(ev.UndoFailed(message("What was done last can no longer be undone.")))
                else:
                    self._restore(tools, announce, last)
            elif not newest_id:
                announce(ev.UndoFailed(message("There is nothing to undo yet.")))
            elif newest_id <= self._final_id:
                announce(ev.UndoFailed(message("What was done last can no longer be undone.")))
            else:
                self._remove(tools, announce, tools.store.remove_last_hold, by_undo=True)

    def undo_hold(self, tools: Tools, announce: Announce, hold: int) -> None:
        """Take back what is stored of a hold, if anything is; announces SamplesRemoved or UndoFailed."""
        with report_failure_as(ev.UndoFailed, announce):
            self._remove(tools, announce, partial(tools.store.remove_hold, hold), by_undo=True)

    def remove_class(self, tools: Tools, announce: Announce, class_index: int) -> None:
        """Remove all samples of a class, if it has any; announces SamplesRemoved or UndoFailed."""
        with report_failure_as(ev.UndoFailed, announce):
            self._remove(tools, announce, partial(tools.store.remove_class, class_index))

    def remove(self, tools: Tools, announce: Announce, sample_id: int) -> None:
        """Remove a sample, if it exists; announces SamplesRemoved or UndoFailed."""
        with report_failure_as(ev.UndoFailed, announce):
            self._remove(tools, announce, partial(tools.store.remove, sample_id))

    def restore_last(self, tools: Tools, announce: Announce, class_index: int | None = None) -> None:
        """Restore what was removed last, of a class or of any; announces SamplesRestored or UndoFailed."""
        with report_failure_as(ev.UndoFailed, announce):
            last = next((one for one in reversed(self._removals) if class_index in (None, one.class_index)), None)
            if last is None:  # the mode that asked waits for an answer
                announce(ev.UndoFailed(message("There is nothing to undo yet.")))
                return
            self._restore(tools, announce, last)

    def forget(self, _tools: Tools, _announce: Announce, first_class: int) -> None:
        """Forget the removed samples of this class and of those after it."""
        self._keep([one for one in self._removals if one.class_index < first_class])

    def forget_class(self, class_index: int, newest_id: int) -> None:
        """Forget the removed samples of a class that is gone for good; the classes after it move up by one.

        UNDO does not reach behind this: the other removed samples come back in the gallery alone.

        Args:
            class_index: The class.
            newest_id: The id of the newest sample that was stored while the class was there.
        """
        self._final_id = max(self._final_id, newest_id)
        self._removals = [
            replace(one, samples=tuple(_moved_up(sample, class_index) for sample in one.samples), behind_final=True)
            for one in self._removals
            if one.class_index != class_index
        ]

    def of_class(self, class_index: int, taught: TaughtClass) -> TaughtClass:
        """Return a class as the state keeps it, with what can be brought back."""
        of_class = [one for one in self._removals if one.class_index == class_index]
        return replace(
            taught,
            removed=tuple(one.sample_ids for one in of_class),
            undone=tuple(one.sample_ids for one in of_class if one.by_undo),
        )

    def clear(self) -> None:
        """Forget the removed samples: another session begins."""
        self._removals.clear()
        self._final_id = 0

    def _remove(
        self, tools: Tools, announce: Announce, take: Callable[[], tuple[Sample, ...]], *, by_undo: bool = False
    ) -> None:
        newest_id = tools.store.newest_stored_id()
        samples = take()
        if not samples:
            return
        removal = _Removal(samples, newest_id, by_undo)
        self._removals.append(removal)
        of_class = tuple(one for one in self._removals if one.class_index == removal.class_index)
        forgotten = len(of_class) - len(still_restorable(tuple(one.sample_ids for one in of_class)))
        self._keep([one for one in self._removals if one not in of_class[:forgotten]])
        variety = class_variety(tools, removal.class_index)
        announce(ev.SamplesRemoved(removal.class_index, removal.sample_ids, variety, by_undo))

    def _restore(self, tools: Tools, announce: Announce, removal: _Removal) -> None:
        tools.store.restore(removal.samples)
        self._removals.remove(removal)
        pictures = tuple(
            Picture(("sample", one.sample_id), small_picture(one.picture, THUMBNAIL_PX))
            for one in removal.samples[-THUMBNAILS:]
            if one.picture
        )
        variety = class_variety(tools, removal.class_index)
        announce(ev.SamplesRestored(removal.class_index, removal.sample_ids, pictures, variety))

    def _keep(self, kept: list[_Removal]) -> None:
        """Forget the other removals: UNDO does not reach behind one of them that it would have taken back."""
        forgotten = [index for index, one in enumerate(self._removals) if one not in kept and not one.by_undo]
        self._final_id = max(self._final_id, *(self._removals[index].newest_id for index in forgotten), 0)
        final = max(forgotten, default=0)
        self._removals = [
            replace(one, behind_final=one.behind_final or index < final)
            for index, one in enumerate(self._removals)
            if one in kept
        ]


def _moved_up(sample: Sample, class_index: int) -> Sample:
    """A sample after a class is gone: the classes after that one move up."""
    return replace(sample, class_index=sample.class_index - (sample.class_index > class_index))


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
